"""Raw logs of a websocket: one frame a line, after the local time at which it came.

``1723161255088176367 {"stream":...}`` and ``1626992741.06217: {"stream":...}`` are common; the unit of the time is told
by its size. Lines with the address connected to may stand between, and lines without a time are read too. The local
clock is moved onto the exchange's by the smallest receive lag in the file. A last line without line break is what a
crash leaves, and is skipped if it cannot be read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.errors import ConfigError, InputError
from livepairs.exchanges import Decoded, Reject
from livepairs.exchanges.binance import EARLIEST_US, LATEST_US, decode
from livepairs.schema import MARKS
from livepairs.stores.input_file import Block, InputFile
from livepairs.stores.intake import ImportOptions, Intake, Kind, TradeColumns

__all__ = ["PRECEDENCE", "read", "recognises"]

PRECEDENCE = 10

_BATCH_LINES: Final = 4096
_STAMPED: Final = re.compile(rb"(\d+(?:\.\d+)?)(:?[ \t]+)(?=[{\[])")
_ADDRESS: Final = (b"ws://", b"wss://")
_EXPECTED: Final = "a local time and a frame of the websocket, as in '1723161255088176367 {\"stream\":...}'"
# Reasons after which the row still tells that its id exists.
_SPENT: Final = ("not_market", "bad_price", "bad_quantity")


@dataclass(frozen=True, slots=True)
class _Style:
    """How lines begin: ``separator`` stands after the local time, of which ``per_us`` make a microsecond."""

    separator: bytes
    per_us: float


_BARE: Final = _Style(b"", 1)


def recognises(file: InputFile, options: ImportOptions) -> bool:
    """Return whether the first line is a frame, or the address one connected to."""
    if file.is_parquet or options.columns:
        return False
    first = _first_line(file.head)
    return first.startswith((*_ADDRESS, b'{"')) or _STAMPED.match(first) is not None


def _first_line(head: bytes) -> bytes:
    return next((line.strip() for line in head.split(b"\n") if line.strip()), b"")


def read(file: InputFile, options: ImportOptions, intake: Intake) -> None:
    """Hand in the rows of the frames, and count all others."""
    if options.symbol is not None:
        raise ConfigError(
            f"--symbol {options.symbol!r} is given, but {str(file.path)!r} names its symbols; leave it out"
        )
    clock = intake.new_clock(file.path)
    lags: list[int] = []
    style: _Style | None = None
    for block in file.blocks():
        lines, numbers = _lines(block)
        if lines and style is None:
            style = _style(file, numbers[0], lines[0])
        for start in range(0, len(lines), _BATCH_LINES):
            batch = slice(start, start + _BATCH_LINES)
            decoded = _decode(file, lines[batch], numbers[batch], style or _BARE, is_last=block.is_last)
            _hand_in(file, decoded, intake, clock)
            if decoded.min_lag_us is not None:
                lags.append(decoded.min_lag_us)
    intake.set_offset(clock, min(lags, default=0))


def _lines(block: Block) -> tuple[list[bytes], Sequence[int]]:
    """Return the lines that should be frames, and their numbers; blank lines and addresses are passed over."""
    lines = block.data.removesuffix(b"\n").split(b"\n") if block.data else []
    numbers: Sequence[int] = range(block.first_line, block.first_line + len(lines))
    if b"" in lines or any(b"\n" + address in block.data or block.data.startswith(address) for address in _ADDRESS):
        kept = [at for at, line in enumerate(lines) if line.strip() and not line.startswith(_ADDRESS)]
        lines, numbers = [lines[at] for at in kept], [numbers[at] for at in kept]
    return lines, numbers


def _style(file: InputFile, number: int, line: bytes) -> _Style:
    """Tell how lines begin from the first of them."""
    if line.startswith((b"{", b"[")):
        return _BARE
    match = _STAMPED.match(line)
    if match is None:
        raise InputError(file.path, found=_shown(line), expected=_EXPECTED, line=number)
    stamp = float(match[1])
    per_us = next((1000.0**power for power in (-2, -1, 0, 1) if _is_sane(stamp / 1000.0**power)), None)
    if per_us is None:
        expected = "a local time in s, ms, us or ns since 1970, from 2009 to 2100"
        raise InputError(file.path, found=f"local time {match[1].decode()}", expected=expected, line=number)
    return _Style(match[2], per_us)


def _is_sane(time_us: float) -> bool:
    return EARLIEST_US <= time_us < LATEST_US


def _decode(file: InputFile, lines: list[bytes], numbers: Sequence[int], style: _Style, *, is_last: bool) -> Decoded:
    """Decode lines. One that cannot be read is an error, unless it is the last of the file and a crash cut it off."""
    try:
        return _decode_whole(file, lines, numbers, style)
    except InputError:
        if is_last:
            return Decoded(skipped=Counter({"cut-off last line": 1}))
        raise


def _decode_whole(file: InputFile, lines: list[bytes], numbers: Sequence[int], style: _Style) -> Decoded:
    if not style.separator:
        decoded = decode(lines)
    else:
        parts = [line.partition(style.separator) for line in lines]
        times, odd = _times([stamp for stamp, _, _ in parts], style)
        if odd is not None:
            raise InputError(file.path, found=_shown(lines[odd]), expected=_EXPECTED, line=numbers[odd])
        decoded = decode([frame for _, _, frame in parts], times)
    if decoded.malformed:
        bad = decoded.malformed[0]
        found = f"a frame that cannot be read: {bad.found}"
        raise InputError(file.path, found=found, expected=_EXPECTED, line=numbers[bad.position])
    return decoded


def _is_stamp(stamp: bytes) -> bool:
    return stamp.replace(b".", b"", 1).isdigit()


def _times(stamps: list[bytes], style: _Style) -> tuple[list[int], int | None]:
    """Return local times in microseconds, and the position of the first that is none."""
    times: npt.NDArray[np.int64] = np.zeros(len(stamps), np.int64)
    try:
        if style.per_us == 1000:
            times = np.array(stamps).astype(np.int64) // 1000
        else:
            times = np.rint(np.array(stamps).astype(np.float64) / style.per_us).astype(np.int64)
        is_odd = (times < EARLIEST_US) | (times >= LATEST_US)
    except (ValueError, OverflowError):
        is_odd = np.array([not _is_stamp(stamp) for stamp in stamps])
    found: list[int] = times.tolist()
    return found, int(np.argmax(is_odd)) if is_odd.any() else None


def _hand_in(file: InputFile, decoded: Decoded, intake: Intake, clock: int) -> None:
    intake.skipped += decoded.skipped
    intake.rejected += decoded.rejected
    intake.trades_read += len(decoded.rejects)
    kinds: tuple[tuple[Kind, pa.RecordBatch], ...] = (("trade", decoded.trades), ("aggTrade", decoded.agg_trades))
    for kind, batch in kinds:
        spent = [reject for reject in decoded.rejects if reject.kind == kind and reject.reason.startswith(_SPENT)]
        for symbol, rows in _by_symbol(batch):
            intake.take(file.path, symbol, _trade_columns(rows), kind=kind, clock=clock)
        _hand_in_spent(file, kind, spent, intake, clock)
    for symbol, rows in _by_symbol(decoded.marks):
        intake.take_marks(symbol, {name: _numpy(rows, name) for name in MARKS.names if name != "symbol"}, clock=clock)


def _hand_in_spent(file: InputFile, kind: Kind, spent: list[Reject], intake: Intake, clock: int) -> None:
    """Hand in rejected trades as ids without a trade, so that they are not taken for gaps."""
    # A symbol of which nothing but rejected prints has come has no series that could have gaps.
    for reject in spent:
        if kind == "aggTrade" and reject.symbol in intake.kinds:
            times, ids = np.array([reject.ts_us], np.int64), np.array([reject.trade_id], np.int64)
            nothing = np.zeros(1)
            columns = TradeColumns(times, ids, nothing, nothing, np.zeros(1, np.bool_))
            intake.take(file.path, reject.symbol, columns, kind=kind, clock=clock)


def _by_symbol(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    column = batch.column("symbol")
    for index in column.indices.unique().to_pylist():
        yield column.dictionary[index].as_py(), batch.filter(pc.equal(column.indices, index))


def _trade_columns(rows: pa.RecordBatch) -> TradeColumns:
    return TradeColumns(
        ts_us=_numpy(rows, "ts"),
        trade_id=_numpy(rows, "trade_id"),
        price=_numpy(rows, "price"),
        qty=_numpy(rows, "qty"),
        buyer_is_maker=_numpy(rows, "buyer_is_maker"),
        recv_ts_us=_numpy(rows, "recv_ts"),
    )


def _numpy(rows: pa.RecordBatch, name: str) -> npt.NDArray[Any]:
    column = rows.column(name)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    found: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return found


def _shown(line: bytes) -> str:
    return repr(line[:60].decode("utf-8", "replace"))
