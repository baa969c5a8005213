"""The writer: a whole recording or none, the same bytes for the same rows, and no symbol that leaves its folder."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livepairs.errors import RecordingError, SchemaError
from livepairs.schema import TRADES, Gap, Marker, empty
from livepairs.stores import series
from livepairs.stores.recording import Provenance, RecordingWriter, open_recording
from tests.factories import make_marks, make_trades


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def record(path: Path, times: list[int], *, overwrite: bool = False) -> None:
    with RecordingWriter(path, source="import", overwrite=overwrite) as writer:
        writer.append(make_trades("BTCUSDT", times))
        writer.finish()


@given(cuts=st.lists(st.integers(1, 40), max_size=6))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_files_do_not_depend_on_how_the_rows_came(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, cuts: list[int]
) -> None:
    monkeypatch.setattr(series, "ROW_GROUP_ROWS", 7)
    monkeypatch.setattr(series, "_FILE_ROWS", 14)
    both = pa.Table.from_batches(
        [make_trades("BTCUSDT", range(0, 60, 2)), make_trades("ETHUSDT", range(1, 21))]
    ).unify_dictionaries()
    mixed = both.sort_by("ts").combine_chunks().to_batches()[0]
    edges = sorted({0, *(cut for cut in cuts if cut < mixed.num_rows), mixed.num_rows})
    folder = tmp_path_factory.mktemp("any")
    with RecordingWriter(folder / "whole", source="import") as writer:
        writer.append(mixed)
        whole = writer.finish()
    with RecordingWriter(folder / "sliced", source="import", symbols=("BTCUSDT", "ETHUSDT")) as writer:
        for first, end in itertools.pairwise(edges):
            writer.append(mixed.slice(first, end - first))
        sliced = writer.finish()
    assert sliced == whole
    assert len(whole.files) == 5
    assert open_recording(folder / "sliced").trades().equals(open_recording(folder / "whole").trades())


def test_what_the_maker_knows_is_in_the_manifest(tmp_path: Path) -> None:
    known = Provenance(
        vouched_us=99,
        is_final=False,
        gaps=(Gap("BTCUSDT", 10, 20, "lost", 3), Gap(None, 15, 30), Gap("BTCUSDT", 60, 70, is_healed=True)),
        markers=(Marker(50, "news", "a sentence"),),
        repairs={"duplicate rows": 3},
        skipped={"depthUpdate": 7},
        clock_offset_us=-1_270_000,
        live_digest="ab12",
    )
    with RecordingWriter(tmp_path / "R", source="binance-um:BTCUSDT", is_synthetic=True) as writer:
        writer.append(make_trades("BTCUSDT", [0, 99]), make_marks("BTCUSDT", [1]))
        writer.finish(known)
    manifest = open_recording(tmp_path / "R").manifest
    assert (manifest.schema_version, manifest.source, manifest.is_synthetic) == (1, "binance-um:BTCUSDT", True)
    assert all(getattr(manifest, name) == getattr(known, name) for name in Provenance.__slots__)
    # Of 100 microseconds, 10 to 30 are covered by gaps that were never filled.
    assert manifest.completeness == 0.8


def test_nothing_but_the_recording_is_left(tmp_path: Path) -> None:
    record(tmp_path / "R", [1, 2])
    assert names_in(tmp_path) == ["R"]
    assert names_in(tmp_path / "R") == ["manifest.json", "trades"]
    assert os.stat(tmp_path / "R").st_mode & 0o777 == 0o755


def test_an_error_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with RecordingWriter(tmp_path / "R", source="import") as writer:
            writer.append(make_trades("BTCUSDT", range(200_000)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert names_in(tmp_path) == []


def test_leaving_without_finish_leaves_nothing(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "R", source="import") as writer:
        writer.append(make_trades("BTCUSDT", [1]))
    assert names_in(tmp_path) == []


def test_a_recording_without_trades_is_refused(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "R", source="import") as writer:
        writer.append(empty(TRADES), make_marks("BTCUSDT", [1]))
        with pytest.raises(RecordingError, match="would hold no trade"):
            writer.finish()
    assert names_in(tmp_path) == []


KILLED = """
import os, signal, sys
from livepairs.stores import writer as module
from livepairs.stores.recording import RecordingWriter
from tests.factories import make_trades

