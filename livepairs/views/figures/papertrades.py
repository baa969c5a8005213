"""Paper trading as it is drawn on the z chart: the time a position was held shaded, its entries and exits marked."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from bokeh.models import ColumnDataSource, Scatter, VStrip
from bokeh.plotting import figure

from livepairs.hub.paper import Account
from livepairs.views import columns
from livepairs.views.letter import replace
from livepairs.views.palette import ACCENT, DOWN, UP

__all__ = ["PaperTrades"]

_HELD: Final = ["start", "end", "color"]
_MARKS: Final = ["ts", "z", "marker", "color"]


class PaperTrades:
    """What an account did, placed on the z-scores that are drawn.

    Parameters
    ----------
    zscore
        The rows of the chart, with ``ts`` in milliseconds and ``z``.
    interval_ms
        Length of a bar.
    """

    def __init__(self, zscore: ColumnDataSource, *, interval_ms: float) -> None:
        self._zscore = zscore
        self._interval_ms = interval_ms
        self._shown: tuple[object, ...] = ()
        self.held = columns.empty_source("paper-held", _HELD)
        self.open = columns.empty_source("paper-open", _HELD)
        self.entries = columns.empty_source("paper-entries", _MARKS)
        self.exits = columns.empty_source("paper-exits", _MARKS)

    def draw_on(self, chart: figure) -> None:
        """Add the glyphs to the z chart; none of them moves its axes."""
        for source in (self.held, self.open):
            strip = VStrip(x0="start", x1="end", fill_color="color", fill_alpha=0.13, line_color=None)
            chart.add_glyph(source, strip, level="underlay")
        for source, fill in ((self.entries, "color"), (self.exits, None)):
            mark = Scatter(x="ts", y="z", marker="marker", size=9, fill_color=fill, line_color="color", line_width=1.5)
            chart.add_glyph(source, mark)

    def show(self, account: Account | None, *, is_anew: bool = False) -> None:
        """Bring the marks up to date; what has not changed is not sent again, unless the chart's rows are others."""
        if account is None:
            return
        self._show_open(account)
        entry_us = account.position.entry_us if account.position else None
        shown = (account.since_us, account.trade_count, entry_us, len(self._zscore.data["ts"]) > 0)
        if is_anew or shown != self._shown:
            self._shown = shown
            self._show_closed(account)

    def _show_open(self, account: Account) -> None:
        held: dict[str, list[Any]] = {name: [] for name in _HELD}
        if account.position is not None and account.until_us is not None:
            color = UP if account.position.side > 0 else DOWN
            end = account.until_us / 1000 + self._interval_ms
            held = {"start": [account.position.entry_us / 1000], "end": [end], "color": [color]}
        if held != self.open.data:
            replace(self.open, held)

    def _show_closed(self, account: Account) -> None:
        trades = account.trades
        entered, left = columns.milliseconds(trades, "entry_ts"), columns.milliseconds(trades, "exit_ts")
        colors = [UP if side == "long" else DOWN for side in trades["side"].to_pylist()]
        self.held.data = {"start": entered, "end": left, "color": colors}
        self.exits.data = self._marks(left, ["circle"] * len(colors), [ACCENT] * len(colors))
        if account.position is not None:
            entered = np.append(entered, account.position.entry_us / 1000)
            colors = [*colors, UP if account.position.side > 0 else DOWN]
        shapes = ["triangle" if color == UP else "inverted_triangle" for color in colors]
        self.entries.data = self._marks(entered, shapes, colors)

    def _marks(self, moments: np.ndarray, shapes: list[str], colors: list[str]) -> dict[str, Any]:
        """Return marks at the z of their moments; those before the first row drawn are left out."""
        ts, z = (np.asarray(self._zscore.data[name], np.float64) for name in ("ts", "z"))
        rows = np.searchsorted(ts, moments)
        # Where rows are thinned, the next one that is drawn stands for a moment's own.
        is_drawn = (rows < len(ts)) & (moments >= ts[0] if len(ts) else False)
        chosen = np.flatnonzero(is_drawn).tolist()
        return {
            "ts": moments[chosen],
            "z": z[rows[chosen]],
            "marker": [shapes[place] for place in chosen],
            "color": [colors[place] for place in chosen],
        }
