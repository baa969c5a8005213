"""Closed rows of a run: pages of them from its tables, the oldest first, and what comes after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from livepairs.api.places import GONE, Places
from livepairs.api.problems import RefusedError
from livepairs.api.queries import RowsQuery
from livepairs.errors import did_you_mean
from livepairs.hub import Run
from livepairs.schema import TIME
from livepairs.tables.ring import Cursor, Table

__all__ = ["Picked", "pick", "require_known", "wanted"]

Wanted = Mapping[str, str]
"""Column and value: only rows that have it."""

_COLUMNS: Final = ("symbol", "pair", "rule", "subject", "kind")


def wanted(query: RowsQuery) -> Wanted:
    """Return which columns must have which value, as a query says."""
    return {name: text for name in _COLUMNS if (text := getattr(query, name, None)) is not None}


def require_known(run: Run, wanted: Wanted) -> None:
    """Refuse a symbol or a pair that the run does not have, of which rows would be waited for in vain.

    Raises
    ------
    RefusedError
        With 404 and the ones there are.
    """
    there = {"symbol": list(run.symbols), "pair": [str(pair) for pair in run.params.pairs]}
    for name, known in there.items():
        if (text := wanted.get(name)) is not None and text not in known:
            detail = f"this run has no {name} {text!r}{did_you_mean(text, known)}; it has {', '.join(known)}"
            raise RefusedError(HTTPStatus.NOT_FOUND, detail)


class Picked:
    """Rows, and the place in the table where they end.

    Parameters
    ----------
    rows
        At most as many as were asked for.
    place
        To go on from.
    has_more
        Whether rows that would be picked are there already.
    """

    __slots__ = ("has_more", "place", "rows")

    def __init__(self, rows: pa.Table, place: Cursor, *, has_more: bool) -> None:
        self.rows, self.place, self.has_more = rows, place, has_more


def pick(table: Table, query: RowsQuery, places: Places) -> Picked:
    """Return the rows a query asks for.

    Raises
    ------
    RefusedError
        With 410, if its cursor is of rows that are gone.
    """
    after = None if query.cursor is None else places.require(table, query.cursor)
    delta = table.since(after)
    if after is not None and delta.is_reset:
        raise RefusedError(HTTPStatus.GONE, GONE)
    first = delta.cursor.rows - delta.rows.num_rows
    found = matches(delta.rows, wanted(query), query.start, query.end)
    begin = 0 if query.cursor or query.last is None else max(0, len(found) - query.last)
    chosen = found[begin : begin + query.limit]
    has_more = begin + query.limit < len(found)
    ends = first + chosen[-1].as_py() + 1 if has_more else delta.cursor.rows
    return Picked(delta.rows.take(chosen), Cursor(delta.cursor.generation, ends), has_more=has_more)


def matches(rows: pa.Table, wanted: Wanted, start: datetime | None = None, end: datetime | None = None) -> pa.Array:
    """Return the numbers of the rows that have the values wanted, from ``start`` until before ``end``."""
    masks = [pc.equal(rows[name], text) for name, text in wanted.items()]
    if start is not None:
        masks.append(pc.greater_equal(rows["ts"], pa.scalar(start, TIME)))
    if end is not None:
        masks.append(pc.less(rows["ts"], pa.scalar(end, TIME)))
    if not masks:
        return pa.array(range(rows.num_rows), pa.int64())
    mask = masks[0]
    for other in masks[1:]:
        mask = pc.and_(mask, other)
    return pc.indices_nonzero(mask)
