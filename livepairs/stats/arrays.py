"""What statistics take: series of numbers, checked where they enter."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livepairs.errors import ConfigError

__all__ = ["Floats", "ascending", "finite_series", "require", "series", "two_finite_series", "two_series"]

Floats: TypeAlias = NDArray[np.float64]


def require(name: str, value: float, least: float) -> None:
    """Raise ``ConfigError`` unless a parameter is a finite number of at least ``least``."""
    if not (np.isfinite(value) and value >= least):
        raise ConfigError(f"{name} of {value!r} is out of range; use a number of at least {least:g}")


def series(values: ArrayLike) -> Floats:
    """Return numbers as a contiguous one-dimensional array; a single number becomes an array of one."""
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim > 1:
        raise ConfigError(f"array of shape {array.shape} is not a series; hand in one dimension")
    return array.reshape(-1)


def two_series(y: ArrayLike, x: ArrayLike) -> tuple[Floats, Floats]:
    """Return both legs as series of equal length."""
    ys, xs = series(y), series(x)
    if len(ys) != len(xs):
        raise ConfigError(f"legs of {len(ys)} and {len(xs)} values do not match; hand in the same bars of both")
    return ys, xs


def finite_series(values: ArrayLike, *, least: int) -> Floats:
    """Return a series of at least ``least`` values, none of which is NaN or infinite."""
    array = series(values)
    if len(array) < least:
        raise ConfigError(f"series of {len(array)} values is too short; hand in {least} or more")
    if not np.isfinite(array).all():
        raise ConfigError(f"series has {int((~np.isfinite(array)).sum())} values that are no number; leave them out")
    return array


def two_finite_series(y: ArrayLike, x: ArrayLike, *, least: int) -> tuple[Floats, Floats]:
    """Return both legs as finite series of equal length."""
    ys, xs = two_series(y, x)
    return finite_series(ys, least=least), finite_series(xs, least=least)


def ascending(times: ArrayLike, prices: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
    """Return the times (microseconds) and prices of trades, which must be in the order of time and above zero."""
    ts, price = np.ascontiguousarray(times, dtype=np.int64), series(prices)
    if ts.shape != price.shape:
        raise ConfigError(f"{ts.size} times and {price.size} prices do not match; hand in both of each trade")
    if (np.diff(ts) < 0).any():
        raise ConfigError("trades are not in the order of time; sort them by time and trade id")
    if not (np.isfinite(price) & (price > 0.0)).all():
        raise ConfigError("a price is not a positive number; leave such trades out")
    return ts, price
