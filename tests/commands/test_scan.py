"""The scan from the command line: closes or a recording in, Parquet and a summary out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from livepairs.__main__ import main
from livepairs.scan.result import SCAN
from livepairs.stores.recording import open_recording
from tests.scan.universes import make_universe

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def closes(tmp_path: Path) -> Path:
    table = {f"S{place}": row for place, row in enumerate(make_universe(5, 120))}
    file = tmp_path / "closes.parquet"
    pq.write_table(pa.table({"ts": np.arange(120) * 60_000_000, **table}), file)
    return file


def test_closes_become_a_row_an_ordered_pair_and_a_summary(closes, tmp_path, capsys):
    out = tmp_path / "made" / "scan.parquet"
    assert main(["scan", str(closes), "--window", "100", "--lags", "1", "--past", "0", "--out", str(out)]) == 0
    table = pq.read_table(out)
    assert table.schema.names == SCAN.names
    assert table.num_rows == 20
    said = capsys.readouterr()
    assert "5 symbols, 100 bars: 10 pairs, both ways 20 tests" in said.out
    assert "caution: 20 tests: at p < 0.05 some 1 would pass by chance alone" in said.out
    assert said.err == ""


def test_frame_with_times_as_index_is_read_as_pandas_wrote_it(tmp_path, capsys):
    frame = pd.DataFrame(make_universe(3, 60).T, columns=["A", "B", "C"])
    frame.index = pd.date_range("2025-05-10", periods=60, freq="min", tz="UTC", name="date")
    frame.loc[frame.index[5], "B"] = np.nan
    frame["DEAD"] = 1.0
    frame.to_parquet(tmp_path / "closes.parquet")
    assert main(["scan", str(tmp_path / "closes.parquet"), "--out", str(tmp_path / "o.parquet")]) == 0
    assert set(pq.read_table(tmp_path / "o.parquet")["y"].to_pylist()) == {"A", "B", "C"}
    told = capsys.readouterr().err
    assert "note: 1 of 60 bars of B are missing and repeat the close before" in told
    assert "note: DEAD is left out: its price never moves" in told


def test_recording_is_scanned_by_its_bars(tmp_path, capsys):
    recording = open_recording(ROOT / "recordings" / "demo")
    out = tmp_path / "scan.parquet"
    assert main(["scan", str(recording.path), "--bars", "1m", "--lags", "1", "--out", str(out)]) == 0
    table = pq.read_table(out)
    assert table.num_rows == len(recording.symbols) * (len(recording.symbols) - 1)
    assert set(table["y"].to_pylist()) == set(recording.symbols)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.parquet"], "no such file or folder"),
        (["text.parquet"], "cannot be read"),
        (["words.parquet"], "column 'A' is string"),
        (["backwards.parquet"], "do not go forward at row 3"),
        (["closes.parquet", "--lags", "x"], "invalid _lags value|argument --lags"),
        (["closes.parquet", "--lags", "60"], "60 lags are too many for 120 bars"),
        (["closes.parquet", "--fdr", "2"], "fdr of 2.0 is out of range"),
        (["closes.parquet", "--price", "logs"], "price 'logs' is not known"),
        (["closes.parquet", "--past", "-1"], "past of -1 windows"),
        (["closes.parquet", "--window", "121"], "longer than the 120 bars"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_two(arguments, message, closes, tmp_path, monkeypatch, capsys):
    import re

    monkeypatch.chdir(tmp_path)
    Path("text.parquet").write_text("no parquet")
    pq.write_table(pa.table({"A": ["x", "y"]}), "words.parquet")
    pq.write_table(pa.table({"ts": [1, 3, 2], "A": [1.0, 2.0, 3.0]}), "backwards.parquet")
    assert main(["scan", *arguments, "--out", "o.parquet"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("livepairs: error: ")
    assert told.count("\n") == 1
    assert re.search(message, told)
