"""Binance's times: milliseconds or microseconds, told apart by their size, and which of them are sane."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["EARLIEST_US", "LATEST_US", "MICROSECONDS_FROM", "in_microseconds", "microseconds"]

EARLIEST_US: Final = 1_230_768_000_000_000
"""2009-01-01, the year of the first coin: an earlier time is a mistaken unit."""
LATEST_US: Final = 4_102_444_800_000_000
"""2100-01-01: a later time is a mistaken unit."""
MICROSECONDS_FROM: Final = 10**14
"""A smaller number is milliseconds (of 5138 and before), a larger one microseconds (of 1973 and after)."""


def microseconds(times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return times in microseconds, each being milliseconds or microseconds by its size."""
    return np.where(times < MICROSECONDS_FROM, times * 1000, times)


def in_microseconds(time: int) -> int:
    """Return one time in microseconds, it being milliseconds or microseconds by its size.

    Examples
    --------
    >>> in_microseconds(1791382992338), in_microseconds(1791382992338123)
    (1791382992338000, 1791382992338123)
    """
    return time * 1000 if time < MICROSECONDS_FROM else time
