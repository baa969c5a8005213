"""aggTrade frames in memory to TRADES batches, on one core: nothing is received, nothing is computed from the rows."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.contest import AbsentError, Contender, Contest, Goal, Outcome, Scale
from benchmarks.market import BTC, ETH

UNIT = "k messages/s of CPU"
SMALL = "k messages/s in batches of 256"
MOST = 300_000
BATCH, SMALL_BATCH = 4096, 256
RECEIVED_AFTER_US = 160_000
COLUMNS = ("ts", "symbol", "trade_id", "price", "qty", "buyer_is_maker")
Rows = Iterable[tuple[Any, ...]]


def frames_of(scale: Scale) -> tuple[list[bytes], np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the recording's trades as the venue sends them, and when each was received; fields as of October 2026."""
    from livepairs.stores.recording import open_recording

    frames: list[bytes] = []
    received: list[int] = []
    trades = open_recording(scale.recording).trades().sort_by([("ts", "ascending"), ("trade_id", "ascending")])
    for batch in trades.slice(0, MOST).to_batches(max_chunksize=10_000):
        for row in batch.set_column(0, "ts", batch.column("ts").cast(pa.int64())).to_pylist():
            ms, symbol, number = row["ts"] // 1000, row["symbol"], row["trade_id"]
            price, qty, maker = f"{row['price']:.2f}", f"{row['qty']:.3f}", str(row["buyer_is_maker"]).lower()
            frames.append(
                f'{{"stream":"{symbol.lower()}@aggTrade","data":{{"e":"aggTrade","E":{ms + 150},"a":{number},'
                f'"s":"{symbol}","p":"{price}","q":"{qty}","nq":"{qty}","f":{number},"l":{number},"T":{ms},'
                f'"m":{maker},"st":1}}}}'.encode()
            )
            received.append(row["ts"] + RECEIVED_AFTER_US)
    return frames, np.array(received, np.int64)


def _timed(frames: list[bytes], work: Callable[[], Any], table: Callable[[Any], pa.Table]) -> Callable[[], Outcome]:
    """Return a turn that times ``work`` and makes a table of what it left, outside of the time."""

    def turn() -> Outcome:
        started = time.process_time()
        left = work()
        seconds = time.process_time() - started
        return Outcome(len(frames) / seconds / 1e3, rows=table(left))

    return turn


def _table(rows: Rows) -> pa.Table:
    return pa.table(dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True)))


def _decoding(frames: list[bytes], received: Any, size: int) -> list[pa.RecordBatch]:
    from livepairs.exchanges.binance import decode

    return [decode(frames[at : at + size], received[at : at + size]).agg_trades for at in range(0, len(frames), size)]


def _columns(batches: list[pa.RecordBatch]) -> pa.Table:
    table = pa.Table.from_batches([batch.select(COLUMNS) for batch in batches]).unify_dictionaries()
    ts = table.column("ts").cast(pa.int64())
    return table.set_column(0, "ts", ts).set_column(1, "symbol", table.column("symbol").cast(pa.string()))


def compiled(scale: Scale) -> Callable[[], Outcome]:
    from livepairs.stats import compiled

    frames, received = frames_of(scale)
    import livepairs.exchanges.binance  # noqa: F401 - brings the kernel

    compiled.prepare()
    timed = _timed(frames, lambda: _decoding(frames, received, BATCH), _columns)

    def turn() -> Outcome:
        outcome = timed()
        started = time.process_time()
        _decoding(frames, received, SMALL_BATCH)
        small = len(frames) / (time.process_time() - started) / 1e3
        return Outcome(outcome.value, {SMALL: small}, outcome.rows)

    return turn


def uncompiled(scale: Scale) -> Callable[[], Outcome]:
    """As on a machine where the kernel is not compiled yet: msgspec, message by message, and rows of them."""
    frames, received = frames_of(scale)
    return _timed(frames, lambda: _decoding(frames, received, BATCH), _columns)


