"""A Parquet recording of a day of two symbols to 1-second bars in memory, the same files for all."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.contest import PEAK_MB, Contender, Contest, Goal, Outcome, Scale, trades_glob
from benchmarks.market import BTC, ETH

COLUMNS = ["ts", "price", "qty", "buyer_is_maker"]
FIGURES = ("open", "high", "low", "close", "volume", "quote_volume", "buy_volume", "trade_count")


def _timed(scale: Scale, work: Callable[[], pa.Table | None]) -> Callable[[], Outcome]:
    def turn() -> Outcome:
        started = time.perf_counter()
        rows = work()
        return Outcome(scale.trades / (time.perf_counter() - started) / 1e6, rows=rows)

    return turn


def ours(scale: Scale) -> Callable[[], Outcome]:
    """Chunks of the recording through the very machine that a live feed runs through."""
    from livepairs.bars.machine import BarMachine
    from livepairs.headless import columns_needed
    from livepairs.schema import BARS, MARKS, TRADES, Chunk, empty
    from livepairs.stats import compiled
    from livepairs.stores.recording import open_recording

    compiled.prepare()

    def work() -> pa.Table:
        recording = open_recording(scale.recording)
        machine = BarMachine(recording.symbols)
        columns = columns_needed(recording, machine.grace_us, healed=False)
        bars = [machine.update(chunk) for chunk in recording.chunks(columns=columns)]
        end = Chunk(empty(TRADES), empty(MARKS), recording.end_us + machine.interval_us + machine.grace_us)
        return pa.Table.from_batches([*bars, machine.update(end)], BARS)

    return _timed(scale, work)


def polars(scale: Scale) -> Callable[[], Outcome]:
    """The quickest of ten ways tried: one sorted group-by on whole seconds a symbol, streaming engine.

    Slower were group_by_dynamic, truncating the time, both symbols in one group-by, filtering the buys, and the
    in-memory engine.
    """
    import polars as pl

    price, qty = pl.col("price"), pl.col("qty")
    bars = (
        price.first().alias("open"),
        price.max().alias("high"),
        price.min().alias("low"),
        price.last().alias("close"),
        qty.sum().alias("volume"),
        (price * qty).sum().alias("quote_volume"),
        (qty * (~pl.col("buyer_is_maker"))).sum().alias("buy_volume"),
        pl.len().cast(pl.Int64).alias("trade_count"),
    )

    def of(symbol: str) -> pl.LazyFrame:
        trades = pl.scan_parquet(trades_glob(scale, symbol), hive_partitioning=False)
        second = (pl.col("ts").to_physical() // 1_000_000 * 1_000_000).alias("ts")
        by_second = trades.select(second, "price", "qty", "buyer_is_maker").set_sorted("ts")
        grouped = by_second.group_by("ts", maintain_order=True).agg(bars)
        return grouped.with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")), symbol=pl.lit(symbol))

    return _timed(scale, lambda: pl.concat([of(BTC), of(ETH)]).collect(engine="streaming").to_arrow())


def duckdb(scale: Scale) -> Callable[[], Outcome]:
    import duckdb

    # Trade ids rise with time within a symbol, so first and last are those of the least and the greatest id.
    query = f"""
        SELECT symbol, epoch_us(ts) // 1000000 * 1000000 AS ts,
            arg_min(price, trade_id) AS open, max(price) AS high, min(price) AS low, arg_max(price, trade_id) AS close,
            sum(qty) AS volume, sum(price * qty) AS quote_volume,
            sum(CASE WHEN buyer_is_maker THEN 0.0 ELSE qty END) AS buy_volume, count(*) AS trade_count
        FROM read_parquet('{trades_glob(scale)}', hive_partitioning = false) GROUP BY ALL
    """
    connection = duckdb.connect()

    def work() -> pa.Table:
        rows = connection.sql(query).to_arrow_table()
        return rows.set_column(1, "ts", rows.column("ts").cast(pa.int64()).cast(pa.timestamp("us", "UTC")))

    return _timed(scale, work)


def pandas(scale: Scale) -> Callable[[], Outcome]:
    import pandas as pd

    def of(symbol: str) -> pd.DataFrame:
        folder = Path(trades_glob(scale, symbol)).parent
        trades = pd.read_parquet(folder, columns=COLUMNS)
        trades["quote_volume"] = trades["price"] * trades["qty"]
        trades["buy_volume"] = trades["qty"].where(~trades["buyer_is_maker"], 0.0)
        seconds = trades["ts"].astype("int64").to_numpy() // 1_000_000 * 1_000_000
        grouped = trades.groupby(seconds, sort=False)
        bars = pd.DataFrame(
            {
                "open": grouped["price"].first(),
                "high": grouped["price"].max(),
                "low": grouped["price"].min(),
                "close": grouped["price"].last(),
                "volume": grouped["qty"].sum(),
                "quote_volume": grouped["quote_volume"].sum(),
                "buy_volume": grouped["buy_volume"].sum(),
                "trade_count": grouped["qty"].count(),
            }
        )
        return bars.assign(symbol=symbol, ts=pd.to_datetime(bars.index, unit="us", utc=True))

    return _timed(scale, lambda: pa.Table.from_pandas(pd.concat([of(BTC), of(ETH)]), preserve_index=False))


def pyarrow_read(scale: Scale) -> Callable[[], Outcome]:
    """Reading the four columns and nothing else: what bars from pyarrow can at best take on all cores."""
    import pyarrow.parquet as pq

    def work() -> None:
        for symbol in (BTC, ETH):
            for path in sorted(Path(trades_glob(scale, symbol)).parent.iterdir()):
                for _ in pq.ParquetFile(path, memory_map=True, pre_buffer=False).iter_batches(131_072, columns=COLUMNS):
                    pass

    return _timed(scale, work)


def check(found: dict[str, pa.Table]) -> None:
    """Hold every peer's bars against ours: sums to 1e-9, because they add in another order; all else exactly."""
    bars = {name: _sorted(rows) for name, rows in found.items()}
    ours = bars["livepairs"]
    for name, theirs in bars.items():
        assert theirs.num_rows == ours.num_rows, f"{name} has {theirs.num_rows} bars, livepairs {ours.num_rows}"
        for column in ("symbol", "ts", *FIGURES):
            left, right = ours.column(column).to_numpy(), theirs.column(column).to_numpy()
            is_sum = column.endswith("volume")
            # A bar without buys is 0 for one and 1e-17 for another.
            equal = np.allclose(left, right, rtol=1e-9, atol=1e-9) if is_sum else bool((left == right).all())
            assert equal, f"{name} differs from livepairs in {column}"


def _sorted(rows: pa.Table) -> pa.Table:
    if "is_filled" in rows.column_names:
        rows = rows.filter(pa.compute.invert(rows.column("is_filled")))
    rows = rows.set_column(rows.column_names.index("symbol"), "symbol", rows.column("symbol").cast(pa.string()))
    return rows.sort_by([("symbol", "ascending"), ("ts", "ascending")])


CONTEST = Contest(
    title="Parquet recording to 1-second bars in memory",
    unit="M trades/s",
    contenders=(
        Contender("livepairs", ours),
        Contender("Polars", polars),
        Contender("DuckDB", duckdb),
        Contender("pandas groupby", pandas),
        Contender("pyarrow, reading only", pyarrow_read),
    ),
    check=check,
    goals=(Goal("M trades/s", ">", "Polars"), Goal(PEAK_MB, "<", 500)),
    notes="livepairs also gives a bar to every second without a trade, and reads in bounded memory.",
)
