"""The rules in force on a server: read from their file, followed while it changes, replaced from the page.

The file may be edited by hand at any time. What it holds comes into force once it is valid as a whole; until then the
old rules stay, and ``problem`` says what is wrong with the new ones. Runs take a new set between two closed bars.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from livepairs.alerts.reading import read_rules
from livepairs.alerts.rule import RuleSet, default_rules
from livepairs.clock import Clock, SystemClock
from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.rulefile import load_rules, read_text, write_text

if TYPE_CHECKING:
    from livepairs.runparams import RunParams

__all__ = ["FILE_NAME", "RuleVersion", "Rulebook", "open_rulebook", "rules_of"]

_LOG = logging.getLogger(__name__)

FILE_NAME: Final = "rules.toml"
"""The rules file in the folder of recordings, where none is named."""

LOOK_S: Final = 1.0
"""How often the file is looked at."""

MOST_VERSIONS: Final = 100
"""Earlier texts that are kept beside the file."""

BY_HAND: Final = "edited by hand"
AT_START: Final = "found at the start"


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A text that was in force: its version, when it came and by whom."""

    version: str
    saved_us: int
    who: str


class _Kept(msgspec.Struct):
    version: str
    saved_us: int
    who: str
    text: str


class Rulebook:
    """The rules in force. Thread-safe.

    Parameters
    ----------
    path
        The rules file; it may not be there yet.
    fallback
        The rules while there is no file.
    clock
        Stamps what is kept.

    Raises
    ------
    ConfigError
        If the file is there and cannot be used: a server does not begin with rules that nobody wrote.
    """

    def __init__(self, path: Path, fallback: RuleSet, *, clock: Clock | None = None) -> None:
        self.path = path
        self._fallback = fallback
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._subscribers: list[Callable[[], object]] = []
        self._seen = _signature(path)
        self._rules: RuleSet | None = None
        self._problem: str | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        if self._seen is not None:
            self._rules = load_rules(path)
            self._keep(self._rules, AT_START)

    @property
    def rules(self) -> RuleSet | None:
        """The rules of the file in force; None while there was none, and then each run makes its own of its levels."""
        return self._rules

    @property
    def current(self) -> RuleSet:
        """The rules in force."""
        return self._rules or self._fallback

    @property
    def text(self) -> str:
        """The text of the rules in force."""
        return self.current.text

    @property
    def problem(self) -> str | None:
        """Why what the file holds now is not in force, with the place; None if it is."""
        return self._problem

    def apply(self, params: RunParams) -> tuple[RunParams, Callable[[], RuleSet | None] | None]:
        """Return what a new run computes, and where it asks for the rules in force; one with rules keeps its own."""
        if params.rules is not None:
            return params, None
        return replace(params, rules=self._rules), lambda: self._rules

    def start(self) -> None:
        """Follow the file from now on, on a thread of its own: thousands of rules take a second to read."""
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._follow, name="livepairs-rulebook", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop following it."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> bool:
        """Take what the file holds if it has changed and is valid; return whether it has changed."""
        with self._lock:
            seen = _signature(self.path)
            if seen == self._seen:
                return False
            self._seen = seen
            try:
                self._take(read_text(self.path), BY_HAND)
            except ConfigError as error:
                self._problem = f"{error}\nthe rules before it stay in force"
                _LOG.warning("rules are not taken: %s", error)
        self._tell()
        return True

    def save(self, text: str, who: str) -> RuleSet:
        """Put a text in force and into the file; return its rules.

        Raises
        ------
        ConfigError
            At its first mistake, with the place, or if the file cannot be written; then nothing has changed.
        """
        with self._lock:
            text = text.replace("\r\n", "\n")
            read_rules(text, name=self.path.name)
            with suppress(OSError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
            write_text(self.path, text)
            self._seen = _signature(self.path)
            rules = self._take(text, who)
        self._tell()
        return rules

    def versions(self) -> list[RuleVersion]:
        """Return what was in force, newest first."""
        return [RuleVersion(entry.version, entry.saved_us, entry.who) for entry in reversed(self._kept())]

    def text_of(self, version: str) -> str | None:
        """Return the text of a version; None if it is not kept."""
        if version == self.current.version:
            return self.text
        return next((entry.text for entry in reversed(self._kept()) if entry.version == version), None)

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call back, on whatever thread found it, when the rules or the problem changed; return what ends that."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    def _take(self, text: str, who: str) -> RuleSet:
        rules = read_rules(text, name=str(self.path))
        self._problem = None
        if self._rules is None or rules.version != self._rules.version:
            self._rules = rules
            self._keep(rules, who)
            _LOG.info("rules %s are in force, %s rules, %s", rules.version, len(rules.rules), who)
        return rules

    def _tell(self) -> None:
        for callback in tuple(self._subscribers):
            callback()

    def _follow(self) -> None:
        while not self._stopping.wait(LOOK_S):
            self.look()

    @property
    def _versions_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}.versions")

    def _kept(self) -> list[_Kept]:
        """Return the texts kept, oldest first; a line that cannot be read is passed over."""
        kept = []
        with self._lock, suppress(OSError):
            for line in self._versions_path.read_bytes().splitlines():
                with suppress(msgspec.DecodeError):
                    kept.append(msgspec.json.decode(line, type=_Kept))
        return kept

    def _keep(self, rules: RuleSet, who: str) -> None:
        kept = self._kept()
        if kept and kept[-1].version == rules.version:
            return
        kept.append(_Kept(version=rules.version, saved_us=self._clock.now_us(), who=who, text=rules.text))
        lines = (msgspec.json.encode(entry).decode() + "\n" for entry in kept[-MOST_VERSIONS:])
        try:
            write_text(self._versions_path, "".join(lines))
        except ConfigError as error:
            # The rules work all the same; only what was before cannot be had back.
            _LOG.warning("rules %s are not kept among the versions: %s", rules.version, error)


def open_rulebook(settings: Settings, clock: Clock) -> Rulebook:
    """Return the rules that the settings name.

    Raises
    ------
    ConfigError
        If the file is named and not there, or cannot be used.
    """
    return Rulebook(_path(settings), default_rules(settings.entry, settings.exit), clock=clock)


def rules_of(settings: Settings) -> RuleSet | None:
    """Return the rules that the settings name, as they are now; None where there is no file.

    Raises
    ------
    ConfigError
        If the file is named and not there, or cannot be used.
    """
    path = _path(settings)
    return load_rules(path) if path.exists() else None


def _path(settings: Settings) -> Path:
    """Return the rules file: the one named, else one in the folder of recordings, which need not be there."""
    if settings.rules is None:
        return Path(settings.recordings) / FILE_NAME
    path = Path(settings.rules)
    if not path.is_file():
        raise ConfigError(f"rules file {str(path)!r} is not there; name another, or leave the setting 'rules' out")
    return path


def _signature(path: Path) -> tuple[int, int, int] | None:
    """Return what changes whenever a file does; None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
