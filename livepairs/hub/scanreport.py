"""What a scan is asked, what it reports, and what it remembers of the bars before: values, and no thread."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from livepairs.errors import ConfigError
from livepairs.schema import INTERVALS_US

if TYPE_CHECKING:
    from livepairs.hub.finds import Finds

__all__ = ["FDR", "PASS", "PAST", "SCAN_INTERVALS", "WINDOWS", "Change", "ScanChoice", "ScanMemory", "ScanReport"]

FDR: Final = 0.05
"""The q, by Benjamini and Hochberg, below which a pair is on the list."""

PASS: Final = 0.05
"""The p below which a pair passes one window's test."""

PAST: Final = 10
"""Windows, one a bar, over which it is counted how often a pair passed."""

CHANGES_KEPT: Final = 200
SCAN_INTERVALS: Final = tuple(name for name in INTERVALS_US if INTERVALS_US[name] >= 1_000_000)
"""Bars a scan may look at."""

WINDOWS: Final = (60, 120, 240, 480, 1440)
"""Bars a scan may look back."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ScanChoice:
    """Which scan.

    Parameters
    ----------
    interval
        Length of its bars, one of ``SCAN_INTERVALS``.
    window
        Bars looked back, once there are so many; one of ``WINDOWS``.
    lags
        Lags of the test; None lets Akaike's criterion choose for each pair.

    Raises
    ------
    ConfigError
        If there is no such scan.
    """

    interval: str = "1m"
    window: int = 240
    lags: int | None = None

    def __post_init__(self) -> None:
        if self.interval not in SCAN_INTERVALS:
            raise ConfigError(f"bars of {self.interval!r} are not scanned; use one of {', '.join(SCAN_INTERVALS)}")
        if self.window not in WINDOWS:
            offered = ", ".join(map(str, WINDOWS))
            raise ConfigError(f"a window of {self.window} bars is not offered; use one of {offered}")


@dataclass(frozen=True, slots=True)
class Change:
    """A pair that came onto the list with the bar that ended then, or went off it."""

    end_us: int
    pair: str
    is_in: bool
    q: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """What there is to say after a bar; replaced, never changed, so any thread may keep one.

    Parameters
    ----------
    choice
        Which scan it is.
    end_us
        End of the last bar in the window; 0 before there is one.
    bars
        Bars there are, at most the window.
    finds
        What was found; None while there is nothing to say, and ``sentence`` says why.
    passed, past
        In how many of the last ``past`` windows each pair passed.
    changes
        Who came and went, newest first.
    since_us
        End of the first bar for which it is known who was on the list.
    took_s
        How long the scan took.
    """

    choice: ScanChoice
    end_us: int = 0
    bars: int = 0
    finds: Finds | None = None
    passed: NDArray[np.int64] | None = None
    past: int = 0
    changes: tuple[Change, ...] = ()
    since_us: int = 0
    took_s: float = 0.0
    sentence: str = ""


class ScanMemory:
    """Who was on the list and who passed, over the last windows."""

    def __init__(self, interval_us: int, restarts: int = 0) -> None:
        self.restarts = restarts
        self.end_bar = 0
        self._interval_us = interval_us
        self._since_us = 0
        self._passed: deque[Flags] = deque(maxlen=PAST)
        self._listed: dict[str, float] | None = None
        self._changes: deque[Change] = deque(maxlen=CHANGES_KEPT)

    def note(self, end_bar: int, finds: Finds, symbols: tuple[str, ...]) -> None:
        """Remember a window's finds; windows come in the order of time."""
        places = {symbol: place for place, symbol in enumerate(symbols)}
        where = np.array([places[symbol] for symbol in finds.symbols])
        flags = np.zeros((len(symbols), len(symbols)), bool)
        flags[where[finds.y], where[finds.x]] = finds.values["coint_p"] < PASS
        self._passed.append(flags)
        self._where = where
        self.end_bar = end_bar
        self._compare(end_bar * self._interval_us, finds)

    def _compare(self, end_us: int, finds: Finds) -> None:
        q = finds.values["q_bh"]
        listed = {finds.name(row): float(q[row]) for row in np.flatnonzero(q < FDR).tolist()}
        before, self._listed = self._listed, listed
        if before is None:
            self._since_us = end_us
            return
        came = [pair for pair in listed if pair not in before]
        went = [pair for pair in before if pair not in listed]
        for pair in [*went, *came]:
            self._changes.appendleft(Change(end_us, pair, pair in listed, listed.get(pair, float("nan"))))

    def report(self, choice: ScanChoice, finds: Finds, end_bar: int, bars: int, took_s: float) -> ScanReport:
        passed = None
        if self._passed:
            counts = np.sum(self._passed, axis=0)
            passed = counts[self._where[finds.y], self._where[finds.x]] if end_bar == self.end_bar else None
        return ScanReport(
            choice=choice, end_us=end_bar * self._interval_us, bars=bars, finds=finds, passed=passed,
            past=len(self._passed) if passed is not None else 0, changes=tuple(self._changes),
            since_us=self._since_us, took_s=took_s,
        )  # fmt: skip
