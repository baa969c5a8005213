"""A page of rows in the format that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from livepairs.api.accepting import ARROW, CSV, JSON
from livepairs.api.messages import Answer, Request
from livepairs.api.problems import RefusedError
from livepairs.api.queries import LISTED
from livepairs.api.rowtypes import as_structs, iso_times
from livepairs.schema import TIME

__all__ = ["CURSOR_HEADER", "FORMATS", "Part", "listed", "one", "page"]

FORMATS: Final = (JSON, CSV, ARROW)

CURSOR_HEADER: Final = "Livepairs-Cursor"
"""Carries the cursor where the body has no room for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rows of more.

    Parameters
    ----------
    rows
        Of the columns of ``row``.
    row
        Their type.
    cursor
        Where they end, to go on from; None for a list that has been given whole.
    has_more
        Whether there are more rows already.
    """

    rows: pa.Table
    row: type[msgspec.Struct]
    cursor: str | None
    has_more: bool


def page(request: Request, media: str, part: Part) -> Answer:
    """Return the rows with the way to the next ones: in the JSON, and in a ``Link`` header whatever the format."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    following = _next(request, part)
    if following is not None:
        headers["Link"] = f'<{following}>; rel="next"'
    if part.cursor is not None:
        headers[CURSOR_HEADER] = part.cursor
    if media == JSON:
        items = list(as_structs(part.row, part.rows))
        content = msgspec.json.encode({"items": items, "cursor": part.cursor, "next": following})
    else:
        content = _ENCODERS[media](part.rows)
    return Answer(media=media, body=content, headers=headers)


def listed(request: Request, media: str, row: type[msgspec.Struct], rows: pa.Table) -> Answer:
    """Return a page of a short list; the cursor is the text in its first column."""
    query = dict(request.query)
    names, after = rows.column(0).to_pylist(), query.get("cursor")
    if after is not None and after not in names:
        raise RefusedError(HTTPStatus.GONE, f"the list has no {after!r} any more; ask again without a cursor")
    first = 0 if after is None else names.index(after) + 1
    chosen = rows.slice(first, int(query.get("limit", LISTED)))
    ends = first + chosen.num_rows
    cursor = names[ends - 1] if ends else None
    return page(request, media, Part(rows=chosen, row=row, cursor=cursor, has_more=ends < len(names)))


def one(media: str, row: type[msgspec.Struct], rows: pa.Table) -> Answer:
    """Return a single row by itself."""
    content = msgspec.json.encode(next(as_structs(row, rows))) if media == JSON else _ENCODERS[media](rows)
    return Answer(media=media, body=content, headers={"Cache-Control": "no-store", "Vary": "Accept"})


def _next(request: Request, part: Part) -> str | None:
    """Return the address of the next page, relative to this one, so that it holds behind any proxy."""
    if part.cursor is None or not part.has_more:
        return None
    kept = [(name, text) for name, text in request.query if name not in ("cursor", "last")]
    return f"?{urlencode([*kept, ('cursor', part.cursor)])}"


def _as_csv(rows: pa.Table) -> bytes:
    """Return CSV with a header line; an unknown number is empty, a list is joined by blanks."""
    sink = pa.BufferOutputStream()
    csv.write_csv(pa.table([_flat(column) for column in rows.columns], names=rows.column_names), sink)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # pyarrow's own types are skipped


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type == TIME:
        return iso_times(column)
    if pa.types.is_list(column.type):
        return pc.binary_join(column, " ")
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), None, column)
    return column


def _as_arrow(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # pyarrow's own types are skipped


_ENCODERS: Final = {CSV: _as_csv, ARROW: _as_arrow}
