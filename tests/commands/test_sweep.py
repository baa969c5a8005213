"""`livepairs sweep` as a user types it: its files, its words, its last line and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from livepairs.__main__ import main
from livepairs.backtest.sweep import TRIED
from livepairs.backtest.walkforward import FOLDS

DEMO = str(Path(__file__).resolve().parents[2] / "recordings" / "demo")
PAIR = "ETHUSDT/BTCUSDT"


def test_it_writes_a_row_a_set_and_says_what_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    grid = ["--entry", "1:2:0.5", "--exit", "0,0.5", "--stop", "4,none", "--z-window", "60,90", "--hedge-window", "120"]
    ways = ["--bars", "5s", "--fee-bps", "0.1", "--slippage-bps", "0", "--folds", "2"]
    assert main(["sweep", DEMO, "--pair", PAIR, *grid, *ways, "--out", str(out)]) == 0
    said, words = capsys.readouterr()
    assert pq.read_table(out / "sets.parquet").num_rows == 24
    assert pq.read_schema(out / "sets.parquet").names == TRIED.names
    assert pq.read_schema(out / "folds.parquet").names == FOLDS.names
    left = json.loads(said.splitlines()[-1])
    assert left == json.loads((out / "selection.json").read_text("utf-8"))
    assert (left["sets"], left["trials"]) == (24, 24)
    assert words.startswith("24 sets tried (24 trials), ")
    assert "probability of backtest overfitting: " in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--entry", "1:x"], "values '1:x' cannot be read"),
        (["--entry", "none"], "entry 'none' makes no sense"),
        (["--z-window", "10.5"], "z_window '10.5' has parts of bars"),
        (["--pair", "ETHUSDT/BTCUSD"], "did you mean 'BTCUSDT'?"),
        (["--entry", "0.1"], "no combination is left"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", DEMO, "--pair", PAIR, *arguments, "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("livepairs: error: ")
    assert words in error
    assert len(error.splitlines()) == 1
