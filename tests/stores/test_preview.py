"""What is shown of a file before it is imported is what an import makes of it, and it never raises."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.stores.importing import import_files
from livepairs.stores.intake import ImportOptions
from livepairs.stores.preview import SampleRow, preview
from livepairs.stores.recording import open_recording

CSV = "time,px,size,dir\n" + "".join(f"2024-08-08T00:00:0{n}Z,1.{n},2,{'buy' if n % 2 else 'sell'}\n" for n in range(8))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "trades.csv"
    path.write_text(CSV)
    return path


def test_columns_are_recognised_and_their_first_rows_shown(table: Path) -> None:
    found = preview(table)
    assert (found.kind, found.names) == ("CSV", ("time", "px", "size", "dir"))
    assert found.cells[0] == ("2024-08-08T00:00:00Z", "1.0", "2", "sell")
    assert found.mapping == {"ts": "time", "price": "px", "qty": "size"}
    assert found.problem == "Found no column of symbols; say below which it is."


def test_the_rows_shown_are_the_rows_recorded(table: Path, tmp_path: Path) -> None:
    options = ImportOptions(symbol="BTC", columns={"side": "dir"})
    found = preview(table, options)
    assert found.problem == ""
    import_files([table], tmp_path / "made", options=options)
    made = open_recording(tmp_path / "made").trades(symbols=["BTC"]).slice(0, 5).to_pylist()
    assert [(row.price, row.qty, row.buyer_is_maker) for row in found.rows] == [
        (row["price"], row["qty"], row["buyer_is_maker"]) for row in made
    ]
    assert found.rows[0] == SampleRow(1_723_075_200_000_000, "BTC", 1.0, 2.0, buyer_is_maker=True)


def test_what_was_recognised_stays_while_a_column_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("when;cost;size\n2024-08-08T00:00:00Z;1.5;2\n")
    found = preview(path)
    assert found.mapping == {"qty": "size"}
    assert found.problem == "No column is taken for the time and the price; say which one is."
    assert preview(path, ImportOptions(symbol="B", columns={"ts": "when", "price": "cost"})).rows[0].price == 1.5


def test_parquet_is_shown_as_text_and_damaged_parquet_is_said(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.parquet", tmp_path / "bad.parquet"
    rows = {"ts": [1_723_075_200_000], "price": [1.5], "qty": [2.0], "symbol": ["BTC"]}
    pq.write_table(pa.table(rows), good)
    assert preview(good).cells == (("1723075200000", "1.5", "2.0", "BTC"),)
    assert preview(good).rows[0].ts_us == 1_723_075_200_000_000
    bad.write_bytes(good.read_bytes()[:-40])
    assert "damaged Parquet file" in preview(bad).problem


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"\x00\x01\x02", "binary data"),
        (b"hello\nworld\n", "a Binance dump, or CSV or Parquet"),
        (b"ts,price,qty,symbol\n1723075200000,abc,2,BTC\n", "price 'abc' in line 2"),
        (b"ts,price,qty,symbol\n", "There is no trade in it"),
        (b"PK\x03\x04 no zip", "damaged or incomplete"),
    ],
)
def test_a_bad_file_is_said_in_a_sentence_without_its_path(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    problem = preview(path).problem
    assert words in problem
    assert str(tmp_path) not in problem
    assert "--" not in problem


@given(content=st.binary(max_size=300))
@settings(max_examples=40, deadline=None)
def test_no_content_makes_it_raise_or_leaves_a_thread(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    before = threading.active_count()
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(b"ts,price,qty,symbol\n" + content)
    preview(path)
    assert threading.active_count() == before
