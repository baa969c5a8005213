"""The errors livepairs raises, sorted by who must act.

::

    LivepairsError
    ├── ConfigError      the user: a setting, an argument or a name is wrong
    ├── InputError       the user: a file to import is not what it should be
    ├── RecordingError   the user: a recording is missing, damaged or of another version
    ├── AccessError      the visitor: not signed in, or not allowed to
    ├── FeedError        nobody yet: the feed is being retried
    ├── HistoryError     nobody yet: the database of events is away, and what is to be written waits
    ├── DeliveryError    nobody yet: a notification has not arrived and is tried again
    └── SchemaError      us: a batch that breaks the promises of ``schema``

A message says what was found, what is allowed and what to do, in lower case with values in ``repr``.
Bad market data raises none of these: it is dropped, counted and shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "AccessError",
    "ConfigError",
    "DeliveryError",
    "FeedError",
    "FullError",
    "HistoryError",
    "InputError",
    "LivepairsError",
    "RecordingError",
    "SchemaError",
    "did_you_mean",
]


class LivepairsError(Exception):
    """Root of every error raised on purpose; ``exit_code`` is what the command line returns for it."""

    exit_code = 1


class ConfigError(LivepairsError):
    """A setting, an argument or a name the user gave cannot be used."""

    exit_code = 2


class FullError(ConfigError):
    """There is as much of something as may be; there will be room again."""


class InputError(LivepairsError):
    """A file given to an importer is not what was expected.

    Parameters
    ----------
    file
        The file as the user named it.
    line
        Line (text) or row (tables) counted from 1; None where a place makes no sense.
    found, expected
        What stands there, and what should.
    """

    exit_code = 2

    def __init__(self, file: object, *, found: str, expected: str, line: int | None = None) -> None:
        self.file = str(file)
        self.line = line
        self.found = found
        self.expected = expected
        place = self.file if line is None else f"{self.file}, line {line}"
        super().__init__(f"{place}: found {found}; expected {expected}")


class RecordingError(LivepairsError):
    """A recording is missing, damaged, unfinished or written by another version."""

    exit_code = 2


class AccessError(LivepairsError):
    """Somebody is not known, or may not do what they asked for; the message is for them to read."""

    exit_code = 2


class FeedError(LivepairsError):
    """The feed broke off; the source that raised it is retrying."""


class HistoryError(LivepairsError):
    """The database of events cannot be read or written now; what is to be written waits and is tried again."""


class DeliveryError(LivepairsError):
    """A notification has not arrived; it is tried again unless ``is_final``.

    Parameters
    ----------
    sentence
        What happened, without anything of the address.
    retry_us
        How long the other side wants to be left alone; None if it has not said.
    is_final
        The other side says that it never will take it.
    """

    def __init__(self, sentence: str, *, retry_us: int | None = None, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.retry_us = retry_us
        self.is_final = is_final


class SchemaError(LivepairsError):
    """A batch does not keep the promises of its hop: a bug of ours, never of the market."""


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return ``" (did you mean 'X'?)"`` for the nearest allowed name, or an empty string.

    Examples
    --------
    >>> did_you_mean("BTCUSD", ["BTCUSDT", "ETHUSDT"])
    " (did you mean 'BTCUSDT'?)"
    >>> did_you_mean("zzz", ["BTCUSDT"])
    ''
    """
    near = get_close_matches(name, list(allowed), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
