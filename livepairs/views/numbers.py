"""Numbers as a trader reads them: units, sensible digits, and a dash where there is none.

Pure text; the browser gets finished strings, so every page and every theme shows the same figure the same way.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime

__all__ = [
    "NONE",
    "bars",
    "compact",
    "count",
    "day_clock",
    "decimals",
    "duration",
    "fixed",
    "p_value",
    "percent",
    "speed",
]

NONE = "–"
_MAX_DECIMALS = 8


def fixed(value: float | None, digits: int, *, signed: bool = False) -> str:
    """Return the value with a fixed number of digits and thousands separators, or a dash if it is not a number.

    Examples
    --------
    >>> fixed(2511.5, 2), fixed(-1.234, 2, signed=True), fixed(float("nan"), 2)
    ('2,511.50', '−1.23', '–')
    """
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{value:{'+' if signed else ''},.{digits}f}"
    return text.replace("-", "−")


def percent(value: float | None, *, digits: int = 2) -> str:
    """Return a signed percentage of a fraction, for example ``+0.35 %``."""
    text = fixed(None if value is None else 100 * value, digits, signed=bool(value))
    return text if text == NONE else f"{text} %"


def p_value(value: float | None) -> str:
    """Return a p-value with three decimals, or ``< 0.001``.

    Examples
    --------
    >>> p_value(0.0132), p_value(0.0002), p_value(None)
    ('0.013', '< 0.001', '–')
    """
    if value is None or not math.isfinite(value):
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def duration(seconds: float) -> str:
    """Return a length of time in its natural unit.

    Examples
    --------
    >>> duration(42), duration(150), duration(5400), duration(0.4), duration(200_000)
    ('42 s', '2.5 min', '1.5 h', '0.4 s', '2.3 d')
    """
    for limit, unit, size in ((60, "s", 1), (3600, "min", 60), (86_400, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 86_400:.2g} d"


def bars(value: float | None, interval_us: int) -> str:
    """Return a number of bars with its length in time, for example ``42 bars (42 s)``."""
    if value is None or not math.isfinite(value):
        return NONE
    shown = f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
    return f"{shown} bars ({duration(value * interval_us / 1e6)})"


def count(value: float) -> str:
    """Return a whole number with thousands separators."""
    return f"{value:,.0f}"


def compact(value: float | None) -> str:
    """Return a quantity in three digits with a magnitude letter.

    Examples
    --------
    >>> compact(12_340), compact(0.0456), compact(3_400_000), compact(999.6), compact(None)
    ('12.3k', '0.046', '3.4M', '1k', '–')
    """
    if value is None or not math.isfinite(value):
        return NONE
    if abs(value) < 1:
        return f"{value:.2g}"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def day_clock(time_us: int) -> str:
    """Return a time as ``2024-08-08 23:56:12 UTC``."""
    return f"{datetime.fromtimestamp(time_us / 1e6, UTC):%Y-%m-%d %H:%M:%S} UTC"


def speed(value: float) -> str:
    """Return a replay speed as it is written on the chip: ``60x``, ``0.5x`` or ``max``."""
    return "max" if math.isinf(value) else f"{value:g}x"


def decimals(prices: Iterable[float]) -> int:
    """Return the fewest decimals that show all these prices exactly: the tick size, seen from the data.

    Examples
    --------
    >>> decimals([61_234.5, 61_234.0]), decimals([0.00012, 0.1]), decimals([])
    (1, 5, 2)
    """
    finite = [price for price in prices if math.isfinite(price)]
    if not finite:
        return 2
    for digits in range(_MAX_DECIMALS):
        if all(math.isclose(round(price, digits), price, rel_tol=1e-12, abs_tol=0.0) for price in finite):
            return digits
    return _MAX_DECIMALS
