"""Epps effect: correlation measured on short bars is too small, because the legs trade at different moments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livepairs.errors import ConfigError
from livepairs.stats.arrays import Floats, ascending, require

__all__ = ["EppsCurve", "epps_curve", "expected_epps"]


def expected_epps(rate_y: float, rate_x: float, interval: float) -> float:
    """Return which share of the true correlation is seen on previous-tick bars.

    Parameters
    ----------
    rate_y, rate_x
        Trades per time of each leg.
    interval
        Length of a bar, in the same time.

    Returns
    -------
    float
        Between 0 and 1; divide a measured correlation by it to undo the bias.

    Raises
    ------
    ConfigError
        If an argument is not above zero.

    Notes
    -----
    For trades that arrive independently, as Poisson processes of rates l and m, ``1 - m / (l (l + m)) g(l) -
    l / (m (l + m)) g(m)`` with ``g(r) = (1 - e^(-r D)) / D``: Toth and Kertesz, Quantitative Finance 9 (2009);
    Mastromatteo, Marsili and Zoi, European Physical Journal B 80 (2011). Legs that trade in bursts together lose less,
    legs that trade in bursts apart lose more: ``epps_curve`` is what was measured. A closed form, so it streams with
    the rates.

    Examples
    --------
    >>> round(expected_epps(1.0, 1.0, 1.0), 4), round(expected_epps(1.0, 1.0, 10.0), 4)
    (0.3679, 0.9)
    """
    for name, value in (("rate of y", rate_y), ("rate of x", rate_x), ("interval", interval)):
        require(name, value, 1e-300)
    total = rate_y + rate_x
    lost_y = rate_x / (rate_y * total) * -math.expm1(-rate_y * interval) / interval
    lost_x = rate_y / (rate_x * total) * -math.expm1(-rate_x * interval) / interval
    return max(0.0, 1.0 - lost_y - lost_x)


class EppsCurve(NamedTuple):
    """Correlation by bar length; ``expected_share`` is what the trade rates say is left of the truth.

    Notes
    -----
    Epps, JASA 74 (1979). ``correlation`` is NaN where there are fewer than 3 bars, or a leg does not move.

    Examples
    --------
    >>> EppsCurve._fields
    ('interval_us', 'correlation', 'expected_share', 'bars')
    """

    interval_us: NDArray[np.int64]
    correlation: Floats
    expected_share: Floats
    bars: NDArray[np.int64]


def epps_curve(
    y_us: ArrayLike, y_price: ArrayLike, x_us: ArrayLike, x_price: ArrayLike, *, intervals_us: Sequence[int]
) -> EppsCurve:
    """Correlate previous-tick log changes at several bar lengths.

    Parameters
    ----------
    y_us, y_price, x_us, x_price
        Times (microseconds, ascending) and prices of each leg's trades.
    intervals_us
        Bar lengths, in microseconds. Bars are cut at whole multiples of them.

    Raises
    ------
    ConfigError
        If trades are not in order, a price is not above zero, or an interval is not.

    Notes
    -----
    Pearson's correlation of changes of the last price before each cut, over the span both legs trade in: Epps, JASA 74
    (1979). A batch form; as a stream it is ``RollingCorrelation`` of BARS, whose closes are previous-tick.

    Examples
    --------
    >>> ts = np.arange(1, 9) * 1_000_000
    >>> price = [1.0, 1.1, 1.0, 1.2, 1.1, 1.3, 1.2, 1.4]
    >>> epps_curve(ts, price, ts, price, intervals_us=[1_000_000]).correlation
    array([1.])
    """
    y, x = ascending(y_us, y_price), ascending(x_us, x_price)
    if len(y[0]) < 2 or len(x[0]) < 2:
        raise ConfigError(f"{len(y[0])} and {len(x[0])} trades make no curve; hand in two or more of each leg")
    rate_y, rate_x = ((len(ts) - 1) / max(float(ts[-1] - ts[0]), 1.0) for ts, _ in (y, x))
    start, end = max(y[0][0], x[0][0]), min(y[0][-1], x[0][-1])
    rows = []
    for interval in intervals_us:
        require("interval", interval, 1)
        cuts = np.arange(-(-start // interval), end // interval + 1, dtype=np.int64) * interval
        legs = [np.diff(np.log(price[np.searchsorted(ts, cuts, side="right") - 1])) for ts, price in (y, x)]
        rows.append((_correlation(*legs), expected_epps(rate_y, rate_x, interval), len(legs[0])))
    columns = list(zip(*rows, strict=True))
    return EppsCurve(
        np.asarray(intervals_us, np.int64), np.array(columns[0]), np.array(columns[1]), np.array(columns[2], np.int64)
    )


def _correlation(y: Floats, x: Floats) -> float:
    if len(y) < 3:
        return math.nan
    y_away, x_away = y - y.mean(), x - x.mean()
    size = math.sqrt(float(y_away @ y_away)) * math.sqrt(float(x_away @ x_away))
    return max(-1.0, min(1.0, float(y_away @ x_away) / size)) if size > 0.0 else math.nan
