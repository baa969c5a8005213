"""Imports of real and hand-written files into recordings, through the public function."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livepairs.errors import ConfigError, InputError, RecordingError
from livepairs.stores import importing
from livepairs.stores.importing import ImportReport, formats, import_files
from livepairs.stores.intake import ImportOptions
from livepairs.stores.recording import open_recording

DAY_MS = 1723075200000
"""2024-08-08T00:00:00Z."""


def agg_line(trade_id: int, *, ms: int | None = None, price: str = "60000.1", qty: str = "0.005") -> str:
    time_ms = DAY_MS + trade_id if ms is None else ms
    return f"{trade_id},{price},{qty},{trade_id * 2},{trade_id * 2 + 1},{time_ms},{'true' if trade_id % 2 else 'false'}"


def write(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def dump(folder: Path, lines: Sequence[str], *, name: str = "BTCUSDT-aggTrades-2024-08-08.csv") -> Path:
    return write(folder / name, lines)


def do(files: Sequence[Path] | Path, tmp_path: Path, **options: Any) -> ImportReport:
    paths = [files] if isinstance(files, Path) else files
    return import_files(paths, tmp_path / "rec", options=ImportOptions(**options), overwrite=True)


def trades(tmp_path: Path) -> pa.Table:
    return open_recording(tmp_path / "rec").trades()


def ids(tmp_path: Path) -> list[int]:
    found: list[int] = trades(tmp_path)["trade_id"].to_pylist()
    return found


def leftovers(tmp_path: Path) -> list[str]:
    return [path.name for path in tmp_path.iterdir() if "rec" in path.name]


# --- real data --------------------------------------------------------------------------------------------------------


def test_raw_log_of_2024_comes_in_whole(shared_data: Path, tmp_path: Path) -> None:
    """data/README.md: 21,313 + 14,076 trades, ids contiguous, the receiving clock 1.27 s behind the venue."""
    report = do(sorted((shared_data / "um_raw_20240808").glob("*.gz")), tmp_path)
    assert report.trades_read == 35_389
    assert report.kinds == {"BTCUSDT": "trade", "ETHUSDT": "trade"}
    assert report.rejected == report.repaired == {}
    assert {round(offset / 1e6, 2) for offset in report.clock_offsets_us.values()} == {-1.27}
    recording = open_recording(tmp_path / "rec")
    for symbol, count in (("BTCUSDT", 21_313), ("ETHUSDT", 14_076)):
        table = recording.trades(symbols=[symbol])
        assert table.num_rows == count
        assert set(np.diff(table["trade_id"].to_numpy())) == {1}
    lag_us = np.diff(np.stack([column_us(recording.trades(), name) for name in ("ts", "recv_ts")]), axis=0)
    assert lag_us.min() >= 0
    assert lag_us.max() < 100_000


def column_us(table: pa.Table, name: str) -> Any:
    return table[name].cast(pa.int64()).to_numpy()


def test_raw_log_equals_a_plain_reading_of_it(shared_data: Path, tmp_path: Path) -> None:
    file = shared_data / "um_raw_20240808" / "ethusdt.gz"
    do(file, tmp_path)
    with gzip.open(file, "rt") as lines:
        messages = [json.loads(line.split(" ", 1)[1]) for line in lines if '"e":"trade"' in line]
    expected = [(m["data"]["t"], m["data"]["T"] * 1000, float(m["data"]["p"]), m["data"]["m"]) for m in messages]
    table = trades(tmp_path)
    columns = (table["trade_id"].to_pylist(), column_us(table, "ts").tolist(), table["price"].to_pylist())
    assert list(zip(*columns, table["buyer_is_maker"].to_pylist(), strict=True)) == expected


def test_raw_log_of_2021_has_its_91_aggregates_and_no_gap(shared_data: Path, tmp_path: Path) -> None:
    report = do(shared_data / "um_agg_20210722" / "ws.log", tmp_path)
    assert report.trades_read == open_recording(tmp_path / "rec").trade_count == 91
    assert set(report.kinds.values()) == {"aggTrade"}
    assert report.skipped == {"bookTicker": 613, "depthUpdate": 764, "kline": 67}
    assert report.manifest.gaps == ()


def test_wire_frames_without_a_local_time_come_in(shared_data: Path, tmp_path: Path) -> None:
    report = do(shared_data / "wire_20261007" / "ws_frames_20261007.jsonl", tmp_path)
    assert report.kinds == {"BTCUSDT": "aggTrade"}
    assert report.skipped["marks of symbols without trades"] == 2
    assert open_recording(tmp_path / "rec").marks().num_rows == 1


# --- raw logs ---------------------------------------------------------------------------------------------------------


def frame(agg_id: int, *, ms: int | None = None, qty: str = "1") -> str:
    time_ms = DAY_MS + agg_id if ms is None else ms
    data = {"e": "aggTrade", "E": time_ms, "a": agg_id, "s": "BTCUSDT", "p": "1.5", "q": qty, "T": time_ms, "m": True}
    return json.dumps({"stream": "btcusdt@aggTrade", "data": data}, separators=(",", ":"))


def stamped(agg_id: int, *, lag_ms: int = 5, **fields: Any) -> str:
    return f"{(DAY_MS + agg_id + lag_ms) * 1_000_000} {frame(agg_id, **fields)}"


def test_missing_aggregate_becomes_a_gap(tmp_path: Path) -> None:
    report = do(write(tmp_path / "ws.log", [stamped(at) for at in (1, 2, 6, 7)]), tmp_path)
    (gap,) = report.manifest.gaps
    assert (gap.symbol, gap.missing) == ("BTCUSDT", 3)
    assert (gap.start_us, gap.end_us) == ((DAY_MS + 2) * 1000, (DAY_MS + 6) * 1000)
    assert gap.cause == "ids 3 to 5 are not in the files"


def test_rejected_aggregate_is_counted_and_is_no_gap(tmp_path: Path) -> None:
    report = do(write(tmp_path / "ws.log", [stamped(1), stamped(2, qty="0"), stamped(3)]), tmp_path)
    assert report.rejected == {"bad_quantity": 1}
    assert report.manifest.skipped == {"rejected: bad_quantity": 1}
    assert report.manifest.gaps == ()
    assert (report.trades_read, ids(tmp_path)) == (3, [1, 3])


def test_single_ids_missing_among_raw_trades_are_no_gap(tmp_path: Path) -> None:
    lines = [stamped(at).replace('"a"', '"t"').replace("aggTrade", "trade") for at in (1, 3, 4)]
    assert do(write(tmp_path / "ws.log", lines), tmp_path).manifest.gaps == ()


def test_receive_time_moves_onto_the_venues_clock_by_the_smallest_lag(tmp_path: Path) -> None:
    lags = {1: -1270, 2: -1200, 3: -1273}
    do(write(tmp_path / "ws.log", [stamped(at, lag_ms=lag) for at, lag in lags.items()]), tmp_path)
    table = trades(tmp_path)
    assert (column_us(table, "recv_ts") - column_us(table, "ts")).tolist() == [3_000, 73_000, 0]
    assert open_recording(tmp_path / "rec").manifest.clock_offset_us == -1_273_000


@pytest.mark.parametrize("scale", [1, 1_000, 1_000_000, 1_000_000_000], ids=["s", "ms", "us", "ns"])
def test_local_time_may_have_any_unit(scale: int, tmp_path: Path) -> None:
    lines = [f"{DAY_MS * scale // 1000}: {frame(0)}", f"{(DAY_MS + 1000) * scale // 1000}: {frame(1000)}"]
    do(write(tmp_path / "ws.log", ["wss://fstream.example/stream?streams=x", *lines, ""]), tmp_path)
    table = trades(tmp_path)
    assert (column_us(table, "recv_ts") - column_us(table, "ts")).tolist() == [0, 0]


def test_last_line_cut_off_by_a_crash_is_skipped_and_counted(tmp_path: Path) -> None:
    whole = "\n".join(stamped(at) for at in (1, 2, 3))
    for cut in (1, 15, 19, 20, 60):
        (tmp_path / "ws.log").write_text(whole[: -len(stamped(3)) + cut])
        assert do(tmp_path / "ws.log", tmp_path).skipped == {"cut-off last line": 1}
        assert ids(tmp_path) == [1, 2]


def test_malformed_line_within_a_log_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "ws.log", [stamped(1), stamped(2)[:80], stamped(3)])
    with pytest.raises(InputError, match=r"ws\.log, line 2: found a frame that cannot be read"):
        do(file, tmp_path)
    file = write(tmp_path / "ws.log", [stamped(1), "", "yesterday " + frame(2)])
    with pytest.raises(InputError, match=r"ws\.log, line 3: found 'yesterday"):
        do(file, tmp_path)
    assert leftovers(tmp_path) == []


def test_trade_and_aggregate_of_one_symbol_do_not_mix(tmp_path: Path) -> None:
    single = stamped(9).replace('"a"', '"t"').replace("aggTrade", "trade")
    file = write(tmp_path / "ws.log", [stamped(1), single])
    with pytest.raises(InputError, match="two number trades differently"):
        do(file, tmp_path)
    assert do(file, tmp_path, kind="trade").skipped == {"aggTrade": 1}
    assert ids(tmp_path) == [9]


def test_log_names_its_symbols_itself(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="names its symbols"):
        do(write(tmp_path / "ws.log", [stamped(1)]), tmp_path, symbol="X")


def test_log_without_trades_says_what_it_holds(tmp_path: Path) -> None:
    line = f'{DAY_MS}000000 {{"stream":"x@bookTicker","data":{{"e":"bookTicker","E":{DAY_MS}}}}}'
    with pytest.raises(InputError, match=r"no trade to keep .*1 bookTicker"):
        do(write(tmp_path / "ws.log", [line]), tmp_path)
    assert leftovers(tmp_path) == []


# --- dumps ------------------------------------------------------------------------------------------------------------


def test_interleaved_dates_are_sorted_by_time_and_id(tmp_path: Path) -> None:
    """Issues 12, 288, 293, 339 of binance-public-data: rows of two dates interleaved."""
    next_day = [agg_line(at, ms=DAY_MS + 86_400_000 + at) for at in (100, 101, 102)]
    lines = [line for both in zip(next_day, [agg_line(at) for at in (97, 98, 99)], strict=True) for line in both]
    report = do(dump(tmp_path, lines), tmp_path)
    assert ids(tmp_path) == [97, 98, 99, 100, 101, 102]
    assert report.repaired == {"rows out of order": 3}
    assert report.manifest.gaps == ()


def test_repeated_rows_are_dropped_and_counted(tmp_path: Path) -> None:
    """Issue 203 of binance-public-data: exact duplicate rows."""
    report = do(dump(tmp_path, [agg_line(at) for at in (1, 2, 2, 3, 3, 3)]), tmp_path)
    assert ids(tmp_path) == [1, 2, 3]
    assert report.repaired == report.manifest.repairs == {"duplicate rows": 3}
    assert report.trades_read == 6


def test_rows_of_one_id_that_disagree_are_counted_apart_and_one_is_kept(tmp_path: Path) -> None:
    lines = [agg_line(1), agg_line(2), agg_line(2, price="70000"), agg_line(3)]
    assert do(dump(tmp_path, lines), tmp_path).repaired == {"conflicting duplicates": 1}
    assert ids(tmp_path) == [1, 2, 3]


def test_id_that_comes_again_hours_later_is_kept_once(tmp_path: Path) -> None:
    lines = [agg_line(1), agg_line(2), agg_line(3, ms=DAY_MS + 3_600_000), agg_line(2, ms=DAY_MS + 3_600_001)]
    report = do(dump(tmp_path, lines), tmp_path)
    assert ids(tmp_path) == [1, 2, 3]
    assert report.repaired["conflicting duplicates"] == 1


def test_zero_quantities_are_dropped_counted_and_no_gap(tmp_path: Path) -> None:
    """Issue 342 of binance-public-data: rows with quantity 0.0."""
    report = do(dump(tmp_path, [agg_line(1), agg_line(2, qty="0.0"), agg_line(3)]), tmp_path)
    assert ids(tmp_path) == [1, 3]
    assert report.repaired == {"zero quantity": 1}
    assert report.manifest.gaps == ()


def test_dump_of_one_hour_missing_shows_as_a_gap(tmp_path: Path) -> None:
    report = do(dump(tmp_path, [agg_line(1), agg_line(9, ms=DAY_MS + 7_200_000)]), tmp_path)
    assert [gap.missing for gap in report.manifest.gaps] == [7]
    assert report.manifest.completeness < 0.01


def test_side_that_never_changes_is_warned_of(tmp_path: Path) -> None:
    """Issue 476 of binance-public-data: is_buyer_maker=true in every row."""
    lines = [agg_line(at).replace("false", "true") for at in range(1000)]
    (warning,) = do(dump(tmp_path, lines), tmp_path).warnings
    assert "buyer_is_maker is true in every row" in warning


def test_dump_rows_are_received_when_they_were_traded(tmp_path: Path) -> None:
    do(dump(tmp_path, [agg_line(1)]), tmp_path)
    table = trades(tmp_path)
    assert table["ts"].equals(table["recv_ts"])
    assert table["ts"][0].as_py().isoformat() == "2024-08-08T00:00:00.001000+00:00"


def test_overlapping_files_of_several_symbols_and_units_become_one_recording(tmp_path: Path) -> None:
    header = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
    first = dump(tmp_path, [agg_line(at) for at in range(1, 6)])
    second = dump(tmp_path, [header, *(agg_line(at) for at in range(4, 9))], name="BTCUSDT-aggTrades-2024-08.csv")
    third = dump(tmp_path, [agg_line(5, ms=(DAY_MS + 5) * 1000)], name="ETHUSDT-aggTrades-2024-08-08.csv")
    report = do([second, third, first], tmp_path)
    recording = open_recording(tmp_path / "rec")
    assert recording.trades(symbols=["BTCUSDT"])["trade_id"].to_pylist() == list(range(1, 9))
    assert recording.trades(symbols=["ETHUSDT"])["trade_id"].to_pylist() == [5]
    assert recording.symbols == ("BTCUSDT", "ETHUSDT")
    assert report.repaired == {"duplicate rows": 2}


@pytest.mark.parametrize("packing", ["csv", "gz", "zip"])
def test_packing_makes_no_difference(packing: str, tmp_path: Path) -> None:
    file = dump(tmp_path, [agg_line(1), agg_line(2)])
    if packing == "gz":
        packed = tmp_path / (file.name + ".gz")
        packed.write_bytes(gzip.compress(file.read_bytes()))
        file = packed
    if packing == "zip":
        packed = tmp_path / "renamed.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(file, file.name)
        file = packed
    assert do(file, tmp_path).kinds == {"BTCUSDT": "aggTrade"}
    assert ids(tmp_path) == [1, 2]


def test_symbol_that_the_name_does_not_tell_must_be_given(tmp_path: Path) -> None:
    file = dump(tmp_path, [agg_line(1)], name="mine.csv")
    with pytest.raises(InputError, match="--symbol"):
        do(file, tmp_path)
    assert do(file, tmp_path, symbol="ETHUSDT").kinds == {"ETHUSDT": "aggTrade"}


def test_spot_and_futures_of_one_symbol_do_not_mix(tmp_path: Path) -> None:
    futures = dump(tmp_path, [agg_line(1)])
    spot = dump(tmp_path, [agg_line(1).replace("true", "True") + ",True"], name="BTCUSDT-aggTrades-2025-01-01.csv")
    with pytest.raises(InputError, match="found spot rows for BTCUSDT"):
        do([futures, spot], tmp_path)


def test_bad_line_of_a_dump_is_named_counting_the_header(tmp_path: Path) -> None:
    header = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
    file = dump(tmp_path, [header, agg_line(1), agg_line(2, price="-5")])
    with pytest.raises(InputError, match=r"2024-08-08\.csv, line 3: found price '-5'; expected a positive number"):
        do(file, tmp_path)
    assert leftovers(tmp_path) == []


rows = st.lists(st.integers(0, 40), min_size=1, max_size=60)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows, st.randoms(use_true_random=False), st.integers(1, 3))
def test_any_order_and_repetition_gives_the_same_recording(
    tmp_path: Path, numbers: list[int], random: Any, files: int
) -> None:
    """Times 20 minutes apart, several of one time, so that rows cross hours and share milliseconds."""
    lines = [agg_line(at, ms=DAY_MS + at // 3 * 1_200_000, price=str(1 + at / 8)) for at in numbers]
    do(dump(tmp_path, [line for _, line in sorted(set(zip(numbers, lines, strict=True)))]), tmp_path)
    expected = trades(tmp_path)
    random.shuffle(lines)
    parts = [dump(tmp_path, lines[at::files], name=f"BTCUSDT-aggTrades-2024-0{at}.csv") for at in range(files)]
    report = do([part for part in parts if part.stat().st_size], tmp_path)
    assert trades(tmp_path).equals(expected)
    assert report.repaired.get("duplicate rows", 0) == len(numbers) - len(set(numbers))


# --- files and targets ------------------------------------------------------------------------------------------------


def two_members(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "1")
        archive.writestr("b.csv", "2")


def damaged_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("BTCUSDT-aggTrades-2024-08-08.csv", "\n".join(agg_line(at) for at in range(5000)))
    content = bytearray(path.read_bytes())
    content[2000:2040] = bytes(40)
    path.write_bytes(content)


BAD_FILES = {
    "missing": (lambda path: None, "no such file"),
    "a folder": (lambda path: path.mkdir(), "a folder"),
    "empty": (lambda path: path.write_bytes(b""), "an empty file"),
    "blank": (lambda path: path.write_bytes(b"\n\n  \n"), "nothing but blanks"),
    "cut gzip": (lambda path: path.write_bytes(gzip.compress((agg_line(1) + "\n").encode() * 9000)[:-20]), "damaged"),
    "no gzip": (lambda path: path.write_bytes(b"\x1f\x8b" + b"x" * 50), "damaged"),
    "no zip": (lambda path: path.write_bytes(b"PK\x03\x04" + b"x" * 50), "damaged"),
    "damaged zip": (damaged_zip, "damaged"),
    "two members": (two_members, "a zip of 2 files"),
    "no Parquet": (lambda path: path.write_bytes(b"PAR1" + b"x" * 50), "damaged Parquet"),
    "binary": (lambda path: path.write_bytes(bytes(range(256))), "binary data"),
    "UTF-16": (lambda path: path.write_text("time,price,qty\n", encoding="utf-16"), "UTF-16"),
    "xz": (lambda path: path.write_bytes(b"\xfd7zXZ\x00rest"), "xz archive"),
    "prose": (lambda path: path.write_text("Dear reader\n"), "'Dear reader'"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_file_that_cannot_be_imported_says_why_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    make, found = BAD_FILES[name]
    make(tmp_path / "input")
    with pytest.raises(InputError, match=found) as raised:
        do([dump(tmp_path, [agg_line(1)]), tmp_path / "input"], tmp_path, symbol="X")
    assert raised.value.exit_code == 2
    assert leftovers(tmp_path) == []


def test_recording_that_exists_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    file = dump(tmp_path, [agg_line(1)])
    do(file, tmp_path)
    with pytest.raises(RecordingError, match="exists"):
        import_files([file], tmp_path / "rec")
    with pytest.raises(InputError, match="no such file"):
        do(tmp_path / "gone", tmp_path)
    assert ids(tmp_path) == [1]


def test_rows_beyond_the_memory_allowed_wait_on_disk_and_come_out_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [agg_line(at, ms=DAY_MS + at * 60_000) for at in range(600)]
    files = [dump(tmp_path, lines[start::3], name=f"BTCUSDT-aggTrades-2024-0{start}.csv") for start in range(3)]
    do(files, tmp_path)
    expected = trades(tmp_path)
    small = importing.Heaps
    monkeypatch.setattr(importing, "Heaps", lambda beside: small(beside, budget_bytes=1000))
    do(files, tmp_path)
    assert trades(tmp_path).equals(expected)
    assert leftovers(tmp_path) == ["rec"]


def test_progress_reaches_the_end_of_reading_and_writing(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    file = dump(tmp_path, [agg_line(at) for at in range(10)])
    import_files([file], tmp_path / "rec", on_progress=lambda *step: seen.append(step))
    size = file.stat().st_size
    assert ("reading", size, size) in seen
    assert seen[-1] == ("writing", 10, 10)


def test_every_format_is_found_without_being_listed() -> None:
    assert set(formats()) >= {"csv", "dump", "parquet", "raw_log"}
    for module in formats().values():
        assert isinstance(module.PRECEDENCE, int)
        assert callable(module.recognises)
        assert callable(module.read)


# --- anybody's CSV and Parquet ----------------------------------------------------------------------------------------


def table_rows(tmp_path: Path) -> list[tuple[Any, ...]]:
    columns = ("ts", "symbol", "trade_id", "price", "qty", "buyer_is_maker")
    return [
        (row["ts"].strftime("%Y-%m-%dT%H:%M:%S.%f"), *(row[name] for name in columns[1:]))
        for row in trades(tmp_path).to_pylist()
    ]


FIRST = "2024-08-08T00:00:01.500000"


@pytest.mark.parametrize(
    "time",
    [
        "1723075201.5",
        "1723075201500",
        "1723075201500000",
        "1723075201500000000",
        "2024-08-08T00:00:01.5Z",
        "2024-08-08 00:00:01.500",
        "2024-08-08T02:00:01.500000+02:00",
        "2024-08-08 00:00:01.500 UTC",
    ],
)
def test_time_of_csv_may_be_a_number_of_any_unit_or_iso_8601(time: str, tmp_path: Path) -> None:
    file = write(tmp_path / "t.csv", ["Timestamp,Price,Size,Side,Id", f"{time},2.5,3,SELL,7"])
    do(file, tmp_path, symbol="BTCUSDT")
    assert table_rows(tmp_path) == [(FIRST, "BTCUSDT", 7, 2.5, 3.0, True)]


def test_columns_may_be_named_and_separated_in_any_way(tmp_path: Path) -> None:
    file = write(tmp_path / "t.csv", ["what;when;px;n;coin", "b;1723075201500;2.5;3;A", "s;1723075201600;2.5;3;B"])
    columns = {"ts": "when", "price": "px", "qty": "n", "symbol": "coin", "side": "what"}
    report = do(file, tmp_path, columns=columns)
    assert [row[1:] for row in table_rows(tmp_path)] == [("A", 1, 2.5, 3.0, False), ("B", 1, 2.5, 3.0, True)]
    assert report.kinds == {"A": "unnumbered", "B": "unnumbered"}


def test_rows_without_ids_are_numbered_by_time_and_none_is_lost(tmp_path: Path) -> None:
    lines = [f"{DAY_MS + ms},{price},1" for ms, price in ((3_700_000, 4), (5, 2), (5, 1), (5, 1), (1, 9))]
    do(write(tmp_path / "t.csv", ["time,price,qty", *lines]), tmp_path, symbol="X")
    assert [row[2:4] for row in table_rows(tmp_path)] == [(1, 9.0), (2, 2.0), (3, 1.0), (4, 1.0), (5, 4.0)]


def test_zone_of_times_that_name_none_can_be_given(tmp_path: Path) -> None:
    file = write(tmp_path / "t.csv", ["time,price,qty", "2024-08-08 02:00:01.5,1,1"])
    do(file, tmp_path, symbol="X", time_zone="Europe/Berlin")
    assert table_rows(tmp_path)[0][0] == FIRST
    with pytest.raises(ConfigError, match="time zone 'Mars'"):
        do(file, tmp_path, symbol="X", time_zone="Mars")
    file = write(tmp_path / "t.csv", ["time,price,qty", "2024-10-27 02:30:00,1,1"])
    with pytest.raises(InputError, match="cannot be placed"):
        do(file, tmp_path, symbol="X", time_zone="Europe/Berlin")


def test_unit_can_be_given_where_size_misleads(tmp_path: Path) -> None:
    file = write(tmp_path / "t.csv", ["time,price,qty", "1723075201,1,1"])
    with pytest.raises(InputError, match="line 2: found time 1723075201; expected a time from 2009"):
        do(file, tmp_path, symbol="X", time_unit="ms")


def test_missing_side_is_warned_of(tmp_path: Path) -> None:
    (warning,) = do(write(tmp_path / "t.csv", ["time,price,qty", "1723075201,1,1"]), tmp_path, symbol="X").warnings
    assert "no side column" in warning


def test_symbol_column_can_be_renamed_if_it_holds_one(tmp_path: Path) -> None:
    lines = ["time,price,qty,symbol", "1723075201,1,1,BTC/USDT:USDT"]
    assert do(write(tmp_path / "t.csv", lines), tmp_path, symbol="BTCUSDT").kinds == {"BTCUSDT": "unnumbered"}
    with pytest.raises(RecordingError, match="cannot be recorded"):
        do(tmp_path / "t.csv", tmp_path)
    with pytest.raises(InputError, match="since --symbol names them all"):
        do(write(tmp_path / "t.csv", [*lines, "1723075201,1,1,ETH"]), tmp_path, symbol="BTCUSDT")


@pytest.mark.parametrize(
    ("lines", "line", "found"),
    [
        (["time,price,qty", "1723075201,1,1", "1723075202,abc,1"], 3, "price 'abc'"),
        (["time,price,qty", "1723075201,1,1", "", "1723075202,-1,1"], 4, "price"),
        (["time,price,qty", "1723075201,nan,1"], 2, "price"),
        (["time,price,qty", "1723075201,,1"], 2, "price ''"),
        (["time,price,qty", "1723075201,1,-1"], 2, "qty"),
        (["time,price,qty", "1723075201,1"], 2, "2 fields"),
        (["time,price,qty", "yesterday,1,1"], 2, "time 'yesterday'"),
        (["time,price,qty", "1970-01-01,1,1"], 2, "time '1970-01-01'"),
        (["time,price,qty", "2100-01-01,1,1"], 2, "time '2100-01-01'"),
        (["time,price,qty,side", "1723075201,1,1,up"], 2, "side 'up'"),
        (["time,price,qty,id", "1723075201,1,1,x"], 2, "id 'x'"),
        (["time,price,qty,symbol", "1723075201,1,1,"], 2, "symbol ''"),
        (["time,cost,qty", "1723075201,1,1"], 1, "columns time, cost, qty"),
        (["time,price,price", "1723075201,1,1"], 1, "columns time, price, price"),
    ],
)
def test_row_of_csv_that_cannot_be_used_is_named(lines: list[str], line: int, found: str, tmp_path: Path) -> None:
    symbol = None if "symbol" in lines[0] else "X"
    with pytest.raises(InputError, match="expected") as raised:
        do(write(tmp_path / "t.csv", lines), tmp_path, symbol=symbol)
    assert raised.value.line == line
    assert raised.value.found.startswith(found)


def test_text_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"time,price,qty,side\n1723075201,1,1,b\xfcy\n")
    with pytest.raises(InputError, match="line 2: found text that is not UTF-8"):
        do(tmp_path / "t.csv", tmp_path, symbol="X")


def test_mapping_is_checked(tmp_path: Path) -> None:
    file = write(tmp_path / "t.csv", ["time,price,qty,id", "1723075201,1,1,oops"])
    with pytest.raises(ConfigError, match=r"did you mean 'price'"):
        do(file, tmp_path, symbol="X", columns={"prices": "price"})
    with pytest.raises(InputError, match=r"did you mean 'price'"):
        do(file, tmp_path, symbol="X", columns={"price": "prize"})
    with pytest.raises(InputError, match="--map symbol="):
        do(file, tmp_path)
    assert do(file, tmp_path, symbol="X", columns={"trade_id": ""}).kinds == {"X": "unnumbered"}


def test_parquet_comes_in_by_its_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "time": pa.array([1723075201500], pa.timestamp("ms")),
            "price": pa.array(["2.5"]).cast(pa.decimal128(10, 2)),
            "amount": pa.array([3], pa.int32()),
            "is_buyer_maker": [True],
            "id": pa.array([7], pa.uint64()),
            "symbol": pa.array(["BTCUSDT"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    do(tmp_path / "t.parquet", tmp_path)
    assert table_rows(tmp_path) == [(FIRST, "BTCUSDT", 7, 2.5, 3.0, True)]


def test_row_of_parquet_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    table = pa.table({"time": [1723075201] * 3, "price": [1.0, None, 1.0], "qty": [1.0] * 3})
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"t\.parquet, line 2: found price None"):
        do(tmp_path / "t.parquet", tmp_path, symbol="X")


def test_recording_of_ours_comes_in_again_as_it_was(tmp_path: Path) -> None:
    do(write(tmp_path / "ws.log", [stamped(at, lag_ms=at * at) for at in (1, 2, 3)]), tmp_path)
    before = trades(tmp_path)
    parts = sorted((tmp_path / "rec" / "trades").glob("*/*.parquet"))
    import_files(parts, tmp_path / "rec2")
    assert open_recording(tmp_path / "rec2").trades().equals(before)
