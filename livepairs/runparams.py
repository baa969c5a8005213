"""What a run computes: pairs, bars, windows and rules, in one value that a recording's proof keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from livepairs.alerts.rule import RuleSet, default_rules
from livepairs.errors import ConfigError
from livepairs.pairs.machine import PairParams
from livepairs.schema import Pair, interval_us

__all__ = ["RunParams"]

LONGEST_GRACE_US: Final = 60_000_000


@dataclass(frozen=True, slots=True)
class RunParams:
    """What a run computes.

    Parameters
    ----------
    pairs
        The pairs, in the order of their rows.
    interval
        Bar interval, a key of ``schema.INTERVALS_US``.
    grace_us
        How long after its end a bar stays open for trades under way, in microseconds.
    pair_params
        Windows, lags and price scale.
    entry, exit
        |z| at which a position is entered and left, on paper; and what the rules are where none are given.
    rules
        What makes events; None for the z-score rule alone, which fires at ``entry`` and clears at ``exit``.
    """

    pairs: tuple[Pair, ...]
    interval: str = "1s"
    grace_us: int = 500_000
    pair_params: PairParams = field(default_factory=PairParams)
    entry: float = 2.0
    exit: float = 0.5
    rules: RuleSet | None = None

    def __post_init__(self) -> None:
        interval_us(self.interval)
        if not 0 <= self.grace_us <= LONGEST_GRACE_US:
            raise ConfigError(
                f"grace of {self.grace_us / 1000:g} ms is out of range; use 0 to {LONGEST_GRACE_US // 1000} ms"
            )
        if len(set(self.pairs)) != len(self.pairs):
            raise ConfigError(f"a pair is named twice in {', '.join(map(str, self.pairs))}; name each once")
        if self.rules is not None and self.rules.rules and not self.rules.text:
            raise ConfigError("the rules came without their text, which a proof must keep; make them by read_rules")

    @property
    def interval_us(self) -> int:
        """Length of a bar in microseconds."""
        return interval_us(self.interval)

    @property
    def rules_in_force(self) -> RuleSet:
        """The rules, or the z-score rule where none are given."""
        return default_rules(self.entry, self.exit) if self.rules is None else self.rules
