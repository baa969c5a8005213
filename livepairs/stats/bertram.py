"""Entry and exit bands that earn most per time from an Ornstein-Uhlenbeck spread, after costs."""

from __future__ import annotations

import math
from typing import NamedTuple

from livepairs.stats.arrays import require

__all__ = ["Bands", "optimal_bands"]


class Bands(NamedTuple):
    """Where to trade: buy the spread at ``entry``, sell it at ``exit``, wait for the next entry.

    Notes
    -----
    ``rate`` is the expected profit per time, ``cycle`` the expected time from entry to next entry, ``entry_std`` the
    distance from the mean in stationary standard deviations (Bertram 2010).

    Examples
    --------
    >>> Bands._fields
    ('entry', 'exit', 'entry_std', 'rate', 'cycle')
    """

    entry: float
    exit: float
    entry_std: float
    rate: float
    cycle: float


def optimal_bands(speed: float, sigma: float, *, cost: float, mean: float = 0.0) -> Bands:
    """Return the bands of the greatest expected profit per time.

    Parameters
    ----------
    speed, sigma, mean
        Of the process ``dX = speed (mean - X) dt + sigma dW``, as ``fit_ornstein_uhlenbeck`` finds them.
    cost
        Of one whole cycle (in and out, both legs), in the unit of X.

    Raises
    ------
    ConfigError
        If speed or sigma is not above zero, or the cost is negative.

    Notes
    -----
    Bertram, Physica A 389 (2010), equations 12-13. With bands at mean -+ a the profit per time is ``(2a - cost) / T``
    with ``T = (2 pi / speed) erfi(a sqrt(speed) / sigma)``. In ``u = a sqrt(speed) / sigma`` and
    ``k = cost sqrt(speed) / sigma`` its maximum solves ``u - D(u) = k / 2``, D being Dawson's integral, which never
    overflows. Being always in the market, long from one band and short from the other, makes twice the rate at the same
    bands. With no cost the best bands shrink to the mean, and the rate is what they tend to. It takes the parameters
    for known and the process for true: both flatter it. A closed form of a fit, so it streams as the fit does.

    Examples
    --------
    >>> bands = optimal_bands(180.9670, 0.1538, cost=0.001)
    >>> round(bands.entry, 6), round(bands.rate, 6), round(bands.cycle, 5), round(bands.entry_std, 2)
    (-0.004715, 0.492358, 0.01712, 0.58)
    """
    from scipy.optimize import brentq
    from scipy.special import dawsn

    require("speed", speed, 1e-300)
    require("sigma", sigma, 1e-300)
    require("cost", cost, 0.0)
    unit = sigma / math.sqrt(speed)
    half = 0.5 * cost / unit
    if half == 0.0:
        # (2 u) / erfi(u) tends to sqrt(pi).
        return Bands(mean, mean, 0.0, unit * speed / (2.0 * math.sqrt(math.pi)), 0.0)
    # Dawson's integral is between 0 and 0.5411.
    u = float(brentq(lambda u: u - dawsn(u) - half, half, half + 0.542, xtol=1e-15, rtol=1e-14))
    # erfi(u) = 2 / sqrt(pi) e^(u^2) D(u); beyond e^700 a cycle takes for ever.
    stretch = math.exp(u * u) if u * u < 700.0 else math.inf
    cycle = 4.0 * math.sqrt(math.pi) / speed * stretch * float(dawsn(u))
    away = u * unit
    return Bands(mean - away, mean + away, u * math.sqrt(2.0), (2.0 * away - cost) / cycle, cycle)
