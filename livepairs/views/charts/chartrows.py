"""Which bars a window is drawn with: exact ones where they have room, coarser ones where they have not. Pure."""

from __future__ import annotations

from typing import Final

__all__ = ["PIXELS_A_BAR", "length_name", "step_for"]

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_STEPS: Final = (
    *(size * 100_000 for size in (1, 2, 5)),
    *(size * _SECOND for size in (1, 2, 5, 10, 15, 30)),
    *(size * _MINUTE for size in (1, 2, 5, 10, 15, 30)),
    *(size * _HOUR for size in (1, 2, 4, 6, 12, 24)),
)
PIXELS_A_BAR: Final = 1.25
"""Bars closer than this cannot be told apart."""


def step_for(span_us: float, interval_us: int, pixels: float) -> int:
    """Return the length of the bars to draw a window with: the shortest that has room, in microseconds.

    Examples
    --------
    >>> step_for(300e6, 1_000_000, 900), step_for(86_400e6, 1_000_000, 900), step_for(86_400e6, 60_000_000, 2000)
    (1000000, 120000000, 60000000)
    """
    steps = [interval_us, *(step for step in _STEPS if step > interval_us and step % interval_us == 0)]
    return next((step for step in steps if span_us * PIXELS_A_BAR <= pixels * step), steps[-1])


def length_name(step_us: int) -> str:
    """Return what bars of a length are called.

    Examples
    --------
    >>> length_name(1_000_000), length_name(7_200_000_000), length_name(100_000)
    ('1 s', '2 h', '0.1 s')
    """
    for unit, size in (("d", 24 * _HOUR), ("h", _HOUR), ("min", _MINUTE)):
        if step_us >= size and step_us % size == 0:
            return f"{step_us // size} {unit}"
    return f"{step_us / _SECOND:g} s"
