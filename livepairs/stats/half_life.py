"""Half-life of mean reversion: how many bars a deviation takes to halve.

The formula alone, for kernels; ``rolling_half_life`` has the estimate and its interval.
"""

from __future__ import annotations

import math
from typing import Final

from livepairs.stats.compiled import part

__all__ = ["half_life_from_slope"]

LN2: Final = 0.6931471805599453


@part
def half_life_from_slope(slope: float) -> float:
    """Return -ln 2 / slope, the half-life in bars, or NaN where the slope is not negative.

    Parameters
    ----------
    slope
        Slope of the regression, with intercept, of a series' one-bar change on its level one bar before.

    Notes
    -----
    The linear form, as in Chan, "Algorithmic Trading" (2013), chapter 2; not ``-ln 2 / ln(1 + slope)``.

    Examples
    --------
    >>> round(half_life_from_slope(-0.14716), 2)
    4.71
    >>> half_life_from_slope(0.01)
    nan
    """
    return -LN2 / slope if slope < 0.0 else math.nan
