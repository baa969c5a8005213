"""The scans of a run: every pair of its source, again after each bar, for as long as somebody looks.

A scan runs on a thread of its own, beside the run's and the server's; its kernels let go of the interpreter. Whoever
asks for the same window of the same bars shares one. With its last viewer it ends, and nothing of it is left.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from livepairs.errors import ConfigError, LivepairsError
from livepairs.hub.scanreport import PAST, ScanChoice, ScanMemory, ScanReport
from livepairs.scan.params import LEAST_BARS, ScanParams
from livepairs.schema import interval_us

if TYPE_CHECKING:
    from livepairs.hub.closes import Closes
    from livepairs.hub.finds import Finds
    from livepairs.scan.sliding import SlidingProducts

__all__ = ["Scans", "Watch"]

_LOG = logging.getLogger(__name__)

MOST_SCANS: Final = 4
"""Different scans of one run at a time."""

PREPARING: Final = (
    "Preparing the scan. The first one on a machine waits until its machine code has been made, up to a minute or two; "
    "it is kept on disk."
)

TELL_S: Final = 2.0
"""How often a scan that waits for its machine code says that it does."""


class Scans:
    """All scans of one run. Thread-safe.

    Parameters
    ----------
    symbols
        Every symbol of the source, the rows of ``open_closes``.
    price
        The scale prices are regressed on.
    now_us
        Says how far the run is; 0 while it is between two moments.
    open_closes
        Makes what a scan reads, given the length and the number of its bars.
    announce
        Called, on the scan's thread, when there is something new to say.
    """

    def __init__(
        self,
        symbols: tuple[str, ...],
        price: str,
        now_us: Callable[[], int],
        open_closes: Callable[[int, int], Closes],
        announce: Callable[[], None],
    ) -> None:
        self.symbols = symbols
        self.price = price
        self.now_us = now_us
        self.open_closes = open_closes
        self.announce = announce
        self._lock = threading.Lock()
        self._scans: dict[ScanChoice, _Scan] = {}

    def watch(self, choice: ScanChoice) -> Watch:
        """Look at a scan until the returned watch is closed; the first to look at it begins it.

        Raises
        ------
        ConfigError
            If too many different ones are being looked at.
        """
        with self._lock:
            scan = self._scans.get(choice)
            if scan is None:
                if len(self._scans) >= MOST_SCANS:
                    raise ConfigError(
                        f"{MOST_SCANS} different scans of this run are being watched, as many as may be; "
                        "choose what somebody else looks at, or close another page"
                    )
                scan = self._scans[choice] = _Scan(self, choice)
                scan.start()
            scan.viewers += 1
        return Watch(self, scan)

    def wake(self) -> None:
        """Say that the run has gone on; cheap, from any thread."""
        for scan in tuple(self._scans.values()):
            scan.wake()

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            scans = tuple(self._scans.values())
            self._scans.clear()
        for scan in scans:
            scan.close()

    @property
    def count(self) -> int:
        """How many are going on."""
        return len(self._scans)

    def leave(self, scan: _Scan) -> None:
        """Count a viewer less; with the last one the scan ends."""
        with self._lock:
            scan.viewers -= 1
            if scan.viewers > 0:
                return
            if self._scans.get(scan.choice) is scan:
                del self._scans[scan.choice]
        scan.close()


class Watch:
    """One viewer's hold on a scan."""

    def __init__(self, scans: Scans, scan: _Scan) -> None:
        self._scans = scans
        self._scan: _Scan | None = scan
        self._last = scan.report

    @property
    def report(self) -> ScanReport:
        """What there is to say now."""
        if self._scan is not None:
            self._last = self._scan.report
        return self._last

    def close(self) -> None:
        """Look away; more than once if need be."""
        scan, self._scan = self._scan, None
        if scan is not None:
            self._scans.leave(scan)