moment, path = sys.argv[1:]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

with RecordingWriter(path, source="import") as writer:
    writer.append(make_trades("BTCUSDT", range(140_000)))
    if moment == "while writing":
        die()
    if moment == "before the manifest":
        module.Manifest.to_json = die
    if moment == "before the rename":
        module.os.rename = die
    writer.finish()
"""


@pytest.mark.parametrize("moment", ["while writing", "before the manifest", "before the rename"])
def test_a_process_killed_at_any_moment_leaves_nothing_that_looks_finished(
    tmp_path: Path, root: Path, moment: str
) -> None:
    path = tmp_path / "R"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    ended = subprocess.run([sys.executable, "-c", KILLED, moment, str(path)], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not path.exists()
    (leftover,) = tmp_path.iterdir()
    assert leftover.name.startswith(".R.partial-")
    with pytest.raises(RecordingError):
        open_recording(leftover)
    record(path, [1, 2])
    assert open_recording(path).trade_count == 2


def test_a_recording_is_replaced_only_when_asked(tmp_path: Path) -> None:
    record(tmp_path / "R", [1, 2])
    with pytest.raises(RecordingError, match="exists; choose another name or remove it first"):
        record(tmp_path / "R", [3])
    assert open_recording(tmp_path / "R").trade_count == 2
    record(tmp_path / "R", [3], overwrite=True)
    assert open_recording(tmp_path / "R").trade_count == 1
    assert names_in(tmp_path) == ["R"]


def test_what_is_no_recording_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to_mother.txt").write_text("dear mother")
    (tmp_path / "file").write_text("x")
    for name in ("letters", "file"):
        with pytest.raises(RecordingError, match="is not a recording; choose another name"):
            record(tmp_path / name, [1], overwrite=True)
    assert (tmp_path / "letters" / "to_mother.txt").read_text() == "dear mother"


def test_where_nothing_can_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match=r"cannot be made .*name one that can be"):
        record(tmp_path / "file" / "rec", [1])


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "R").mkdir()
    record(tmp_path / "R", [1])
    assert open_recording(tmp_path / "R").trade_count == 1


@pytest.mark.parametrize("symbol", ["../x", "a/b", "a\\b", "", ".a", "-x", "a b", "a=b", "a%2Fb", "a\0b", "x" * 65])
def test_a_symbol_that_cannot_name_a_folder_is_refused(tmp_path: Path, symbol: str) -> None:
    with (
        pytest.raises(RecordingError, match="cannot be recorded"),
        RecordingWriter(tmp_path / "deep" / "R", source="import") as writer,
    ):
        writer.append(make_trades(symbol, [1]))
    assert names_in(tmp_path / "deep") == []


@pytest.mark.parametrize("symbol", ["BTCUSDT", "BTCUSDT_261225", "1000PEPEUSDT", "币安人生USDT", "BRK.B", "EUR-USD"])
def test_symbols_of_any_script_are_recorded(tmp_path: Path, symbol: str) -> None:
    with RecordingWriter(tmp_path / "R", source="import") as writer:
        writer.append(make_trades(symbol, [1]))
        writer.finish()
    assert open_recording(tmp_path / "R").symbols == (symbol,)


@pytest.mark.parametrize(("times", "first_id"), [([4], 10), ([5], 1)])
def test_rows_that_go_back_are_a_bug_of_the_caller(tmp_path: Path, times: list[int], first_id: int) -> None:
    with RecordingWriter(tmp_path / "R", source="import") as writer:
        writer.append(make_trades("BTCUSDT", [1, 5], first_id=1))
        writer.append(make_trades("ETHUSDT", [1], first_id=1))
        with pytest.raises(SchemaError, match=r"trades of 'BTCUSDT' are out of order: .* follows \(5, 2\)"):
            writer.append(make_trades("BTCUSDT", times, first_id=first_id))


def test_a_batch_of_another_schema_is_a_bug_of_the_caller(tmp_path: Path) -> None:
    with (
        RecordingWriter(tmp_path / "R", source="import") as writer,
        pytest.raises(SchemaError, match="column 'price' is missing"),
    ):
        writer.append(make_trades("BTCUSDT", [1]).drop_columns(["price"]))
