"""What a venue allows: limits, pings and lifetimes, each with the value that was documented or measured.

Numbers of ``um`` were measured on the live venue in October 2026 where they could be, else documented; those of
``spot`` are documented. ``Rules`` can be changed field by field, which is how a test shortens a day to a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Final, Literal

from livepairs.errors import ConfigError, did_you_mean

__all__ = ["RULES", "Market", "Rules", "changed_rules", "rule_values"]

Market = Literal["um", "spot"]

_SECOND_US: Final = 1_000_000
_HOUR_US: Final = 3_600 * _SECOND_US


@dataclass(frozen=True, slots=True)
class Rules:
    """What one market allows its clients.

    Parameters
    ----------
    streams
        Streams a connection may have; one more is answered by error 4 and close code 1008.
    messages_burst, messages_per_s
        Messages (ping and pong frames too) a client may send at once, and in the long run; beyond that close code 1008.
    ping_every_us, pong_within_us
        How often the venue pings, and how long it waits for the pong before it hangs up without a close frame.
    lifetime_us
        When a connection is ended, however busy it is.
    is_cut_announced
        Whether that end comes with a close frame (1001); else the line just goes dead.
    attempts, attempts_within_us
        Handshakes allowed within that time; then HTTP 429.
    weight_per_minute
        Request weight in a UTC minute; then HTTP 429, and 418 for those who go on.
    funding_requests, funding_within_us
        Requests about funding within that time, which have a budget of their own; then HTTP 429.
    history_us
        How far back aggregated trades can be asked for; then error -4166.
    aggregation_us, latency_us
        How long after its trade an aggregated trade is sent, and a raw trade.
    backlog_bytes
        What may wait for a client that reads slowly; beyond that the venue hangs up without a close frame.
    """

    streams: int = 1024
    messages_burst: int = 15
    messages_per_s: float = 10.0
    ping_every_us: int = 180 * _SECOND_US
    pong_within_us: int = 600 * _SECOND_US
    lifetime_us: int = 24 * _HOUR_US
    is_cut_announced: bool = True
    attempts: int = 300
    attempts_within_us: int = 300 * _SECOND_US
    weight_per_minute: int = 2400
    funding_requests: int = 500
    funding_within_us: int = 300 * _SECOND_US
    history_us: int = 48 * _HOUR_US
    aggregation_us: int = 150_000
    latency_us: int = 1_000
    backlog_bytes: int = 16_777_216


RULES: Final[dict[Market, Rules]] = {
    "um": Rules(),
    "spot": Rules(
        messages_burst=5,
        messages_per_s=5.0,
        ping_every_us=20 * _SECOND_US,
        pong_within_us=60 * _SECOND_US,
        weight_per_minute=6000,
        aggregation_us=1_000,
    ),
}


def rule_values(rules: Rules) -> dict[str, int | float | bool]:
    """Return the rules as users write them: times in seconds."""
    values = {entry.name: getattr(rules, entry.name) for entry in fields(rules)}
    return {
        name.removesuffix("_us") + "_s" if name.endswith("_us") else name: value / 1e6
        if name.endswith("_us")
        else value
        for name, value in values.items()
    }


def changed_rules(rules: Rules, changes: Iterable[str]) -> Rules:
    """Return the rules with some of them changed.

    Parameters
    ----------
    changes
        Each ``"name=value"``, with the names of ``rule_values``.

    Raises
    ------
    ConfigError
        If there is no such rule, or the value is not of its kind.

    Examples
    --------
    >>> changed_rules(RULES["um"], ["lifetime_s=60", "is_cut_announced=no"]).lifetime_us
    60000000
    """
    for change in changes:
        name, _, text = change.partition("=")
        known = rule_values(rules)
        if name not in known:
            raise ConfigError(f"no rule {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}")
        value = _value(name, text, kind=type(known[name]))
        # mypy cannot know which field takes which type; _value has just seen to it.
        changed = {name.removesuffix("_s") + "_us": round(value * 1e6)} if _is_time(name) else {name: value}
        rules = replace(rules, **changed)
    return rules


def _is_time(name: str) -> bool:
    return name.endswith("_s") and not name.endswith("_per_s")


def _value(name: str, text: str, *, kind: type) -> int | float | bool:
    words = {"yes": True, "no": False, "true": True, "false": False}
    try:
        value = words[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        value = None
    if value is None or not 0 <= value < 1e12:
        allowed = {bool: "yes or no", int: "a whole number, 0 or more"}.get(kind, "a number, 0 or more")
        raise ConfigError(f"rule {name!r} is {text!r}; it must be {allowed}")
    checked: int | float | bool = value
    return checked
