"""How the server speaks of itself: one line an event, for people or for programs, without secrets.

Rooms log through ``logging`` and know nothing of this. A browser that was closed while something was on its way to it
is no error and is not logged; what lets somebody in (tokens, codes, passwords in addresses) is blotted out.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import IO, Final, Literal

__all__ = ["Format", "blotted", "configure_logs"]

Format = Literal["text", "json"]

_GONE: Final = frozenset({"WebSocketClosedError", "StreamClosedError", "ConnectionResetError", "BrokenPipeError"})
"""Errors that say no more than that somebody closed a page; by name, as no library of the web is to be loaded here."""

_GONE_WORDS: Final = ("Failed sending message as connection was closed",)

_SECRETS: Final = (
    re.compile(r"(?i)\b((?:token|code|state|password|secret|bokeh-session-id|bokeh-token)=)[^&\s\"']+"),
    re.compile(r"(?i)\b(bearer |basic )[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?i)(livepairs-(?:session|pass|browser)=)[^;\s\"']+"),
    re.compile(r"(://[^:/@\s]+:)[^@/\s]+(?=@)"),
)


def blotted(text: str) -> str:
    """Return a text without what would let a reader in.

    Examples
    --------
    >>> blotted("403 GET /market?token=abc.def&pair=A/B")
    '403 GET /market?token=***&pair=A/B'
    >>> blotted("postgresql://ann:s3cret@db/events")
    'postgresql://ann:***@db/events'
    """
    for pattern in _SECRETS:
        text = pattern.sub(r"\1***", text)
    return text


def _when(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's
        return _when(record)

    def format(self, record: logging.LogRecord) -> str:
        return blotted(super().format(record))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = {
            "ts": _when(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": blotted(record.getMessage()),
        }
        if record.exc_info and record.exc_info[0] is not None:
            said["error"] = record.exc_info[0].__name__
            said["trace"] = blotted(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False)


class _Gone(logging.Filter):
    """Lets nothing pass that only says that a page was closed."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        while error is not None:
            if type(error).__name__ in _GONE:
                return False
            error = error.__cause__ or error.__context__
        return not any(words in str(record.msg) for words in _GONE_WORDS)


def configure_logs(form: Format = "text", level: str = "info", stream: IO[str] | None = None) -> None:
    """Send everything that is logged from now on to standard error, in this form.

    Parameters
    ----------
    form
        ``text`` for people; ``json`` for programs, one object a line.
    level
        ``debug``, ``info``, ``warning`` or ``error``: what is less is left out.
    stream
        Where to; standard error if none is given.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    handler.addFilter(_Gone())
    logging.basicConfig(level=getattr(logging, level.upper()), handlers=[handler], force=True)
    for name in ("bokeh", "tornado.access", "panel"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
