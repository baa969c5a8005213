"""Whether a z-score pays: what the spread's way back to the exit is worth, less what both legs' fills cost.

All of it is in basis points of the gross notional, both legs together, as costs are. Pure: rows come from PAIRS, rates
from MARKS, results go to the spread page.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log2
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from livepairs.backtest.params import BacktestParams
from livepairs.backtest.rows import Floats

__all__ = ["FundingDue", "Outlook", "break_even_z", "look_ahead", "net_bps", "round_trip_bps", "sigma_bps"]

NEAREST_EXIT: Final = 0.1
"""The z up to which a hold is reckoned where the exit is nearer to 0, which the expected path never reaches."""


@dataclass(frozen=True, slots=True)
class FundingDue:
    """The next funding of the two legs, as known now.

    Parameters
    ----------
    rate_y, rate_x
        Rate at the next event; positive is paid by longs.
    wait_y_us, wait_x_us
        Time until it.
    """

    rate_y: float
    rate_x: float
    wait_y_us: int
    wait_x_us: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What entering now and leaving at the exit is expected to bring, in basis points of gross notional.

    Parameters
    ----------
    gain_bps
        The spread's way from z to the exit; zero if it is there already.
    cost_bps
        Fees and slippage of the four fills.
    funding_bps
        Expected funding, positive is received; None where the marks do not say.
    hold_bars
        Expected bars until the exit; NaN where the spread is not seen to revert.
    """

    gain_bps: float
    cost_bps: float
    funding_bps: float | None
    hold_bars: float

    @property
    def net_bps(self) -> float:
        """What is left: positive pays, negative costs."""
        return self.gain_bps - self.cost_bps + (self.funding_bps or 0.0)


def round_trip_bps(params: BacktestParams) -> float:
    """Return fees and slippage of entering and leaving with both legs.

    Notes
    -----
    Each fill costs fee plus slippage of its own notional; the two legs' notionals add up to the gross, twice.

    Examples
    --------
    >>> round_trip_bps(BacktestParams(fee_bps=5.0, slippage_bps=1.0))
    12.0
    """
    return 2.0 * (params.fee_bps + params.slippage_bps)


def sigma_bps(
    std: ArrayLike, beta: ArrayLike, y_close: ArrayLike, x_close: ArrayLike, *, price: Literal["log", "level"]
) -> Floats:
    """Return what one unit of z is worth.

    Parameters
    ----------
    std, beta, y_close, x_close
        Columns of PAIRS, ``(n,)`` each.
    price
        What the PAIRS were made with.

    Returns
    -------
    Floats
        ``(n,)``; NaN during warm-up.

    Notes
    -----
    With log prices and notional 1 : abs(beta), one gross makes ``std / (1 + abs(beta))``; with levels and quantity
    1 : abs(beta), it makes ``std / (y + abs(beta) x)``. Times 10,000.

    Examples
    --------
    >>> sigma_bps([0.0008], [1.0], [2_500.0], [60_000.0], price="log")
    array([4.])
    """
    size = np.abs(np.asarray(beta, np.float64))
    whole = 1.0 + size if price == "log" else np.asarray(y_close) + size * np.asarray(x_close)
    worth: Floats = 10_000.0 * np.asarray(std, np.float64) / whole
    return worth


def break_even_z(sigma: ArrayLike, params: BacktestParams) -> Floats:
    """Return the ``|z|`` from which the way back to the exit pays for its fills; funding is left out.

    Parameters
    ----------
    sigma
        ``sigma_bps``, ``(n,)``.
    params
        Exit and costs.

    Examples
    --------
    >>> break_even_z([4.0], BacktestParams(exit=0.5, fee_bps=5.0, slippage_bps=1.0))
    array([3.5])
    """
    worth = np.asarray(sigma, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        level: Floats = np.where(worth > 0.0, params.exit + round_trip_bps(params) / worth, np.nan)
    return level


def net_bps(z: ArrayLike, sigma: ArrayLike, params: BacktestParams) -> Floats:
    """Return gain less fees and slippage at each row, ``(n,)``; funding is left out.

    Examples
    --------
    >>> net_bps([-4.5, 0.2], [4.0, 4.0], BacktestParams(exit=0.5, fee_bps=5.0, slippage_bps=1.0))
    array([  4., -12.])
    """
    way = np.maximum(np.abs(np.asarray(z, np.float64)) - params.exit, 0.0)
    left: Floats = way * np.asarray(sigma, np.float64) - round_trip_bps(params)
    return left


def look_ahead(
    z: float, row: dict[str, float], params: BacktestParams, *, interval_us: int, due: FundingDue | None = None
) -> Outlook:
    """Return what acting on z now is expected to bring.

    Parameters
    ----------
    z
        The z-score, not NaN.
    row
        ``std``, ``beta``, ``y_close``, ``x_close`` and ``half_life`` of the last PAIRS row.
    params
        Exit, costs and price scale.
    interval_us
        Length of a bar.
    due
        The next funding; None where it is not known.

    Notes
    -----
    z is expected to halve each half-life (an Ornstein-Uhlenbeck path), so the exit is ``half_life log2(|z| / exit)``
    bars away. Funding is counted once for each leg whose next event falls into that time; rates of later ones are not
    known yet.

    Examples
    --------
    >>> row = {"std": 0.0008, "beta": 1.0, "y_close": 2_500.0, "x_close": 60_000.0, "half_life": 20.0}
    >>> outlook = look_ahead(-4.0, row, BacktestParams(exit=0.5), interval_us=1_000_000)
    >>> outlook.gain_bps, outlook.cost_bps, outlook.net_bps, outlook.hold_bars
    (14.0, 12.0, 2.0, 60.0)
    """
    sigma = float(sigma_bps(row["std"], row["beta"], row["y_close"], row["x_close"], price=params.price))
    gain = max(abs(z) - params.exit, 0.0) * sigma
    hold = row["half_life"] * max(0.0, log2(max(abs(z), NEAREST_EXIT) / max(params.exit, NEAREST_EXIT)))
    funding = None if due is None or not isfinite(hold) else _funding(z, row, params, due, hold * interval_us)
    return Outlook(gain, round_trip_bps(params), funding, hold)


def _funding(z: float, row: dict[str, float], params: BacktestParams, due: FundingDue, hold_us: float) -> float:
    size, side = abs(row["beta"]), -1.0 if z > 0.0 else 1.0
    notionals = (1.0, size) if params.price == "log" else (row["y_close"], size * row["x_close"])
    gross = sum(notionals)
    of_y = -side * notionals[0] / gross * due.rate_y if due.wait_y_us <= hold_us else 0.0
    other = side if row["beta"] < 0.0 else -side
    of_x = -other * notionals[1] / gross * due.rate_x if due.wait_x_us <= hold_us else 0.0
    return 10_000.0 * (of_y + of_x)
