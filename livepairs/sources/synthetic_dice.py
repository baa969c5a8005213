"""Random numbers and the exponential, the same to the last bit on every machine and with every NumPy.

NumPy promises the raw 64-bit stream of ``PCG64`` for good, but not what ``Generator`` makes of it, and the C library's
``exp`` and ``log`` differ between machines. So everything here is made from raw bits with integer arithmetic and with
the operations IEEE 754 rounds exactly: add, multiply, divide, square root.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Dice", "Floats", "Integers", "exp"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_PIECES = np.array([0, 16, 32, 48], dtype=np.uint64)


class Dice:
    """A stream of random numbers named by integers; other names give independent streams.

    Examples
    --------
    >>> Dice(7, 0).below(6, 5).tolist() == Dice(7, 0).below(6, 5).tolist()
    True
    """

    def __init__(self, *names: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(names))

    def uniform(self, count: int) -> Floats:
        """Return numbers in [0, 1), in steps of 2**-53."""
        return (self._raw(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, limit: int, count: int) -> Integers:
        """Return integers in [0, limit), for a limit below 2**31."""
        return ((self._raw(count) >> np.uint64(32)) * np.uint64(limit) >> np.uint64(32)).astype(np.int64)

    def normal(self, count: int) -> Floats:
        """Return numbers of mean 0 and variance 1, nearly normal: the sum of eight uniform ones, so within 4.9."""
        pieces = (self._raw(2 * count)[:, None] >> _PIECES) & np.uint64(0xFFFF)
        sums = pieces.sum(axis=1, dtype=np.uint64).reshape(count, 2).sum(axis=1, dtype=np.uint64)
        # A uniform integer below 2**16 has the variance (2**32 - 1) / 12.
        normal: Floats = (sums.astype(np.float64) - 4 * 65_535) / np.sqrt(8 * (2.0**32 - 1) / 12)
        return normal

    def _raw(self, count: int) -> npt.NDArray[np.uint64]:
        raw: npt.NDArray[np.uint64] = self._bits.random_raw(count)
        return raw


def exp(exponent: Floats) -> Floats:
    """Return e to the power of each exponent, to 1e-13 relative for exponents within 5 of zero.

    Examples
    --------
    >>> exp(np.array([0.0, 1.0])).round(12).tolist()
    [1.0, 2.718281828459]
    """
    small = exponent / 256
    power = np.ones_like(small)
    for divisor in (7, 6, 5, 4, 3, 2, 1):
        power = 1 + small / divisor * power
    for _ in range(8):
        power = power * power
    return power
