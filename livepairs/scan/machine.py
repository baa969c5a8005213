"""The live scan: bars in as they close, the whole table of pairs out, with what entered and left the list.

It keeps the closes of one window. Where the AIC chooses the lags it runs the offline scan on them, the same jobs
through the same kernel: its rows are those of ``engine.scan_universe`` on the same window, bit for bit. At a fixed lag
the sums of products slide with the window (``sliding.py``): the rows are the same to 1e-8, and depend on the bars in
the window alone, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.columns import floats_of, ints_of
from livepairs.errors import ConfigError
from livepairs.scan.engine import Runner, find_pairs, in_turn
from livepairs.scan.found import Found
from livepairs.scan.params import LEAST_BARS, ScanParams
from livepairs.scan.result import SCAN, ScanResult
from livepairs.scan.sliding import MOST_LAGS, SlidingProducts
from livepairs.scan.universe import Note, Universe, clean
from livepairs.schema import BARS, Pair, check

__all__ = ["ScanMachine", "ScanUpdate"]


@dataclass(frozen=True)
class ScanUpdate:
    """What the scan says once a bar has closed.

    Parameters
    ----------
    ts_us
        Open of the window's last bar in microseconds; None before the first bar.
    source
        What has been found, or a result without rows while there is nothing.
    entered, left
        Ordered pairs whose q-value came below ``params.fdr`` since the update before, and those that no longer have it.
    is_ready
        Whether the window is full and at least two symbols in it can be scanned.
    """

    ts_us: int | None
    source: Found | ScanResult
    entered: tuple[Pair, ...] = ()
    left: tuple[Pair, ...] = ()
    is_ready: bool = False

    @cached_property
    def result(self) -> ScanResult:
        """The whole scan of the window, made when first asked for; its table is empty until the window is full."""
        return self.source.result() if isinstance(self.source, Found) else self.source

    @property
    def table(self) -> pa.Table:
        """SCAN rows, one an ordered pair."""
        return self.result.table


class ScanMachine:
    """Scans a universe at every closed bar.

    Parameters
    ----------
    symbols
        The universe.
    window
        Bars of the window.
    params
        Price, lags and false discovery rate; its own window is not used.
    interval_us
        Length of a bar in microseconds.
    runner
        Who does the work of an update; one after the other, here, if it is not said.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        window: int,
        params: ScanParams | None = None,
        *,
        interval_us: int = 60_000_000,
        runner: Runner = in_turn,
    ) -> None:
        if len(symbols) < 2 or len(set(symbols)) < len(symbols):
            raise ConfigError(f"{len(symbols)} symbols are no universe; give two or more, each once")
        if window < LEAST_BARS:
            raise ConfigError(f"window of {window} bars is too short; use {LEAST_BARS} or more")
        self.symbols = tuple(symbols)
        self.window = window
        self.params = params or ScanParams()
        self.params.most_lags(window)
        self._interval_us = interval_us
        self._runner = runner
        self._codes = {symbol: code for code, symbol in enumerate(self.symbols)}
        lags = self.params.lags
        self._sliding: SlidingProducts | None = None
        if lags is not None and lags <= MOST_LAGS:
            self._sliding = SlidingProducts(window, lags, is_log=self.params.price == "log")
        self.reset()

    def reset(self) -> None:
        """Forget everything seen."""
        # One column more than the window: the close before it fills a hole at its start.
        kept = self.window + 1
        # Twice as wide as what is kept: the closes move back to its start once in a window, not at every bar.
        self._room = np.full((len(self.symbols), 2 * kept), np.nan)
        self._begin = 0
        self._closes = self._room[:, :kept]
        self._bars = 0
        self._last: int | None = None
        self._listed = np.zeros(len(self.symbols) ** 2, np.bool_)
        if self._sliding is not None:
            self._sliding.forget()

    def update(self, bars: pa.RecordBatch) -> ScanUpdate:
        """Take in closed bars, and scan the window that ends with the last of them.

        Parameters
        ----------
        bars
            A BARS batch that splits no bar time; may be empty. Symbols that are not in the universe are passed over. A
            batch of many bar times is scanned once, at its end.
        """
        if check(bars, BARS).num_rows == 0:
            return self._nothing_yet([])
        self._take_in(bars)
        if self._bars < self.window:
            return self._nothing_yet([])
        is_log = self.params.price == "log"
        try:
            window, notes = clean(Universe(self.symbols, self._closes), self.window, is_log=is_log)
        except ConfigError as error:
            # Markets may die while we watch; the list is then empty, and says why.
            return self._nothing_yet([Note("left out", "", str(error))])
        assert self._last is not None
        work = None if self._sliding is None else self._sliding.products(window.closes, self._last + 1)
        found = find_pairs(window, notes, self._of_window(), work=work, runner=self._runner)
        return self._change(self._listing(found), found, is_ready=True)

    def _listing(self, found: Found) -> NDArray[np.bool_]:
        """Return whether each ordered pair of the universe, y times its size plus x, is on the list."""
        y, x = found.discovered(self.params.fdr)
        codes = np.array([self._codes[symbol] for symbol in found.symbols])
        listed = np.zeros_like(self._listed)
        listed[codes[y] * len(self.symbols) + codes[x]] = True
        return listed

    def _take_in(self, bars: pa.RecordBatch) -> None:
        """Move the window on and write the closes; a symbol without a bar has a hole there."""
        numbers = ints_of(bars.column("ts")) // self._interval_us
        codes = np.array([self._codes.get(name, -1) for name in bars.column("symbol").to_pylist()])
        end = int(numbers.max())
        kept = self.window + 1
        step = kept if self._last is None else end - self._last
        if step > 0:
            self._slide(min(step, kept))
            self._bars = min(self._bars + (end - int(numbers.min()) + 1 if self._last is None else step), kept)
            self._last = end
        places = numbers - (end - kept + 1)
        is_ours = (codes >= 0) & (places >= 0)
        self._closes[codes[is_ours], places[is_ours]] = floats_of(bars.column("close"))[is_ours]

    def _slide(self, step: int) -> None:
        """Drop the oldest closes; a symbol's last close stays at the edge, so that a long hole can still be filled."""
        edge = self._last_known(self._closes[:, : step + 1])
        kept = self._closes.shape[1]
        if self._begin + kept + step > self._room.shape[1]:
            self._room[:, :kept] = self._closes.copy()
            self._begin = 0
        self._begin += step
        self._closes = self._room[:, self._begin : self._begin + kept]
        self._closes[:, -step:] = np.nan
        self._closes[:, 0] = np.where(np.isnan(self._closes[:, 0]), edge, self._closes[:, 0])

    @staticmethod
    def _last_known(closes: NDArray[np.float64]) -> NDArray[np.float64]:
        place = np.maximum.accumulate(np.where(np.isnan(closes), -1, np.arange(closes.shape[1])), axis=1)[:, -1]
        return np.where(place < 0, np.nan, closes[np.arange(len(closes)), np.maximum(place, 0)])

    def _of_window(self) -> ScanParams:
        return ScanParams(self.params.price, self.window, self.params.lags, self.params.fdr)

    def _nothing_yet(self, notes: list[Note]) -> ScanUpdate:
        result = ScanResult(SCAN.empty_table(), self.symbols, min(self._bars, self.window), tuple(notes), self.params)
        return self._change(np.zeros_like(self._listed) if notes else self._listed, result, is_ready=False)

    def _change(self, listed: NDArray[np.bool_], source: Found | ScanResult, *, is_ready: bool) -> ScanUpdate:
        entered, left = self._named(listed & ~self._listed), self._named(self._listed & ~listed)
        self._listed = listed
        ts_us = None if self._last is None else self._last * self._interval_us
        return ScanUpdate(ts_us, source, entered, left, is_ready)

    def _named(self, flags: NDArray[np.bool_]) -> tuple[Pair, ...]:
        places = (divmod(place, len(self.symbols)) for place in np.flatnonzero(flags).tolist())
        return tuple(sorted(Pair(self.symbols[y], self.symbols[x]) for y, x in places))