class _Scan:
    """One scan at work."""

    def __init__(self, owner: Scans, choice: ScanChoice) -> None:
        self.choice = choice
        self.viewers = 0
        self.report = ScanReport(choice=choice, sentence=PREPARING)
        self._owner = owner
        self._params = ScanParams(price=owner.price, lags=choice.lags)
        self._interval_us = interval_us(choice.interval)
        self._woken = threading.Event()
        self._is_over = False
        self._sliding: SlidingProducts | None = None
        self._memory = ScanMemory(self._interval_us)
        self._thread = threading.Thread(target=self._work, name=f"livepairs-scan-{choice.interval}", daemon=True)

    def start(self) -> None:
        self._woken.set()
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        self._is_over = True
        self._woken.set()

    def _goes_on(self) -> bool:
        return not self._is_over

    def _say(self, report: ScanReport) -> None:
        self.report = report
        self._owner.announce()

    def _work(self) -> None:
        # Here and not above: a server without a scanner page has no use for the scan's kernels.
        from livepairs.hub.finds import Forsaken

        try:
            self._compile()
            self._scan_on()
        except Forsaken:
            pass
        except Exception as error:  # noqa: BLE001 - a border: a scan that fails never takes the run along
            _LOG.exception("a scan of %s bars failed", self.choice.interval)
            text = str(error) if isinstance(error, LivepairsError) else f"an internal error ({type(error).__name__})"
            sentence = f"The scan stopped: {text}. Reload the page to try again."
            self._say(ScanReport(choice=self.choice, sentence=sentence))

    def _compile(self) -> None:
        """Wait until the kernels run compiled, and say for how long by now; a scan that is left waits no more."""
        from livepairs.hub.kernels import compile_scan

        begun_s = perf_counter()
        aside = threading.Thread(target=compile_scan, name=f"{self._thread.name}-kernels", daemon=True)
        aside.start()
        while self._goes_on():
            aside.join(TELL_S)
            if not aside.is_alive():
                return
            sentence = f"{PREPARING} It has taken {perf_counter() - begun_s:.0f} s so far."
            self._say(ScanReport(choice=self.choice, sentence=sentence))

    def _scan_on(self) -> None:
        from livepairs.scan.sliding import MOST_LAGS, SlidingProducts

        lags = self.choice.lags
        if lags is not None and lags <= MOST_LAGS:
            self._sliding = SlidingProducts(self.choice.window, lags, is_log=self._params.price == "log")
        self._say(ScanReport(choice=self.choice, sentence="Reading the closes of every symbol."))
        closes = self._owner.open_closes(self._interval_us, self.choice.window + PAST)
        try:
            with ThreadPoolExecutor(os.cpu_count(), f"{self._thread.name}-jobs") as workers:
                while self._goes_on():
                    self._woken.wait()
                    self._woken.clear()
                    self._look(closes, workers)
        finally:
            closes.close()

    def _look(self, closes: Closes, workers: Executor) -> None:
        now_us = self._owner.now_us()
        if now_us <= 0:
            return
        while self._goes_on() and not closes.upto(now_us):
            pass
        first_bar, matrix = closes.closed()
        end_bar = first_bar + matrix.shape[1]
        if self._memory.restarts != closes.restarts:
            self._memory = ScanMemory(self._interval_us, closes.restarts)
        if end_bar == self._memory.end_bar or not self._goes_on():
            return
        least = max(LEAST_BARS, 2 * (self.choice.lags or 0) + 6)
        if matrix.shape[1] < least:
            self._memory.end_bar = end_bar
            self._say(self._too_short(matrix.shape[1], least))
            return
        # The newest first, so that there is something to see; then those it has not seen, to know who came and went.
        missed = range(max(end_bar - PAST + 1, self._memory.end_bar + 1, first_bar + least), end_bar)
        begun_s = perf_counter()
        newest = self._scan(matrix, end_bar, workers)
        took_s = perf_counter() - begun_s
        bars = min(matrix.shape[1], self.choice.window)
        if isinstance(newest, str):
            self._memory.end_bar = end_bar
            self._say(ScanReport(choice=self.choice, end_us=end_bar * self._interval_us, bars=bars, sentence=newest))
            return
        if len(missed) > 1:
            self._say(self._memory.report(self.choice, newest, end_bar, bars, took_s))
        for bar in missed:
            # A replay may be quicker than the scan: then what it has passed is let go, and the next bar is the news.
            if self._owner.now_us() >= (end_bar + 2) * self._interval_us:
                break
            finds = self._scan(matrix[:, : bar - first_bar], bar, workers)
            if not isinstance(finds, str):
                self._memory.note(bar, finds, self._owner.symbols)
        self._memory.note(end_bar, newest, self._owner.symbols)
        self._say(self._memory.report(self.choice, newest, end_bar, bars, took_s))

    def _scan(self, closes: NDArray[np.float64], end_bar: int, workers: Executor) -> Finds | str:
        """Return what is found in the window that ends there, or why there is nothing to find."""
        from livepairs.hub.finds import find_pairs
        from livepairs.scan.universe import Universe

        universe = Universe(self._owner.symbols, np.ascontiguousarray(closes[:, -self.choice.window :]))
        try:
            return find_pairs(universe, self._params, workers, self._goes_on, sliding=self._sliding, end_bar=end_bar)
        except ConfigError as error:
            return f"There is no pair to test: {error}."

    def _too_short(self, bars: int, least: int) -> ScanReport:
        text = (
            f"{bars} of the {least} bars of {self.choice.interval} that a test needs at least have closed. "
            f"The scan begins by itself with bar {least}; or choose shorter bars."
        )
        return ScanReport(choice=self.choice, bars=bars, sentence=text)
