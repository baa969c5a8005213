"""A rules file: TOML with one ``[[rule]]`` table a rule and one ``[channels.NAME]`` table a channel.

Whatever is wrong is refused with its line, its column and a caret; a file is taken whole or not at all.
"""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final

from livepairs.alerts.mistake import RuleError
from livepairs.alerts.places import Places
from livepairs.alerts.quiet import read_quiet, read_zone
from livepairs.alerts.rule import MOST_RULES, Channel, Rule, RuleSet
from livepairs.errors import did_you_mean

__all__ = ["read_duration", "read_rules"]

LARGEST: Final = 4_000_000
"""Characters a rules file may have."""

LONGEST_US: Final = 366 * 86_400 * 1_000_000
UNITS_US: Final = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
SECRETS: Final = ("url", "token", "password", "secret", "webhook", "address", "to")
"""Keys people try first, and which a rules file must not hold: it is kept in recordings and shown on the page."""

Table = Mapping[str, Any]
"""A table as tomllib reads it."""


def read_rules(text: str, *, name: str = "rules.toml") -> RuleSet:
    """Return the rules and channels that a file holds.

    Parameters
    ----------
    text
        Its content.
    name
        The file, as errors are to name it.

    Raises
    ------
    RuleError
        At the first mistake, with its place.
    """
    places = Places(text, name)
    if len(text) > LARGEST:
        raise RuleError(f"{name} has {len(text)} characters; at most {LARGEST}: make it shorter")
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _not_toml(error, text, places) from None
    for key in content:
        if key not in ("rule", "channels", "timezone"):
            hint = did_you_mean(key, ("[[rule]]", "[channels.NAME]", "timezone"))
            raise places.key_error(
                f"{key!r} is not known here{hint}; a file has [[rule]], [channels.NAME] and timezone", ("", 0), key
            )
    return _read(content, text, places)


def _read(content: Table, text: str, places: Places) -> RuleSet:
    tables, channels = content.get("rule", []), content.get("channels", {})
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise places.error(RuleError("a rule begins with [[rule]], in double brackets"), ("rule", 0))
    if not isinstance(channels, dict) or not all(isinstance(table, dict) for table in channels.values()):
        raise places.error(RuleError("a channel begins with [channels.NAME]"), ("channels", 0))
    if len(tables) > MOST_RULES:
        raise places.error(RuleError(f"{len(tables)} rules; at most {MOST_RULES}"), ("rule", MOST_RULES))
    read = tuple(_channel(name, table, places) for name, table in channels.items())
    known = tuple(channel.name for channel in read)
    rules = tuple(_rule(number, table, known, places) for number, table in enumerate(tables))
    seen: dict[str, int] = {}
    for number, rule in enumerate(rules):
        first = seen.setdefault(rule.name, number)
        if first != number:
            problem = (
                f"rule {rule.name!r} is there twice, as number {first + 1} and {number + 1}; give each its own name"
            )
            raise places.error(RuleError(problem, key="name", length=len(rule.name)), ("rule", number))
    try:
        zone = read_zone(_text(content.get("timezone", "UTC")))
    except RuleError as error:
        raise places.error(_of_key(error, "timezone"), ("", 0)) from None
    return RuleSet(rules=rules, channels=read, zone=zone, text=text)


def _rule(number: int, table: Table, channels: tuple[str, ...], places: Places) -> Rule:
    at = ("rule", number)
    values = _values(table, RULE_KEYS, at, places)
    for key in ("name", "when"):
        if key not in values:
            raise places.error(RuleError(f"rule {table.get('name', number + 1)!r} has no {key!r}; add it"), at)
    watched = [key for key in ("pairs", "symbols", "recordings") if key in values]
    if len(watched) > 1:
        raise places.key_error("a rule watches pairs, symbols or recordings; leave one of them", at, watched[1])
    for channel in values.get("notify", ()):
        if channel not in channels:
            hint = did_you_mean(channel, channels) or f"; add a table [channels.{channel}]"
            raise places.error(RuleError(f"there is no channel {channel!r}{hint}", key="notify"), at)
    try:
        return Rule(**{FIELDS.get(key, key): value for key, value in values.items()})
    except RuleError as error:
        raise places.error(error, at) from None


