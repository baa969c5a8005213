"""What can be set of the synthetic market, and its text form ``synthetic:?seed=7&hours=3``."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Final, Self
from urllib.parse import parse_qsl

from livepairs.errors import ConfigError, did_you_mean
from livepairs.schema import Pair

__all__ = ["INSTRUMENTS", "SCHEME", "Instrument", "SyntheticParams"]

SCHEME: Final = "synthetic:"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A perpetual of the synthetic market.

    Parameters
    ----------
    price
        Where it starts.
    ticks_per_unit, lots_per_unit
        One over the tick of the price and the lot of the quantity.
    rate_share
        Its share of all trades.
    loading
        How much its log price moves with that of the first instrument; None for the hedge ratio of the parameters.
    typical_lots
        The lots of an everyday order.
    fills_a_level
        How many fills the book gives before the price moves by a tick.
    """

    symbol: str
    price: float
    ticks_per_unit: int
    lots_per_unit: int
    rate_share: float
    loading: float | None
    typical_lots: int
    fills_a_level: int


INSTRUMENTS: Final = (
    Instrument("BTCUSDT", 60_000.0, 10, 1_000, 0.48, 1.0, 4, 2),
    Instrument("ETHUSDT", 2_600.0, 100, 1_000, 0.36, None, 40, 4),
    Instrument("SOLUSDT", 150.0, 100, 100, 0.16, 0.9, 200, 16),
)
"""X, its partner Y, and one that moves with them but is tied to neither."""


@dataclass(frozen=True, slots=True)
class SyntheticParams:
    """The synthetic market. Minutes count from its start; two markets that differ in ``hours`` share their rows.

    Parameters
    ----------
    seed
        Names the random stream, from 0.
    hours
        Length of a recording; an endless source goes on.
    start
        Time of the beginning, ISO 8601 in UTC to the minute.
    rate
        Trades a second of all symbols together, on average.
    hedge_ratio
        How much log ETHUSDT moves with log BTCUSDT.
    half_life_s
        Seconds in which the spread loses half its distance from the mean.
    spread_bps
        Standard deviation of the spread, in 1e-4 of the price.
    noise_bps
        Standard deviation of what is added to the spread every 100 ms and forgotten, in 1e-4 of the price.
    break_min, break_for_min
        When the relation breaks, so that the spread wanders off, and for how long; it then holds around the level it
        has got to. Length 0 for no break.
    gap_min, gap_s
        When the feed is away, and for how many seconds; 0 for never.
    late
        How many trades come late at each of minutes 40, 95 and 150.

    Raises
    ------
    ConfigError
        If a value makes no sense.
    """

    seed: int = 7
    hours: float = 3.0
    start: str = "2026-01-05T08:00"
    rate: float = 62.0
    hedge_ratio: float = 1.25
    half_life_s: float = 40.0
    spread_bps: float = 6.0
    noise_bps: float = 0.1
    break_min: float = 135.0
    break_for_min: float = 60.0
    gap_min: float = 75.0
    gap_s: float = 20.0
    late: int = 5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least, most = _LIMITS.get(field.name, (0, math.inf))
            if field.name != "start" and not (math.isfinite(value) and least <= value <= most):
                allowed = f"{least:g} or more" + (f", up to {most:.10g}" if math.isfinite(most) else "")
                raise ConfigError(f"synthetic {field.name} is {value!r}; it must be {allowed}")
        self._start()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"synthetic:?seed=7&hours=3"``; what is not named keeps its default.

        Raises
        ------
        ConfigError
            If a key is unknown or given twice, or a value is not of its kind or makes no sense.

        Examples
        --------
        >>> SyntheticParams.parse("synthetic:?seed=3&hours=0.5").hours
        0.5
        """
        scheme, _, query = text.strip().partition("?")
        if scheme != SCHEME:
            raise ConfigError(f"source {text!r} is not synthetic; write for example 'synthetic:?seed=7&hours=3'")
        values: dict[str, object] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name in values:
                raise ConfigError(f"source {text!r} sets {name!r} twice; set it once")
            values[name] = _value(name, value)
        return cls(**values)  # type: ignore[arg-type]  # each value has the type of its field

    @property
    def start_us(self) -> int:
        """Time of the beginning."""
        return int(self._start().timestamp()) * 1_000_000

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols there are, X first."""
        return tuple(instrument.symbol for instrument in INSTRUMENTS)

    @property
    def pair(self) -> Pair:
        """The pair whose relation is known."""
        return Pair(y=INSTRUMENTS[1].symbol, x=INSTRUMENTS[0].symbol)

    def _start(self) -> datetime:
        try:
            return datetime.fromisoformat(f"{self.start}:00+00:00")
        except ValueError:
            raise ConfigError(
                f"synthetic start is {self.start!r}; write date and minute in UTC, for example '2026-01-05T08:00'"
            ) from None

    def __str__(self) -> str:
        """Return the text form, with the seed and whatever is not the default."""
        named = (field for field in fields(self) if field.name == "seed" or getattr(self, field.name) != field.default)
        return f"{SCHEME}?" + "&".join(f"{field.name}={getattr(self, field.name)}" for field in named)


_LIMITS: Final = {
    "seed": (0, 4_294_967_295),
    "hours": (0.01, 8_760),
    "rate": (0.1, 100_000),
    "half_life_s": (1, 86_400),
    "spread_bps": (0.01, 1_000),
    "noise_bps": (0, 1_000),
    "hedge_ratio": (0, 100),
    "late": (0, 1_000),
}
"""Smallest and largest value of each number; 0 and any for those not named."""

_KINDS: Final[dict[str, type[int | float | str]]] = {
    field.name: type(value) for field, value in zip(fields(SyntheticParams), astuple(SyntheticParams()), strict=True)
}


def _value(name: str, text: str) -> object:
    if name not in _KINDS:
        allowed = ", ".join(_KINDS)
        raise ConfigError(f"no key {name!r} in a synthetic source{did_you_mean(name, _KINDS)}; there are {allowed}")
    try:
        return _KINDS[name](text)
    except ValueError:
        kind = "a whole number" if _KINDS[name] is int else "a number"
        raise ConfigError(f"synthetic {name} is {text!r}; it must be {kind}") from None
