"""On disk a recording is plain Parquet: other readers take it as it is, folder or file, and it is small."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from livepairs.schema import MARKS, TRADES
from livepairs.stores.recording import Recording, RecordingWriter, open_recording
from tests.factories import make_marks, make_trades

SYMBOLS = ("BTCUSDT", "币安人生USDT", "1000PEPE_USDT")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("layout") / "R"
    rng = np.random.default_rng(1)
    with RecordingWriter(path, source="import") as writer:
        for symbol in SYMBOLS:
            times = np.cumsum(rng.integers(0, 50, 1_000)) * 1_000 + 1_700_000_000_000_000
            prices = np.round(60_000 + np.cumsum(rng.integers(-2, 3, 1_000)) * 0.1, 1)
            writer.append(make_trades(symbol, times.tolist(), price=prices.tolist()))
            writer.append(marks=make_marks(symbol, [int(times[0]), int(times[-1])], mark_price=60_000.5))
        writer.finish()
    return open_recording(path)


@pytest.fixture(params=["trades", "marks"])
def table(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def ours(recording: Recording, table: str, *symbols: str) -> list[tuple[object, ...]]:
    rows = (recording.trades if table == "trades" else recording.marks)(symbols=symbols or None)
    rows = rows.set_column(2, "symbol", rows["symbol"].cast(pa.string()))
    return sorted(tuple(row.values()) for row in rows.to_pylist())


def columns_of(table: str) -> list[str]:
    return (TRADES if table == "trades" else MARKS).names


def test_pandas_reads_the_folder_and_a_file(recording: Recording, table: str) -> None:
    for place, symbols in ((recording.path / table, ()), (recording.path / f"{table}/symbol=BTCUSDT", SYMBOLS[:1])):
        frame = pd.read_parquet(place)
        assert sorted(frame.columns) == sorted(columns_of(table))
        frame["symbol"] = frame["symbol"].astype(str)
        rows = frame[columns_of(table)].itertuples(index=False, name=None)
        assert sorted(rows) == ours(recording, table, *symbols)
    frame = pd.read_parquet(recording.path / f"{table}/symbol=BTCUSDT/part-00000.parquet")
    assert list(frame.columns) == columns_of(table)


@pytest.mark.parametrize("pattern", ["**/*.parquet", "symbol=*/*.parquet"])
def test_duckdb_reads_the_folder(recording: Recording, table: str, pattern: str) -> None:
    found = duckdb.connect().sql(f"from read_parquet('{recording.path / table}/{pattern}')").to_arrow_table()
    assert found.column_names == columns_of(table)
    found = found.set_column(2, "symbol", found["symbol"].cast(pa.string()))
    assert sorted(tuple(row.values()) for row in found.to_pylist()) == ours(recording, table)


def test_duckdb_reads_a_file(recording: Recording, table: str) -> None:
    path = recording.path / f"{table}/symbol=BTCUSDT/part-00000.parquet"
    found = duckdb.connect().execute(f"select count(*), min(symbol), max(symbol) from '{path}'").fetchone()
    assert found == (len(ours(recording, table, "BTCUSDT")), "BTCUSDT", "BTCUSDT")


def test_polars_scans_the_folder_and_a_file(recording: Recording, table: str) -> None:
    folder = pl.scan_parquet(recording.path / table).with_columns(pl.col("symbol").cast(pl.String)).collect()
    assert folder.columns == columns_of(table)
    assert sorted(folder.rows()) == ours(recording, table)
    one = pl.scan_parquet(recording.path / table).filter(pl.col("symbol") == "币安人生USDT").collect()
    assert one.height == len(ours(recording, table, "币安人生USDT"))
    file = pl.read_parquet(recording.path / f"{table}/symbol=BTCUSDT/part-00000.parquet")
    assert file.columns == columns_of(table)


def test_every_column_is_packed_by_what_it_holds(recording: Recording) -> None:
    footer = pq.read_metadata(recording.path / "trades/symbol=BTCUSDT/part-00000.parquet")
    group = footer.row_group(0)
    columns = {group.column(place).path_in_schema: group.column(place) for place in range(group.num_columns)}
    assert all(column.compression == "ZSTD" for column in columns.values())
    for name in ("ts", "recv_ts", "trade_id"):
        assert "DELTA_BINARY_PACKED" in columns[name].encodings
    for name in ("symbol", "price", "qty"):
        assert "RLE_DICTIONARY" in columns[name].encodings


def test_tick_like_trades_take_less_than_four_bytes(tmp_path: Path) -> None:
    """The floor of the reference table is 3.6 bytes a trade, for times, ids, prices, quantities and sides."""
    rng = np.random.default_rng(2)
    count = 300_000
    times = 1_700_000_000_000_000 + np.cumsum(rng.integers(0, 4, count) ** 3) * 1_000
    prices = np.round(60_000 + np.cumsum(rng.integers(-1, 2, count)) * 0.1, 1)
    quantities = np.round(rng.geometric(0.05, count) * 0.001, 3)
    with RecordingWriter(tmp_path / "R", source="import") as writer:
        writer.append(make_trades("BTCUSDT", times.tolist(), price=prices.tolist(), qty=quantities.tolist()))
        manifest = writer.finish()
    assert sum(entry.bytes for entry in manifest.files) / count < 4