def _channel(name: str, table: Table, places: Places) -> Channel:
    values = _values(table, CHANNEL_KEYS, (f"channels.{name}", 0), places)
    return Channel(name=name, **{FIELDS.get(key, key): value for key, value in values.items()})


def _values(table: Table, keys: Mapping[str, Callable[[Any], Any]], at: tuple[str, int], places: Places) -> Table:
    """Return the values of a table by its keys, each read by its own reader."""
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in keys:
            raise places.key_error(_unknown(key, keys), at, key)
        try:
            values[key] = keys[key](value)
        except RuleError as error:
            raise places.error(_of_key(error, key), at) from None
    return values


def _unknown(key: str, keys: Mapping[str, object]) -> str:
    if key in SECRETS and keys is CHANNEL_KEYS:
        return (
            f"{key!r} does not belong here: rules are kept in recordings and shown on the page; "
            "a channel's address is set outside, see docs/alerts.md"
        )
    return f"key {key!r} is not known{did_you_mean(key, keys)}; there are {', '.join(keys)}"


def _of_key(error: RuleError, key: str) -> RuleError:
    return RuleError(error.problem, key=key, offset=error.offset, length=error.length)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise RuleError(f"{value!r} is no text; put it in quotes")
    return value


def _name(value: object) -> str:
    # One letter can be written in two ways; a name must be one name.
    return unicodedata.normalize("NFC", _text(value))


def _texts(value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(isinstance(item, str) and item.strip() for item in given):
        raise RuleError(f'{value!r} is no list of texts; write for example ["*/BTCUSDT"]')
    return tuple(item.strip() for item in given)


def _some_texts(value: object) -> tuple[str, ...]:
    texts = _texts(value)
    if not texts:
        raise RuleError("the list is empty, so nothing is watched; take the key out, or name something")
    return texts


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise RuleError(f"{value!r} is neither true nor false; write one of them, without quotes")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise RuleError(f"{value!r} is no number of times; use a whole number from 1")
    return value


def read_duration(value: object) -> int:
    """Return a length of time in microseconds: a number of seconds, or a text such as ``"90s"``, ``"5m"``, ``"1h"``.

    Raises
    ------
    RuleError
        If it is neither, negative, or longer than a year.
    """
    seconds = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    unit = "s"
    if isinstance(value, str) and (found := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*", value)):
        seconds, unit = float(found.group(1)), found.group(2)
    if not 0.0 <= seconds * UNITS_US[unit] <= LONGEST_US:
        raise RuleError(f'{value!r} is no length of time; write for example "90s", "5m" or "1h", up to 366d')
    return round(seconds * UNITS_US[unit])


FIELDS: Final = {"cooldown": "cooldown_us", "armed": "is_armed", "per_hour": "most_per_hour", "digest": "digest_us"}
"""Fields whose name in the file is shorter, as the file's values have their unit with them."""

RULE_KEYS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "name": _name,
    "pairs": _some_texts,
    "symbols": _some_texts,
    "recordings": _some_texts,
    "when": _text,
    "clear": _text,
    "for_bars": _count,
    "cooldown": read_duration,
    "level": _text,
    "message": _text,
    "clear_message": _text,
    "notify": _texts,
    "quiet": lambda value: tuple(map(read_quiet, _texts(value))),
    "armed": _flag,
}

CHANNEL_KEYS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "per_hour": _count,
    "digest": read_duration,
    "quiet": lambda value: tuple(map(read_quiet, _texts(value))),
}


def _not_toml(error: Exception, text: str, places: Places) -> RuleError:
    found = re.search(r"\(at line (\d+), column (\d+)\)$", str(error))
    problem = str(error).partition(" (at ")[0] if str(error) else "nested too deeply"
    problem = f"this is not TOML: {problem[:1].lower()}{problem[1:]}; see docs/alerts.md for the form of a rule"
    lines = text.splitlines() or [""]
    line, column = map(int, found.groups()) if found else (len(lines), len(lines[-1]) + 1)
    return RuleError(problem).at(places.at_line(line, column))