def msgspec(scale: Scale) -> Callable[[], Outcome]:
    """Structs and nothing else: an object a message, no rows."""
    import msgspec as library

    fields = [("s", str), ("p", float), ("q", float), ("T", int), ("a", int), ("m", bool)]
    trade = library.defstruct("Trade", fields, gc=False)
    envelope = library.defstruct("Envelope", [("data", trade)], gc=False)
    decoder = library.json.Decoder(envelope, strict=False)
    frames, _ = frames_of(scale)

    def rows(found: list[Any]) -> Iterator[tuple[Any, ...]]:
        for row in (item.data for item in found):
            yield row.T * 1000, row.s, row.a, row.p, row.q, row.m

    return _timed(frames, lambda: [decoder.decode(frame) for frame in frames], lambda found: _table(rows(found)))


def standard_json(scale: Scale) -> Callable[[], Outcome]:
    """The standard library's parser and a tuple a message."""
    frames, _ = frames_of(scale)

    def work() -> list[tuple[Any, ...]]:
        messages = (json.loads(frame)["data"] for frame in frames)
        return [(m["T"] * 1000, m["s"], m["a"], float(m["p"]), float(m["q"]), m["m"]) for m in messages]

    return _timed(frames, work, _table)


def cryptofeed(scale: Scale) -> Callable[[], Outcome]:
    """Its own handler of messages with a callback that keeps each trade."""
    try:
        from cryptofeed.defines import BINANCE_FUTURES, TRADES
        from cryptofeed.exchanges import BinanceFutures
        from cryptofeed.symbols import Symbols
    except ImportError as error:
        # Not in the extra `bench`: what it brings along changes how aiohttp looks up names.
        raise AbsentError(f"cryptofeed is not installed ({error})") from error

    names = {f"{symbol.removesuffix('USDT')}-USDT-PERP": symbol for symbol in (BTC, ETH)}
    Symbols.set(BINANCE_FUTURES, names, {"instrument_type": {}, "tick_size": {}})
    kept: list[Any] = []

    async def keep(trade: Any, _received: float) -> None:
        kept.append(trade)

    feed = BinanceFutures(symbols=list(names), channels=[TRADES], callbacks={TRADES: keep})
    frames, received = frames_of(scale)

    async def handle() -> None:
        for frame, time_us in zip(frames, received.tolist(), strict=True):
            await feed.message_handler(frame, None, time_us / 1e6)

    def work() -> list[Any]:
        kept.clear()
        asyncio.run(handle())
        return kept

    def rows(trades: list[Any]) -> Iterator[tuple[Any, ...]]:
        for trade in trades:
            ts = round(trade.timestamp * 1e6)
            yield ts, names[trade.symbol], int(trade.id), float(trade.price), float(trade.amount), trade.side == "sell"

    return _timed(frames, work, lambda trades: _table(rows(trades)))


def same_trades(tables: dict[str, pa.Table]) -> None:
    ours, *others = tables.values()
    for name, table in zip(list(tables)[1:], others, strict=True):
        assert table.cast(ours.schema).equals(ours), f"{name} reads other trades"


CONTEST = Contest(
    title="aggTrade frames in memory to TRADES batches",
    unit=UNIT,
    contenders=(
        Contender("livepairs", compiled),
        Contender("livepairs, kernel not compiled yet", uncompiled),
        Contender("msgspec structs, no rows", msgspec),
        Contender("json, tuples", standard_json),
        Contender("cryptofeed's handler", cryptofeed, turns=3),
    ),
    check=same_trades,
    goals=(Goal(UNIT, ">", 700), Goal(UNIT, ">", "msgspec structs, no rows")),
    notes="CPU time. Only livepairs makes columns; the others leave an object a message. Where cryptofeed is not "
    "installed: it was measured elsewhere at 156 k messages/s, beside msgspec structs at 1,722 to 2,214.",
)
