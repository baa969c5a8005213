"""Logarithm, exponential and normal distribution whose bits are the same on every machine.

The C library's versions (and numpy's, which pick their code by processor) differ in the last bit between machines. A
digest of results must not, so these use only operations that IEEE 754 fixes: + - * /, and scaling by powers of two.
The reductions and coefficients of ``log`` and ``exp`` are those published with fdlibm (Sun Microsystems, 1993); both
are within 1 ulp, and ``log`` within 0.52 ulp where it exceeds 4 in size.
"""

from __future__ import annotations

import math
from typing import Final

from livepairs.stats.compiled import part

__all__ = ["exp", "log", "normal_cdf"]

LN2_HIGH: Final = 6.93147180369123816490e-01
LN2_LOW: Final = 1.90821492927058770002e-10
SQRT_HALF: Final = 0.7071067811865476
INVERSE_SQRT_2PI: Final = 0.3989422804014327
ROUNDING: Final = 1e-15
"""What is smaller than this share of the numbers it was taken from is rounding: a spread that has not moved, or the
residuals of an exact fit, which tell nothing."""

TAIL: Final = 4.0
"""Beyond this many standard deviations the continued fraction converges faster than the series."""


@part
def log(x: float) -> float:
    """Return the natural logarithm of a positive finite number; NaN for anything else.

    Examples
    --------
    >>> log(1.0)
    0.0
    >>> abs(log(61740.5) - math.log(61740.5)) <= 2e-15
    True
    """
    if not 0.0 < x < math.inf:
        return math.nan
    fraction, exponent = math.frexp(x)
    if fraction < SQRT_HALF:
        fraction *= 2.0
        exponent -= 1
    f = fraction - 1.0
    k = float(exponent)
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    even = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    half_square = 0.5 * f * f
    return k * LN2_HIGH - ((half_square - (s * (half_square + (odd + even)) + k * LN2_LOW)) - f)


@part
def exp(x: float) -> float:
    """Return e to the power of ``x`` for ``-700 <= x <= 700``; 0 below that, infinity above, NaN for NaN.

    Examples
    --------
    >>> exp(0.0)
    1.0
    >>> abs(exp(-7.25) / math.exp(-7.25) - 1) < 3e-16
    True
    """
    if x != x:
        return x
    if x < -700.0:
        return 0.0
    if x > 700.0:
        return math.inf
    k = math.floor(x / (LN2_HIGH + LN2_LOW) + 0.5)
    high = x - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))
        )
    )
    return math.ldexp(1.0 - ((low - (r * c) / (2.0 - c)) - high), int(k))


@part
def normal_cdf(x: float) -> float:
    """Return the standard normal distribution function, to about 1e-11 relative in the lower tail too; NaN for NaN.

    Notes
    -----
    Within four standard deviations the series of Marsaglia (2004), ``1/2 + phi(x) (x + x^3/3 + x^5/15 + ...)``;
    beyond, Laplace's continued fraction for the tail.

    Examples
    --------
    >>> normal_cdf(0.0)
    0.5
    >>> round(normal_cdf(-1.959963984540054), 12)
    0.025
    """
    if x != x:
        return x
    if x < -TAIL:
        return _lower_tail(x)
    if x > TAIL:
        return 1.0 - _lower_tail(-x)
    term = x
    total = x
    square = x * x
    odd = 1.0
    while total + term != total:
        odd += 2.0
        term *= square / odd
        total += term
    return 0.5 + total * INVERSE_SQRT_2PI * exp(-0.5 * square)


@part
def _lower_tail(x: float) -> float:
    below = 0.0
    for depth in range(50, 0, -1):
        below = depth / (-x + below)
    return INVERSE_SQRT_2PI * exp(-0.5 * x * x) / (-x + below)
