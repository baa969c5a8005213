"""The rows as types: made from the columns that ``schema`` declares, so that no column is named a second time.

They give the JSON its names and the OpenAPI document its schemas.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Meta

from livepairs.schema import BARS, EVENTS, PAIRS, TIME

__all__ = ["Bar", "Event", "PairRow", "as_structs", "column", "iso_times", "row_type"]

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"}, description="UTC, to the microsecond.")]

_TYPES: Final = {
    pa.string(): str,
    pa.int64(): int,
    pa.bool_(): bool,
    pa.float64(): float | None,
    TIME: Time,
    pa.list_(pa.string()): list[str],
}
"""A number that is not known yet (a window is not full) is ``null``: JSON has no NaN."""

_ISO: Final = "%Y-%m-%dT%H:%M:%SZ"


def row_type(name: str, schema: pa.Schema, doc: str) -> type[msgspec.Struct]:
    """Return the type of a row of that schema; a field's metadata ``doc`` says what it is."""
    fields = [(field.name, _type(field)) for field in schema]
    return msgspec.defstruct(name, fields, namespace={"__doc__": doc}, frozen=True, gc=False, module=__name__)


def column(name: str, kind: pa.DataType, doc: str, *, is_always: bool = True) -> pa.Field:
    """Return a column that says what it is; one that is not always known may be null."""
    return pa.field(name, kind, nullable=not is_always, metadata={"doc": doc})


def _type(field: pa.Field) -> Any:  # a type, an annotated one or a union: there is no common name for them
    kind = _TYPES[field.type] if not field.nullable else _TYPES[field.type] | None
    doc = (field.metadata or {}).get(b"doc")
    return Annotated[kind, Meta(description=doc.decode())] if doc else kind


Bar: Final = row_type("Bar", BARS, "A closed bar; `ts` is its open.")
PairRow: Final = row_type("Pair", PAIRS, "The numbers of a pair at a closed bar; null while a window is not full.")
Event: Final = row_type("Event", EVENTS, "What a rule said of a pair or a stream.")


def iso_times(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return times as ISO 8601 texts to the microsecond, with a Z."""
    return pc.strftime(column, format=_ISO)


def as_structs(row: type[msgspec.Struct], rows: pa.Table) -> Iterator[msgspec.Struct]:
    """Yield each row as a value of its type; NaN stays NaN, which JSON writes as ``null``."""
    columns: list[list[Any]] = [  # Any: values of whatever type
        (iso_times(values) if values.type == TIME else values).to_pylist() for values in rows.columns
    ]
    for values in zip(*columns, strict=True):
        yield row(*values)
