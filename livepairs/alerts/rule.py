"""A rule, the channels that rules notify, and the set of both that one file holds."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from livepairs.alerts.condition import Condition, compile_condition
from livepairs.alerts.message import Template, compile_template
from livepairs.alerts.mistake import RuleError
from livepairs.alerts.quiet import QuietHours
from livepairs.alerts.vocabulary import COLUMNS, FEED_COLUMNS, LIGHT, PARITY
from livepairs.errors import did_you_mean

__all__ = ["LEVELS", "Channel", "Rule", "RuleSet", "default_rules", "read_level"]

LEVELS: Final = ("info", "warning", "critical")
LONGEST_NAME: Final = 100
MOST_BARS: Final = 1_000_000
MOST_RULES: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When to speak, of what, and how.

    Parameters
    ----------
    name
        What events carry; any letters, each name once in a file.
    when
        The condition that fires it; see ``alerts.condition``.
    clear
        The condition that clears it; None clears it where ``when`` is false, which a NaN is not.
    pairs
        Globs of the pairs it watches, as ``*/BTCUSDT``. Each pair fires and clears by itself.
    symbols
        Globs of the symbols it watches in place of pairs; it then may read the columns of the feed alone.
    recordings
        Globs of the recordings it watches in place of pairs; it fires when a check finds ``parity_lost``.
    for_bars
        Closed bars in a row at which ``when`` must be true before it fires.
    cooldown_us
        Time of the bars, in microseconds, before it fires again for the same subject, counted from its last firing.
    level
        ``info``, ``warning`` or ``critical``.
    message, clear_message
        Templates of the two events' texts; see ``alerts.message``.
    notify
        Names of channels.
    quiet
        Hours in which it notifies nobody; it fires all the same.
    is_armed
        A rule that is not armed never fires.

    Raises
    ------
    RuleError
        Naming the key that cannot be used, and the place in its text.
    """

    name: str
    when: str
    clear: str | None = None
    pairs: tuple[str, ...] = ("*",)
    symbols: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()
    for_bars: int = 1
    cooldown_us: int = 0
    level: str = "warning"
    message: str = ""
    clear_message: str = ""
    notify: tuple[str, ...] = ()
    quiet: tuple[QuietHours, ...] = ()
    is_armed: bool = True

    def __post_init__(self) -> None:
        _check_name(self.name)
        read_level(self.level)
        if not 1 <= self.for_bars <= MOST_BARS:
            raise RuleError(f"{self.for_bars} bars are out of range; use 1 to {MOST_BARS}", key="for_bars")
        if self.cooldown_us < 0:
            raise RuleError("a cooldown is 0 or longer", key="cooldown")
        for key in ("when", "clear", "message", "clear_message"):
            try:
                self._compile(key)
            except RuleError as error:
                raise RuleError(error.problem, key=key, offset=error.offset, length=error.length) from None
        self._check_recordings()

    def _check_recordings(self) -> None:
        """Refuse what has no meaning where there are no bars."""
        given = {"clear": self.clear is not None, "for_bars": self.for_bars > 1, "cooldown": self.cooldown_us > 0}
        for key, is_given in given.items():
            if self.recordings and is_given:
                raise RuleError(
                    "a rule of recordings speaks once for each check, and of no bar; take this out", key=key
                )

    def _compile(self, key: str) -> None:
        text = getattr(self, key)
        if not text and key != "when":
            return
        made = compile_template(text) if key.endswith("message") else compile_condition(text)
        foreign = next((name for name in made.columns if name not in self._allowed), None)
        if foreign is not None:
            raise RuleError(self._why_not(foreign), offset=text.index(foreign), length=len(foreign))

    @property
    def _allowed(self) -> tuple[str, ...]:
        """The columns it may read."""
        if self.recordings:
            return (PARITY,)
        return FEED_COLUMNS if self.symbols else tuple(name for name in COLUMNS if name != PARITY)

    def _why_not(self, name: str) -> str:
        if name == PARITY:
            return f'{PARITY!r} is of recordings; give the rule recordings = ["*"] in place of pairs or symbols'
        of = "recordings" if self.recordings else "symbols"
        whose = "the feed's" if name in FEED_COLUMNS else "a pair's"
        return f"a rule of {of} has no {name!r}, which is {whose}; it may read {', '.join(self._allowed)}"

    @property
    def fires(self) -> Condition:
        """``when``, compiled."""
        return compile_condition(self.when)

    @property
    def clears(self) -> Condition | None:
        """``clear``, compiled; None where ``when`` decides."""
        return None if self.clear is None else compile_condition(self.clear)

    @property
    def column(self) -> str:
        """The column whose value an event carries: the first one that ``when`` reads."""
        return self.fires.columns[0]

    @property
    def columns(self) -> tuple[str, ...]:
        """Everything it reads and shows."""
        parts = (self.fires, self.clears, self.template(is_fired=True), self.template(is_fired=False))
        return tuple(dict.fromkeys(name for part in parts if part is not None for name in part.columns))

    @property
    def needs_feed(self) -> bool:
        """Whether it must be told how the trades came."""
        return bool(self.symbols) or not set(self.columns).isdisjoint(FEED_COLUMNS)

    def template(self, *, is_fired: bool) -> Template:
        """Return what its events say; without a message, the rule's name and its column's value."""
        fallback = f"{{subject}} {{rule}}: {self.column} {{{self.column}}}"
        if is_fired:
            return compile_template(self.message or fallback)
        return compile_template(self.clear_message or fallback.replace("{rule}", "{rule} is over"))

    def watches(self, subject: str) -> bool:
        """Return whether a pair is its to watch; a symbol or a recording, if it is a rule of those."""
        return any(fnmatchcase(subject, glob) for glob in self.recordings or self.symbols or self.pairs)

    def is_quiet(self, ts_us: int, zone: str = "UTC") -> bool:
        """Return whether it should notify nobody at that time."""
        return any(hours.holds(ts_us, zone) for hours in self.quiet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where a rule notifies. Its address and secrets are settings of the machine, never of the rules.

    Parameters
    ----------
    name
        As rules name it in ``notify``.
    most_per_hour
        Messages an hour, at most; None for no cap.
    digest_us
        Events of that long are sent together; 0 sends each at once.
    quiet
        Hours in which it is not used.
    """

    name: str
    most_per_hour: int | None = None
    digest_us: int = 0
    quiet: tuple[QuietHours, ...] = ()

    def is_quiet(self, ts_us: int, zone: str = "UTC") -> bool:
        """Return whether it should not be used at that time."""
        return any(hours.holds(ts_us, zone) for hours in self.quiet)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """What one rules file holds.

    Parameters
    ----------
    rules
        In the order of the file, which is their order in EVENTS.
    channels
        Those that the rules may notify.
    zone
        Time zone of all quiet hours.
    text
        The file, from which ``read_rules`` makes the same set again.
    """

    rules: tuple[Rule, ...]
    channels: tuple[Channel, ...] = ()
    zone: str = "UTC"
    text: str = field(default="", compare=False, repr=False)

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of the text, without its line ends and trailing blanks."""
        lines = "\n".join(line.rstrip() for line in self.text.strip().splitlines())
        return hashlib.sha256(lines.encode()).hexdigest()[:12]

    @property
    def needs_feed(self) -> bool:
        """Whether a rule must be told how the trades came."""
        return any(rule.needs_feed for rule in self.rules if rule.is_armed)

    @property
    def needs_light(self) -> bool:
        """Whether a rule reads the health light."""
        return any(LIGHT in rule.columns for rule in self.rules if rule.is_armed)

    def channel(self, name: str) -> Channel:
        """Return a channel by its name; KeyError if there is none."""
        return {channel.name: channel for channel in self.channels}[name]


def default_rules(entry: float, exit: float) -> RuleSet:
    """Return the z-score rule alone, which is what a run without a rules file has.

    It fires at ``|z| >= entry`` and clears at ``|z| <= exit``. Between the two it stays as it is, so a z that hovers
    at the entry makes no storm.

    Raises
    ------
    ConfigError
        Unless ``0 <= exit < entry``.
    """
    if not 0.0 <= exit < entry:
        raise RuleError(f"alert at |z| >= {entry} with return at {exit}: the return must be below it, from 0 up")
    rule = Rule(
        name="z-score",
        when=f"abs(z) >= {entry!r}",
        clear=f"abs(z) <= {exit!r}",
        message=f"{{pair}} z {{z:+.2f}} is beyond {entry:g}",
        clear_message=f"{{pair}} z {{z:+.2f}} is back within {exit:g}",
    )
    keys = ("name", "when", "clear", "message", "clear_message")
    text = "\n".join(["[[rule]]", *(f'{key} = "{getattr(rule, key)}"' for key in keys), ""])
    return RuleSet(rules=(rule,), text=text)


def read_level(level: str) -> str:
    """Return a level if it is one of ``LEVELS``; RuleError otherwise."""
    if level not in LEVELS:
        raise RuleError(
            f"level {level!r} is not known{did_you_mean(level, LEVELS)}; use {', '.join(LEVELS)}", key="level"
        )
    return level


def _check_name(name: str) -> None:
    if not name.strip() or name != name.strip():
        raise RuleError(f"{name!r} is no name; write some letters without blanks around them", key="name")
    if len(name) > LONGEST_NAME:
        raise RuleError(f"the name has {len(name)} characters; at most {LONGEST_NAME}", key="name")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in name):
        raise RuleError(f"{name!r} holds a character that cannot be seen; take it out", key="name")
