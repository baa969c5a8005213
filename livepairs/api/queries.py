"""What may stand after the question mark, typed; and the sentence for what may not."""

from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from livepairs.api import places
from livepairs.api.problems import RefusedError
from livepairs.errors import did_you_mean

__all__ = [
    "LISTED",
    "BarsQuery",
    "EventsQuery",
    "HistoryQuery",
    "ListQuery",
    "PairsQuery",
    "Query",
    "RowsQuery",
    "read",
]

MOST_ROWS: Final = 10_000
LONGEST: Final = 100

LISTED: Final = 100

_WHOLE: Final = ("limit", "last")

_ALLOWED: Final = {
    **dict.fromkeys(_WHOLE, f"a whole number from 1 to {MOST_ROWS:,}"),
    **dict.fromkeys(("start", "end"), "a time with its zone, as 2026-01-05T08:30:00Z (in an address %2B is a plus)"),
    "cursor": "what an answer gave as its cursor",
    "kind": "fired or cleared",
    "level": "info, warning or critical",
    "acknowledged": "true or false",
}
"""What may stand for a parameter, for people; a text for any other."""

_Text = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
_Time = Annotated[datetime, Meta(tz=True)]
Limit = Annotated[int, Meta(ge=1, le=MOST_ROWS, description="Rows at most.")]


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing may stand there; the kinds below add what may."""


class ListQuery(Query, frozen=True, kw_only=True):
    """A page of a list."""

    limit: Limit = LISTED
    cursor: Annotated[str, Meta(min_length=1, max_length=LONGEST, description="Where the last page ended.")] | None = (
        None
    )


class RowsQuery(Query, frozen=True, kw_only=True):
    """A page of rows, the oldest first."""

    limit: Limit = 1000
    cursor: Annotated[str, Meta(pattern=places.PATTERN, description="Where the last answer ended.")] | None = None
    last: Annotated[int, Meta(ge=1, le=MOST_ROWS, description="Begin that many rows before the end.")] | None = None
    start: Annotated[_Time, Meta(description="No row before this.")] | None = None
    end: Annotated[_Time, Meta(description="No row from here on.")] | None = None


class BarsQuery(RowsQuery, frozen=True, kw_only=True):
    """Of bars."""

    symbol: Annotated[_Text, Meta(description="Of this symbol alone.")] | None = None


class PairsQuery(RowsQuery, frozen=True, kw_only=True):
    """Of pairs."""

    pair: Annotated[_Text, Meta(description="Of this pair alone, Y/X.")] | None = None


class EventsQuery(RowsQuery, frozen=True, kw_only=True):
    """Of events."""

    rule: Annotated[_Text, Meta(description="Of this rule alone.")] | None = None
    subject: Annotated[_Text, Meta(description="Of this pair or stream alone.")] | None = None
    kind: Annotated[Literal["fired", "cleared"], Meta(description="Only these.")] | None = None


class HistoryQuery(Query, frozen=True, kw_only=True):
    """A page of all events kept, the newest first."""

    limit: Limit = LISTED
    cursor: (
        Annotated[_Text, Meta(pattern=r"^[0-9]{1,17}-[0-9A-Za-z]{1,64}$", description="Where the last page ended.")]
        | None
    ) = None
    pair: Annotated[_Text, Meta(description="Of this pair alone, Y/X.")] | None = None
    rule: Annotated[_Text, Meta(description="Of this rule alone.")] | None = None
    level: Annotated[Literal["info", "warning", "critical"], Meta(description="Only these.")] | None = None
    kind: Annotated[Literal["fired", "cleared"], Meta(description="Only these.")] | None = None
    start: Annotated[_Time, Meta(description="No event before this.")] | None = None
    end: Annotated[_Time, Meta(description="No event from here on.")] | None = None
    acknowledged: Annotated[Literal["true", "false"], Meta(description="Whether somebody has seen to it.")] | None = (
        None
    )
    text: Annotated[_Text, Meta(description="Part of message, pair, rule or note.")] | None = None


_Q = TypeVar("_Q", bound=Query)


def read(kind: type[_Q], given: tuple[tuple[str, str], ...]) -> _Q:
    """Return the parameters of a request as a value.

    Raises
    ------
    RefusedError
        With 400, for a name that is unknown or stands there twice, or a value that is not allowed.
    """
    known = kind.__struct_fields__
    values: dict[str, object] = {}
    for name, text in given:
        if name not in known:
            allowed = ", ".join(known) or "none"
            raise _wrong(f"there is no parameter {name!r}{did_you_mean(name, known)}; there are: {allowed}")
        if name in values:
            raise _wrong(f"parameter {name!r} stands there twice; name it once")
        # ASCII digits alone: int() would take other scripts' too, and blanks.
        values[name] = int(text) if name in _WHOLE and re.fullmatch(r"[0-9]{1,9}", text) else text
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        name = str(error).partition(" - at `$.")[2].rstrip("`")
        allowed = _ALLOWED.get(name, f"a text of 1 to {LONGEST} characters")
        raise _wrong(f"parameter {name!r} is {str(values.get(name))!r}; allowed is {allowed}") from None


def _wrong(detail: str) -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, detail)
