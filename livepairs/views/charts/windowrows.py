"""The rows of a window of a run's charts: the newest from its tables, older ones of a replay from its recording.

What the tables begin with after a jump is still warming up, so a window takes those rows from the recording too; from
there on the tables speak. Nothing is read here on the server's loop but what is at hand; ``read`` is for a thread.
"""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.bars.coarser import joined
from livepairs.hub import Run
from livepairs.hub.outlines import STRETCH_STEPS, extremes_of, outline_us
from livepairs.hub.pages import page_us
from livepairs.schema import BARS, PAIRS, Pair
from livepairs.views import columns
from livepairs.views.charts.candles import bar_columns
from livepairs.views.columns import Columns

if TYPE_CHECKING:
    from livepairs.hub.lookback import Lookback
    from livepairs.hub.outlines import Outline
    from livepairs.hub.pages import Page

__all__ = ["PRICES", "WindowRows"]

_REMEMBERED: Final = 100_000
"""Bars whose spread is kept worked out: 3 MB."""

PRICES: Final = ("open", "high", "low", "close")


class WindowRows:
    """Bars and pair rows of one run, by window; one pair's, for the spread within its bars is remembered.

    Parameters
    ----------
    run
        The run that is watched.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lookback: Lookback | None = None
        self._times: np.ndarray = np.empty(0, np.int64)
        self._spreads: np.ndarray = np.empty((4, 0))

    def forget(self) -> None:
        """Forget what was worked out of rows that are void."""
        self._times, self._spreads = self._times[:0], self._spreads[:, :0]

    @property
    def first_us(self) -> int:
        """The earliest time there are rows of."""
        back = self._back()
        return back.start_us if back is not None else _first_us(self._run.tables.bars.tail(1 << 40))

    def lacks(self, start_us: int, end_us: int, step_us: int = 0) -> int:
        """Return how many pages of a window, drawn with such bars, are still to be read from the recording."""
        back, params, now_us = self._back(), self._run.params, self._run.status.now_us
        if back is None or start_us >= end_us:
            return 0
        if not self.is_outlined(step_us):
            return back.missing(params, start_us, end_us, now_us=now_us)
        cut_us = self._cut_us(start_us, end_us)
        outlines = back.missing_outlines(params, start_us, cut_us)
        return outlines + back.missing(params, cut_us, min(end_us, self.kept_us), now_us=now_us)

    def read(self, start_us: int, end_us: int, step_us: int = 0) -> bool:
        """Read some of what a window lacks, its newest first; return whether there was anything to read."""
        back, params, now_us = self._back(), self._run.params, self._run.status.now_us
        if back is None or start_us >= end_us:
            return False
        if not self.is_outlined(step_us):
            return back.read_next(params, start_us, end_us, now_us=now_us)
        cut_us = self._cut_us(start_us, end_us)
        is_read = back.read_next(params, cut_us, min(end_us, self.kept_us), now_us=now_us)
        return is_read or back.read_outlines(params, start_us, cut_us)

    def is_outlined(self, step_us: int) -> bool:
        """Return whether a window drawn with such bars is drawn from the outlines of what is older than the tables."""
        interval_us = self._run.params.interval_us
        return step_us > interval_us and self._back() is not None and step_us % outline_us(interval_us) == 0

    def whole_us(self, step_us: int) -> int:
        """Return a length of which the ends of a window drawn with such bars are to be multiples.

        Then no bar and no stretch of a line is cut, nor an outline.
        """
        if not self.is_outlined(step_us):
            return step_us
        return lcm(page_us(self._run.params), STRETCH_STEPS * step_us)

    def candles(self, symbol: str, start_us: int, end_us: int, step_us: int) -> Columns:
        """Return what the candles of a symbol in a window are made of, as far as it is at hand; see ``bar_columns``."""
        cut_us = self._cut_us(start_us, end_us) if self.is_outlined(step_us) else start_us
        older = [outline.bars[symbol] for _, outline in self._outlines(start_us, cut_us) if outline is not None]
        return _between([*older, bar_columns(self.bars(symbol, cut_us, end_us))], start_us, end_us)

    def lines(self, pair: Pair, start_us: int, end_us: int, step_us: int) -> tuple[pa.Table, Columns]:
        """Return the PAIRS rows that lines are drawn through, and what the candles of the spread are made of.

        Where bars are longer than the run's, of each four of them the extremes stay.
        """
        cut_us = self._cut_us(start_us, end_us) if self.is_outlined(step_us) else start_us
        outlines = self._outlines(start_us, cut_us)
        newer, within = self.pairs(pair, cut_us, end_us)
        # Where a page has not been read a line is interrupted.
        older = [_nothing(pair, at_us) if outline is None else outline.lines[pair] for at_us, outline in outlines]
        rows = _table([*older, newer], PAIRS)
        rows = _within(rows, start_us, end_us)
        if step_us > self._run.params.interval_us:
            rows = rows.take(pa.array(extremes_of(rows, STRETCH_STEPS * step_us)))
        columns_of_newer = {"ts": columns.milliseconds(newer), **dict(zip(PRICES, within, strict=True))}
        spreads = [outline.spreads[pair] for _, outline in outlines if outline is not None]
        return rows, _between([*spreads, columns_of_newer], start_us, end_us)

    def _outlines(self, start_us: int, cut_us: int) -> list[tuple[int, Outline | None]]:
        back = self._back()
        return list(back.outlines(self._run.params, start_us, cut_us)) if back is not None and start_us < cut_us else []

    def _cut_us(self, start_us: int, end_us: int) -> int:
        """Return the time in a window up to which it is drawn from outlines: where the tables begin, or later."""
        back, params = self._back(), self._run.params
        if back is None:
            return start_us
        kept_us = min(end_us, self.kept_us)
        # Into what the tables hold as far as there are outlines: a hundred rows are sooner drawn than ten thousand.
        cut_us = back.outlined_us(params, kept_us - kept_us % page_us(params), now_us=self._run.status.now_us)
        return max(start_us, cut_us)

    def bars(self, symbol: str, start_us: int, end_us: int) -> pa.Table:
        """Return the closed bars of a symbol that open in a window, as far as they are at hand; BARS rows."""
        kept, kept_us = _within(self._run.tables.bars.tail(1 << 40), start_us, end_us), self.kept_us
        older = [
            columns.of(_within(page.bars, start_us, min(end_us, kept_us)), "symbol", symbol)
            for page in self._pages(start_us, min(end_us, kept_us))
        ]
        newer = columns.of(_within(kept, max(start_us, kept_us), end_us), "symbol", symbol)
        return _table([*older, newer], BARS)

    def pairs(self, pair: Pair, start_us: int, end_us: int, *, are_kept: bool = False) -> tuple[pa.Table, np.ndarray]:
        """Return PAIRS rows of a window, and open, high, low and close of the spread of each, ``(4, n)``.

        Parameters
        ----------
        pair, start_us, end_us
            Which.
        are_kept
            Take the rows from the tables alone, also those that are still warming up.
        """
        run, kept_us = self._run, start_us if are_kept else self.kept_us
        parts, spreads = [], []
        newer = _within(run.tables.pairs.tail(1 << 40), max(start_us, kept_us), end_us)
        newer = columns.of(newer, "pair", str(pair))
        within = self._within(pair, newer)
        for page in self._pages(start_us, end_us):
            mine = columns.of(page.pairs, "pair", str(pair))
            rows, first = _cut(mine, start_us, min(end_us, kept_us))
            parts.append(rows)
            spreads.append(page.spreads[pair][:, first : first + rows.num_rows])
            _fill(within, newer, page.spreads[pair], mine)
        self._remember(newer, within)
        return _table([*parts, newer], PAIRS), np.concatenate([*spreads, within], axis=1)

    def _within(self, pair: Pair, rows: pa.Table) -> np.ndarray:
        """Return the spread's open, high, low and close of the tables' rows; worked out once for each."""
        times = rows["ts"].cast(pa.int64()).to_numpy()
        found = np.full((4, len(times)), np.nan)
        places = np.searchsorted(self._times, times)
        is_known = places < len(self._times)
        is_known[is_known] = self._times[places[is_known]] == times[is_known]
        found[:, is_known] = self._spreads[:, places[is_known]]
        unknown = np.flatnonzero(~is_known)
        if len(unknown):
            first, last = int(unknown[0]), int(unknown[-1]) + 1
            fresh = self._run.tape.spreads(pair, rows.slice(first, last - first), self._run.params)
            found[:, first:last] = np.where(np.isfinite(found[:, first:last]), found[:, first:last], fresh)
        return found

    def _remember(self, rows: pa.Table, spreads: np.ndarray) -> None:
        times = np.concatenate([self._times, rows["ts"].cast(pa.int64()).to_numpy()])
        # Of a bar that is there twice the newer stays: its page may have been read since.
        _, last = np.unique(times[::-1], return_index=True)
        chosen = len(times) - 1 - last[-_REMEMBERED:]
        self._times, self._spreads = times[chosen], np.concatenate([self._spreads, spreads], axis=1)[:, chosen]

    @property
    def kept_us(self) -> int:
        """Return the time from which on the tables' rows are the run's own with all windows full."""
        bars = self._run.tables.bars.tail(1 << 40)
        if not bars.num_rows:
            return self._run.status.now_us
        first_us, params = _first_us(bars), self._run.params
        back = self._back()
        if back is None or first_us <= back.start_us:
            return first_us
        return first_us + params.pair_params.warmup_bars * params.interval_us

    def _pages(self, start_us: int, end_us: int) -> list[Page]:
        back = self._back()
        if back is None or start_us >= end_us:
            return []
        return back.pages(self._run.params, start_us, end_us, now_us=self._run.status.now_us)

    def _back(self) -> Lookback | None:
        if self._run.recording is None:
            return None
        if self._lookback is None or self._lookback.is_healed != self._run.is_healed:
            # Here and not above: it brings the machines, which nobody needs who only follows.
            from livepairs.hub.lookback import Lookback

            self._lookback = Lookback(self._run.recording, healed=self._run.is_healed)
        return self._lookback


def _first_us(rows: pa.Table) -> int:
    return int(rows["ts"][0].value) if rows.num_rows else 0


def _cut(rows: pa.Table, start_us: int, end_us: int) -> tuple[pa.Table, int]:
    """Return the rows of a window and the place of the first."""
    times = rows["ts"].cast(pa.int64()).to_numpy()
    first, last = np.searchsorted(times, [start_us, max(start_us, end_us)]).tolist()
    return rows.slice(first, last - first), first


def _within(rows: pa.Table, start_us: int, end_us: int) -> pa.Table:
    return _cut(rows, start_us, end_us)[0]


def _fill(spreads: np.ndarray, rows: pa.Table, known: np.ndarray, page: pa.Table) -> None:
    """Put into ``spreads`` what a page knows of rows that the tape does not reach back to."""
    if not rows.num_rows or not page.num_rows:
        return
    place = pc.index_in(rows["ts"], page["ts"].combine_chunks()).to_numpy(zero_copy_only=False)
    is_known = np.isfinite(place.astype(float)) & ~np.isfinite(spreads[3])
    spreads[:, is_known] = known[:, place[is_known].astype(np.int64)]


def _nothing(pair: Pair, at_us: int) -> pa.Table:
    """Return a PAIRS row that knows nothing."""
    row = {field.name: float("nan") for field in PAIRS if pa.types.is_floating(field.type)}
    return pa.Table.from_pylist([row | {"ts": at_us, "pair": str(pair), "is_ready": False}], schema=PAIRS)


def _between(parts: list[Columns], start_us: int, end_us: int) -> Columns:
    """Return the rows of several blocks, one after the other, that open in a window."""
    rows = joined(parts)
    first, last = np.searchsorted(rows["ts"], [start_us / 1000, max(start_us, end_us) / 1000]).tolist()
    return {name: values[first:last] for name, values in rows.items()}


def _table(parts: list[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([part.cast(schema) for part in parts]) if parts else schema.empty_table()
