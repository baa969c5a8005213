"""Correlation by ticks beside the one by bars, and how biased the one by bars is expected to be. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from livepairs.stats.arrays import ascending
from livepairs.stats.epps import expected_epps
from livepairs.stats.hayashi_yoshida import HayashiYoshida

__all__ = ["TickCorrelation", "correlate_ticks"]

FEWEST_STEPS = 30


@dataclass(frozen=True, slots=True)
class TickCorrelation:
    """What the trades say.

    Parameters
    ----------
    correlation
        Hayashi-Yoshida over the variances freed of the bounce; NaN where it does not exist.
    share
        Which share of the true correlation bars of the interval are expected to see, at the measured trade rates.
    span_s
        Seconds the trades cover.
    """

    correlation: float
    share: float
    span_s: float


def correlate_ticks(
    y_us: ArrayLike, y_price: ArrayLike, x_us: ArrayLike, x_price: ArrayLike, *, interval_us: int
) -> TickCorrelation | None:
    """Return the correlation by ticks over the span in which both legs trade; None with fewer than 30 trades a leg.

    Parameters
    ----------
    y_us, y_price, x_us, x_price
        Times in microseconds and prices of each leg's trades, in the order of time.
    interval_us
        Length of the bars of the naive correlation.

    Notes
    -----
    The naive correlation suffers because the last trades before a bar's end are of different moments: Epps, JASA 74
    (1979). ``share`` is its closed form for trades that arrive independently, see ``expected_epps``.
    """
    (y_ts, y), (x_ts, x) = ascending(y_us, y_price), ascending(x_us, x_price)
    if min(len(y_ts), len(x_ts)) < FEWEST_STEPS:
        return None
    span_us = min(y_ts[-1], x_ts[-1]) - max(y_ts[0], x_ts[0])
    if span_us <= 0:
        return None
    ticks = HayashiYoshida()
    ticks.update(y_ts, y, x_ts, x)
    ticks.settle()
    correlation = ticks.total.quiet_correlation
    rate_y, rate_x = ((len(ts) - 1) / max(1.0, float(ts[-1] - ts[0])) for ts in (y_ts, x_ts))
    # Sampling noise can carry the ratio a little beyond what a correlation can be.
    honest = max(-1.0, min(1.0, correlation)) if math.isfinite(correlation) else math.nan
    return TickCorrelation(honest, expected_epps(rate_y, rate_x, float(interval_us)), float(span_us) / 1e6)
