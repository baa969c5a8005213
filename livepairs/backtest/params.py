"""The rules and costs of one backtest, checked where they enter."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any, Literal

from livepairs.errors import ConfigError, did_you_mean

__all__ = ["BacktestParams"]

_CHOICES = {"price": ("log", "level"), "fill": ("open", "close"), "slippage": ("bps", "roll")}


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestParams:
    """When to trade a pair, how much, and what it costs.

    Parameters
    ----------
    entry
        Enter short the spread at ``z >= entry``, long at ``z <= -entry``. Positive.
    exit
        Leave once z has come back to ``<= exit`` (short) or ``>= -exit`` (long). Zero or more, below ``entry``.
    stop
        Leave once ``|z| >= stop`` and stay flat until ``|z| <= exit``; nothing is opened while ``|z| >= stop``.
        Above ``entry``; None for no stop.
    max_hold
        Leave after that many bars, at least 1; None for no limit.
    fee_bps
        Fee per leg and fill, in basis points of its notional.
    slippage_bps
        Price concession per leg and fill against us, in basis points of its notional.
    slippage
        ``"bps"``: ``slippage_bps`` it is. ``"roll"``: half the Roll spread of the leg, measured on the bars before the
        fill, and ``slippage_bps`` where Roll's measure does not exist (fewer than 30 changes, or positive covariance).
    capital
        Starting equity in quote currency.
    leverage
        Gross notional of a trade is ``capital * leverage``; profits are not re-invested.
    fill
        ``"open"``: a decision on bar t fills at the open of bar t+1 of each leg; ``"close"``: at its close.
    price
        What beta is a ratio of: ``"log"`` splits notional 1 : abs(beta), ``"level"`` splits quantity so. It must be
        what the PAIRS were made with.

    Raises
    ------
    ConfigError
        If a value is out of its range.

    Examples
    --------
    >>> BacktestParams(entry=1.5).stop
    4.0
    """

    entry: float = 2.0
    exit: float = 0.5
    stop: float | None = 4.0
    max_hold: int | None = None
    fee_bps: float = 5.0
    slippage_bps: float = 1.0
    slippage: Literal["bps", "roll"] = "bps"
    capital: float = 10_000.0
    leverage: float = 1.0
    fill: Literal["open", "close"] = "open"
    price: Literal["log", "level"] = "log"

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(f"{name} {getattr(self, name)!r} is not known; use {' or '.join(allowed)}")
        self._check_levels()
        _require("fee_bps", self.fee_bps, 0.0)
        _require("slippage_bps", self.slippage_bps, 0.0)
        _require_positive("capital", self.capital)
        _require_positive("leverage", self.leverage)
        if self.max_hold is not None and (self.max_hold != int(self.max_hold) or self.max_hold < 1):
            raise ConfigError(f"max_hold {self.max_hold!r} is not a number of bars; use 1 or more, or leave it out")

    def _check_levels(self) -> None:
        _require_positive("entry", self.entry)
        _require("exit", self.exit, 0.0)
        if self.exit >= self.entry:
            raise ConfigError(
                f"exit {self.exit!r} is not below entry {self.entry!r}; a trade would end where it begins"
            )
        if self.stop is None:
            return
        if not isfinite(self.stop) or self.stop <= self.entry:
            raise ConfigError(f"stop {self.stop!r} is not above entry {self.entry!r}; raise it, or leave it out")

    @classmethod
    def of(cls, params: BacktestParams | None, **changes: Any) -> BacktestParams:  # values of the fields' own types
        """Return the parameters with some of them changed, by name.

        Raises
        ------
        ConfigError
            If there is no parameter of that name, or its value is out of range.
        """
        names = [field.name for field in fields(cls)]
        for name in changes:
            if name not in names:
                raise ConfigError(f"no parameter {name!r}{did_you_mean(name, names)}; there are {', '.join(names)}")
        return replace(params or cls(), **changes)


def _require(name: str, value: float, least: float) -> None:
    if not isfinite(value) or value < least:
        raise ConfigError(f"{name} {value!r} is out of range; use a number of at least {least:g}")


def _require_positive(name: str, value: float) -> None:
    if not isfinite(value) or value <= 0.0:
        raise ConfigError(f"{name} {value!r} is out of range; use a number above zero")
