"""What flows between the rooms: one Arrow schema per hop, and the few value types beside them.

Every batch is an immutable ``pyarrow.RecordBatch`` whose schema is one of those below. All times are microseconds
since the epoch, UTC; prices are quote currency per base unit; quantities are base units. Column names are declared here
once. This room knows no clock, no file and no socket.

The promises of each hop:

- ``TRADES``: per symbol in the order of (ts, trade_id); may hold several symbols; may be empty.
- ``MARKS``: per symbol in the order of ts.
- ``BARS``: each closed bar once, in the order of (ts, first appearance of the symbol). A batch never splits a bar time.
- ``PAIRS``: one row per pair and bar time once both legs have a bar, in the order of (ts, pair as configured).
- ``EVENTS``: in the order of (ts, rule, subject); ``id`` is computed from the other columns.
- ``FEED``: one row per row of BARS of a pair's leg, in the same order; computed only where a rule asks for it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from livepairs.errors import ConfigError, SchemaError, did_you_mean

__all__ = [
    "BARS",
    "EVENTS",
    "FEED",
    "INTERVALS_US",
    "MARKS",
    "PAIRS",
    "TIME",
    "TRADES",
    "Chunk",
    "Gap",
    "Marker",
    "Pair",
    "check",
    "empty",
    "interval_us",
    "symbol_column",
]

TIME: Final = pa.timestamp("us", tz="UTC")
"""The type of every time column."""

NAME: Final = pa.dictionary(pa.int32(), pa.string())
"""Symbols in TRADES and MARKS: a batch of 100,000 rows names its few symbols once."""


def _fields(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns.items()])


TRADES: Final = _fields(
    ts=TIME,
    recv_ts=TIME,
    symbol=NAME,
    trade_id=pa.int64(),
    price=pa.float64(),
    qty=pa.float64(),
    buyer_is_maker=pa.bool_(),
)
"""Trades. ``ts`` is the exchange's trade time, ``recv_ts`` the local receipt moved onto the exchange's clock."""

MARKS: Final = _fields(
    ts=TIME,
    recv_ts=TIME,
    symbol=NAME,
    mark_price=pa.float64(),
    index_price=pa.float64(),
    funding_rate=pa.float64(),
    next_funding_ts=TIME,
)
"""Mark price, index price and funding; also the heartbeat that proves a feed alive."""

BARS: Final = _fields(
    ts=TIME,
    symbol=pa.string(),
    open=pa.float64(),
    high=pa.float64(),
    low=pa.float64(),
    close=pa.float64(),
    volume=pa.float64(),
    quote_volume=pa.float64(),
    buy_volume=pa.float64(),
    trade_count=pa.int64(),
    is_filled=pa.bool_(),
)
"""Closed bars; ``ts`` is the bar's open. ``buy_volume`` is the volume of trades whose taker bought."""

PAIRS: Final = _fields(
    ts=TIME,
    pair=pa.string(),
    y_close=pa.float64(),
    x_close=pa.float64(),
    beta=pa.float64(),
    alpha=pa.float64(),
    spread=pa.float64(),
    mean=pa.float64(),
    std=pa.float64(),
    z=pa.float64(),
    corr=pa.float64(),
    coint_stat=pa.float64(),
    coint_p=pa.float64(),
    half_life=pa.float64(),
    is_ready=pa.bool_(),
)
"""The pair at each closed bar; a statistic is NaN until its window is full. ``half_life`` is in bars."""

EVENTS: Final = _fields(
    id=pa.string(),
    ts=TIME,
    rule=pa.string(),
    subject=pa.string(),
    kind=pa.string(),
    level=pa.string(),
    value=pa.float64(),
    message=pa.string(),
)
"""What a rule said of a pair or a stream: ``kind`` is ``fired`` or ``cleared``."""

FEED: Final = _fields(
    ts=TIME,
    symbol=pa.string(),
    age_s=pa.float64(),
    lag_s=pa.float64(),
    late_share=pa.float64(),
    gap_open=pa.bool_(),
)
"""How well a symbol's trades came, as known at the end of each closed bar; ``livepairs.alerts.feed`` defines it."""

INTERVALS_US: Final = {
    "100ms": 100_000,
    "1s": 1_000_000,
    "5s": 5_000_000,
    "1m": 60_000_000,
    "5m": 300_000_000,
    "15m": 900_000_000,
    "1h": 3_600_000_000,
}
"""The bar intervals there are, and their lengths in microseconds."""


