"""The rows of a run in any window, also those older than its tables: computed again from its recording, page by page.

A page's rows come from the same machines as the run's own, begun early enough to have every window full, so they are
the rows the run had, or would have had, at that time. Nothing beyond the run's moment is ever given: whatever the pages
hold, the tables begin at or before that moment, and pages are only asked for what is older.

A window too wide for its bars to be told apart needs no more of a page than its outline, which is there at once where
the recording has been computed ahead. Reading takes up to some tenths of a second; it is done on a thread of the
caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from livepairs.bars.machine import BarMachine
from livepairs.hub.outlines import OUTLINES, Outline, outline_of
from livepairs.hub.pages import Cutter, Page, Shelf, closed_us, page_key, page_us
from livepairs.pairs.machine import PairMachine
from livepairs.pairs.spreadbars import NO_TICKS, Ticks, ticks_of
from livepairs.schema import MARKS, TRADES, Chunk, empty

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from livepairs.pipeline import RunParams
    from livepairs.stores.recording import Recording

__all__ = ["Lookback"]

PAGES_KEPT: Final = 96
"""A week of 1-s bars is 84 pages of about 2.5 MB each; what all runs of the process keep together."""

AT_ONCE: Final = 6
"""Pages of which outlines are made at once, at most: a row group read once may hold them all."""

TRADES_AT_ONCE: Final = 400_000
"""And of how many trades, about: what is read is shown a few times a second."""

FIRST_REACH_US: Final = 1_000_000
"""How far before a symbol's last trade one that was in time is looked for first; then ten times as far, and so on."""

_COLUMNS: Final = ("ts", "recv_ts", "symbol", "price", "qty", "buyer_is_maker")
_SHELF: Final = Shelf[Page](PAGES_KEPT)


