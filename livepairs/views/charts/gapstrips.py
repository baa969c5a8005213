"""Gaps on a chart: the spans in which the source cannot vouch for what it delivered, hatched over the full height."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from bokeh.models import VStrip

from livepairs.hub import Run
from livepairs.schema import Gap
from livepairs.views.columns import Columns, empty_source
from livepairs.views.palette import DOWN, MUTED

__all__ = ["GapStrips", "gap_columns"]

MOST: Final = 300
"""Gaps drawn, the newest."""


def gap_columns(gaps: Sequence[Gap], symbols: Sequence[str], now_us: int) -> Columns:
    """Return begin and end in milliseconds, and colour, of the gaps that concern these symbols and have begun."""
    mine = [gap for gap in gaps if gap.start_us <= now_us and (gap.symbol is None or gap.symbol in symbols)]
    newest = sorted(mine, key=lambda gap: gap.start_us)[-MOST:]
    return {
        "start": np.array([gap.start_us / 1000 for gap in newest]),
        "end": np.array([min(gap.end_us, now_us) / 1000 for gap in newest]),
        "color": np.array([MUTED if gap.is_healed else DOWN for gap in newest], dtype=object),
    }


class GapStrips:
    """The gaps of some symbols, for as many charts as draw them.

    Parameters
    ----------
    run
        The run that is watched.
    symbols
        Whose gaps they are.
    name
        Name of the data source.
    """

    def __init__(self, run: Run, symbols: Sequence[str], name: str) -> None:
        self._run, self._symbols = run, tuple(symbols)
        self.source = empty_source(name, ["start", "end", "color"])

    def draw_on(self, chart: Any) -> None:  # a bokeh figure
        """Hatch the gaps on a chart; filled ones grey, the others vermilion."""
        strip = VStrip(
            x0="start", x1="end", fill_color="color", fill_alpha=0.10, line_color=None,
            hatch_pattern="right_diagonal_line", hatch_color="color", hatch_alpha=0.55, hatch_scale=8, hatch_weight=1,
        )  # fmt: skip
        chart.add_glyph(self.source, strip)

    def refresh(self, until_us: int | None = None) -> None:
        """Show the gaps there are until an event time; by now, if none is given."""
        until_us = self._run.status.now_us if until_us is None else until_us
        found = gap_columns(self._run.gaps, self._symbols, until_us)
        shown = self.source.data
        if len(found["start"]) != len(shown["start"]) or any(
            list(values) != list(shown[name]) for name, values in found.items()
        ):
            self.source.data = {name: values.tolist() for name, values in found.items()}