def interval_us(name: str) -> int:
    """Return the length of a bar interval in microseconds.

    Raises
    ------
    ConfigError
        If the interval is not one of ``INTERVALS_US``.
    """
    try:
        return INTERVALS_US[name]
    except KeyError:
        allowed = ", ".join(INTERVALS_US)
        raise ConfigError(f"bar interval {name!r} is not known; use one of {allowed}") from None


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two legs: ``y`` is explained by ``x``. Its text form is ``"Y/X"``."""

    y: str
    x: str

    @classmethod
    def parse(cls, text: str) -> Pair:
        """Read ``"ETHUSDT/BTCUSDT"``.

        Raises
        ------
        ConfigError
            If the text is not two different symbols with one slash between them.

        Examples
        --------
        >>> Pair.parse("ETHUSDT/BTCUSDT")
        Pair(y='ETHUSDT', x='BTCUSDT')
        """
        y, slash, x = text.strip().partition("/")
        if not slash or not y or not x or "/" in x:
            raise ConfigError(f"pair {text!r} is not of the form Y/X; write for example ETHUSDT/BTCUSDT")
        if y == x:
            raise ConfigError(f"pair {text!r} has the same symbol on both legs; name two different symbols")
        return cls(y, x)

    def check_symbols(self, known: tuple[str, ...]) -> None:
        """Raise ``ConfigError`` with a suggestion if a leg is not among the symbols of the source."""
        for leg in (self.y, self.x):
            if leg not in known:
                hint = did_you_mean(leg, known)
                raise ConfigError(
                    f"symbol {leg!r} of pair {str(self)!r} is not in the source{hint}; it has {', '.join(known)}"
                )

    def __str__(self) -> str:
        return f"{self.y}/{self.x}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a source yields: rows, and the time up to which it vouches that they are complete.

    Parameters
    ----------
    trades
        A TRADES batch. A source that was asked for fewer columns may leave out ``trade_id``, and ``recv_ts`` where no
        row can be late.
    marks
        A MARKS batch, mostly empty.
    now_us
        Event time up to which nothing more will come. It never goes back within a source. An empty chunk with a later
        ``now_us`` lets a quiet bar close; this is the only way time enters the pure rooms.
    """

    trades: pa.RecordBatch
    marks: pa.RecordBatch
    now_us: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A span in which the source cannot vouch for what it delivered; the ledger of gaps is made of these.

    Parameters
    ----------
    symbol
        The stream concerned; None where the whole feed was away.
    start_us, end_us
        Start inclusive, end exclusive; where ids tell of the gap, the times of the trades before and after it.
    cause
        What happened, in a few words.
    missing
        How many trades are missing, by their ids, or had been missing before it was healed; None where that is not
        known.
    is_healed
        Whether all missing rows came afterwards (with the ``recv_ts`` at which they really came).
    from_id, to_id
        First and last id that was missing; None where ids do not tell.
    opened_us, closed_us
        When the source noticed it, and when nothing more was to come, on the exchange's clock; None where not known.
    how
        What became of it: ``open``, ``filled`` (fetched afterwards), ``arrived`` (came late by itself) or
        ``unfillable`` (the venue no longer has the rows); empty where not known.
    """

    symbol: str | None
    start_us: int
    end_us: int
    cause: str = ""
    missing: int | None = None
    is_healed: bool = False
    from_id: int | None = None
    to_id: int | None = None
    opened_us: int | None = None
    closed_us: int | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment of a recording worth jumping to: ``label`` in a word or two, ``note`` in a sentence."""

    ts_us: int
    label: str
    note: str = ""


def empty(schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch of that schema without rows."""
    # Not from_pylist or empty_table: they import pandas (0.4 s), which the first page has no use for.
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def check(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the batch itself if its schema is exactly that of the hop.

    Raises
    ------
    SchemaError
        Naming the first column that differs.
    """
    if batch.schema.equals(schema):
        return batch
    for field in schema:
        index = batch.schema.get_field_index(field.name)
        if index < 0:
            raise SchemaError(f"column {field.name!r} is missing; the batch has {batch.schema.names}")
        if not batch.schema.field(index).equals(field):
            raise SchemaError(f"column {field.name!r} is {batch.schema.field(index)}; it must be {field}")
    raise SchemaError(f"columns are {batch.schema.names}; they must be {schema.names}")


def symbol_column(symbol: str, rows: int) -> pa.DictionaryArray:
    """Return ``rows`` times the same symbol as a TRADES or MARKS column, without memory for up to a million."""
    indices = _ZEROS.slice(0, rows) if rows <= len(_ZEROS) else pa.repeat(pa.scalar(0, pa.int32()), rows)
    # All indices are zero: checking them would cost more than everything else done to a batch.
    return pa.DictionaryArray.from_arrays(indices, _one_text(symbol), safe=False)


def _one_text(text: str) -> pa.Array:
    # Not pa.array, which imports pandas; livepairs.columns has more of these, but lies above this room.
    content = text.encode()
    ends = pa.py_buffer(memoryview((0).to_bytes(4, sys.byteorder) + len(content).to_bytes(4, sys.byteorder)))
    return pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(content)])


_ZEROS: Final = pa.Array.from_buffers(pa.int32(), 1 << 20, [None, pa.py_buffer(bytes(4 << 20))])
