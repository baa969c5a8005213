"""Parts: never two that overlap in time, whatever order rows come in, and no file changed in place."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livepairs.stores import parts
from livepairs.stores.manifest import FileEntry
from livepairs.stores.parts import Rows, add_rows


def rows(*keys: tuple[int, int]) -> Rows:
    ts = np.array([key[0] for key in keys], np.int64)
    ids = np.array([key[1] for key in keys], np.int64)
    prices = ids * 1.5
    flags = (ids % 2).astype(np.uint8)
    return {"ts": ts, "recv_ts": ts + 3, "trade_id": ids, "price": prices, "qty": prices, "buyer_is_maker": flags}


def marks(*ts: int, price: float = 1.0) -> Rows:
    times = np.array(ts, np.int64)
    names = ("mark_price", "index_price", "funding_rate")
    return {
        "ts": times,
        "recv_ts": times,
        **{name: np.full(len(ts), price) for name in names},
        "next_funding_ts": times,
    }


def read(folder: Path, entries: list[FileEntry]) -> list[tuple[int, int]]:
    found = pa.concat_tables([pq.read_table(folder / entry.path, partitioning=None) for entry in entries])
    assert found.column("recv_ts").cast(pa.int64()).to_pylist() == [ts + 3 for ts in _ints(found, "ts")]
    assert found.column("price").to_pylist() == [trade_id * 1.5 for trade_id in _ints(found, "trade_id")]
    assert found.column("buyer_is_maker").to_pylist() == [trade_id % 2 == 1 for trade_id in _ints(found, "trade_id")]
    return list(zip(_ints(found, "ts"), _ints(found, "trade_id"), strict=True))


def _ints(table: pa.Table, name: str) -> list[int]:
    return table.column(name).cast(pa.int64()).to_pylist()


@given(
    batches=st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), min_size=1, max_size=12), max_size=6)
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_in_any_order_make_sorted_parts_that_do_not_overlap(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, batches: list[list[tuple[int, int]]]
) -> None:
    monkeypatch.setattr(parts, "ROW_GROUP_ROWS", 5)
    folder = tmp_path_factory.mktemp("any")
    entries: list[FileEntry] = []
    for batch in batches:
        entries = add_rows(folder, entries, "trades", "BTCUSDT", rows=rows(*batch), level=1)
    assert [key for entry in entries for key in read(folder, [entry])] == sorted(
        key for batch in batches for key in batch
    )
    assert all(before.last_us < after.first_us for before, after in pairwise(entries))
    assert [entry.path for entry in entries] == sorted(entry.path for entry in entries)
    for entry in entries:
        (found,) = [read(folder, [entry])]
        assert (entry.rows, entry.first_us, entry.last_us) == (len(found), found[0][0], found[-1][0])


def test_a_small_part_grows_and_a_full_one_gets_a_neighbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROW_GROUP_ROWS", 3)
    small = add_rows(tmp_path, [], "trades", "A", rows=rows((1, 1), (2, 2)), level=1)
    grown = add_rows(tmp_path, small, "trades", "A", rows=rows((3, 3)), level=1)
    more = add_rows(tmp_path, grown, "trades", "A", rows=rows((4, 4)), level=1)
    assert [entry.path.rpartition("/")[2] for entry in more] == ["part-00000.r1.parquet", "part-00001.parquet"]
    assert [entry.rows for entry in more] == [3, 1]


def test_rows_fetched_later_leave_the_files_as_they_were_and_make_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROW_GROUP_ROWS", 2)
    first = add_rows(tmp_path, [], "trades", "A", rows=rows((1, 1), (2, 2)), level=1)
    both = add_rows(tmp_path, first, "trades", "A", rows=rows((8, 8), (9, 9)), level=1)
    before = (tmp_path / both[0].path).read_bytes()
    healed = add_rows(tmp_path, both, "trades", "A", rows=rows((5, 5), (4, 4)), level=1)
    assert (tmp_path / both[0].path).read_bytes() == before
    assert [entry.path for entry in healed] == [both[0].path.replace(".parquet", ".r1.parquet"), both[1].path]
    assert read(tmp_path, healed) == [(1, 1), (2, 2), (4, 4), (5, 5), (8, 8), (9, 9)]


def test_a_row_at_the_very_time_a_part_ends_joins_it_though_its_id_is_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROW_GROUP_ROWS", 1)
    first = add_rows(tmp_path, [], "trades", "A", rows=rows((1, 5)), level=1)
    joined = add_rows(tmp_path, first, "trades", "A", rows=rows((1, 4), (2, 6)), level=1)
    assert [read(tmp_path, [entry]) for entry in joined] == [[(1, 4), (1, 5)], [(2, 6)]]


def test_marks_sent_twice_by_a_reconnect_are_kept_once(tmp_path: Path) -> None:
    first = add_rows(tmp_path, [], "marks", "A", rows=marks(1, 2), level=1)
    (part,) = add_rows(tmp_path, first, "marks", "A", rows=marks(2, 3, price=9.0), level=1)
    found = pq.read_table(tmp_path / part.path, partitioning=None)
    assert _ints(found, "ts") == [1, 2, 3]
    assert found.column("mark_price").to_pylist() == [1.0, 1.0, 9.0]