class Lookback:
    """Older rows of one replay; any thread may ask.

    Parameters
    ----------
    recording
        What is replayed.
    healed
        Whether back-filled trades count.
    """

    def __init__(self, recording: Recording, *, healed: bool = False) -> None:
        self._recording = recording
        self.is_healed = healed

    @property
    def start_us(self) -> int:
        """Time of the first trade: there is nothing before."""
        return self._recording.start_us

    def missing(self, params: RunParams, start_us: int, end_us: int, *, now_us: int) -> int:
        """Return how many pages of a window that had closed by the run's moment are still to be read."""
        return len(self._missing(params, start_us, min(end_us, closed_us(params, now_us))))

    def read_next(self, params: RunParams, start_us: int, end_us: int, *, now_us: int) -> bool:
        """Read the newest page of a window that is missing; return whether there was one.

        Parameters
        ----------
        params
            What the run computes.
        start_us, end_us
            The window.
        now_us
            The run's moment; no bar that had not closed by then is made.
        """
        missing = self._missing(params, start_us, min(end_us, closed_us(params, now_us)))
        if missing:
            for page in self._computed(params, missing[-1], missing[-1], now_us):
                _SHELF.put(self._key(params, page.number), page)
        return bool(missing)

    def pages(self, params: RunParams, start_us: int, end_us: int, *, now_us: int) -> list[Page]:
        """Return the pages at hand that may hold rows of a window, oldest first, without what closes later than now."""
        until_us = closed_us(params, now_us)
        numbers = self._numbers(params, start_us, min(end_us, until_us))
        found = (_SHELF.get(self._key(params, number)) for number in numbers)
        return [page.until(until_us) for page in found if page is not None]

    def missing_outlines(self, params: RunParams, start_us: int, end_us: int) -> int:
        """Return of how many whole pages of a window there is no outline."""
        return len(self._unoutlined(params, start_us, end_us))

    def read_outlines(self, params: RunParams, start_us: int, end_us: int) -> bool:
        """Make outlines of the newest whole pages of a window that have none; return whether there were any.

        Parameters
        ----------
        params
            What the run computes.
        start_us, end_us
            The window; all of its bars have closed by the run's moment.
        """
        missing = self._unoutlined(params, start_us, end_us)
        if missing:
            last, first = missing[-1], missing[-1]
            while first - 1 in missing and last - first + 1 < self._at_once(params):
                first -= 1
            for page in self._computed(params, first, last, (last + 1) * page_us(params) + params.grace_us):
                outline = outline_of(page, params)
                OUTLINES.put(self._key(params, page.number), outline, outline.nbytes)
        return bool(missing)

    def outlines(self, params: RunParams, start_us: int, end_us: int) -> Iterator[tuple[int, Outline | None]]:
        """Yield where the whole pages that may hold rows of a window begin, and the outline of each; None without."""
        for number in self._whole(params, start_us, end_us):
            yield number * page_us(params), OUTLINES.get(self._key(params, number))

    def outlined_us(self, params: RunParams, from_us: int, *, now_us: int) -> int:
        """Return up to where there are outlines without a hole from a page's begin on, of what closed by a moment."""
        until_us = from_us
        for number in self._whole(params, from_us, closed_us(params, now_us)):
            if OUTLINES.get(self._key(params, number)) is None:
                break
            until_us = (number + 1) * page_us(params)
        return until_us

    def _key(self, params: RunParams, number: int) -> Hashable:
        return page_key(self._recording.digest, params, number, healed=self.is_healed)

    def _numbers(self, params: RunParams, start_us: int, end_us: int) -> range:
        return range(max(start_us, self.start_us) // page_us(params), -(-end_us // page_us(params)))

    def _whole(self, params: RunParams, start_us: int, end_us: int) -> range:
        return range(max(start_us, self.start_us) // page_us(params), end_us // page_us(params))

    def _missing(self, params: RunParams, start_us: int, end_us: int) -> list[int]:
        length, missing = page_us(params), []
        for number in self._numbers(params, start_us, end_us):
            page = _SHELF.get(self._key(params, number))
            if page is None or page.end_us < min(end_us, (number + 1) * length):
                missing.append(number)
        return missing

    def _unoutlined(self, params: RunParams, start_us: int, end_us: int) -> list[int]:
        numbers = self._whole(params, start_us, end_us)
        return [number for number in numbers if OUTLINES.get(self._key(params, number)) is None]

    def _at_once(self, params: RunParams) -> int:
        span_us = max(1, self._recording.end_us - self.start_us)
        trades = max(1, self._recording.trade_count * page_us(params) // span_us)
        return min(AT_ONCE, max(1, TRADES_AT_ONCE // trades))

    def _computed(self, params: RunParams, first: int, last: int, now_us: int) -> Iterator[Page]:
        """Yield the pages from one to another, of the last only what had closed at a moment."""
        interval_us, legs, length_us = params.interval_us, self._legs(params), page_us(params)
        end_us = min((last + 1) * length_us, closed_us(params, now_us))
        begin_us = max(self.start_us, first * length_us - (params.pair_params.warmup_bars + 1) * interval_us)
        begin_us -= begin_us % interval_us
        bars = BarMachine(legs, interval_us=interval_us, grace_us=params.grace_us)
        pairs, cutter = _pair_machine(params), Cutter(params, first * length_us)
        for symbol in legs:
            before = self._last_tick(symbol, begin_us, params)
            # Quiet bars repeat it, and the other leg's first trades are joined to it, however old it is.
            cutter.lead(symbol, before)
            if len(before.ts):
                bars.seed(symbol, begin_us - interval_us, float(before.price[0]))
        for chunk in self._chunks(legs, begin_us, end_us, params):
            closed = bars.update(chunk)
            cutter.add("bars", closed)
            cutter.add("pairs", pairs.update(closed))
            cutter.trade(chunk.trades)
        return cutter.cut(end_us, is_last=True)

    def _last_tick(self, symbol: str, before_us: int, params: RunParams) -> Ticks:
        """Return the last trade of a symbol before a time that is in a bar, which one that came late is not."""
        last, reach_us = self._recording.last_trade_before(symbol, before_us), FIRST_REACH_US
        columns = [name for name in ("ts", "recv_ts", "price", "qty") if name != "recv_ts" or not self.is_healed]
        while last is not None:
            start_us = last[0] - reach_us
            rows = self._recording.trades(symbols=[symbol], start_us=start_us, end_us=last[0] + 1, columns=columns)
            ticks = ticks_of(rows, interval_us=params.interval_us, grace_us=params.grace_us)
            if len(ticks.ts):
                return Ticks(ticks.ts[-1:], ticks.price[-1:])
            if start_us < self.start_us:
                break
            reach_us *= 10
        return NO_TICKS

    def _legs(self, params: RunParams) -> tuple[str, ...]:
        # In the source's order, which is the order of the rows of one moment.
        needed = {leg for pair in params.pairs for leg in (pair.y, pair.x)}
        return tuple(symbol for symbol in self._recording.symbols if symbol in needed)

    def _chunks(self, legs: tuple[str, ...], begin_us: int, end_us: int, params: RunParams) -> list[Chunk]:
        chunks = self._recording.chunks(
            symbols=legs, start_us=begin_us, end_us=end_us, columns=_COLUMNS, healed=self.is_healed
        )
        # The rows' own end vouches for no more than their last moment; the grace after it closes the last bar.
        return [*chunks, Chunk(empty(TRADES), empty(MARKS), end_us + params.grace_us)]


def _pair_machine(params: RunParams) -> PairMachine:
    return PairMachine(params.pairs, params.pair_params, interval_us=params.interval_us)
