"""`livepairs backtest` as a user types it: its files, its last line and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from livepairs.__main__ import main
from livepairs.backtest.metrics import METRICS
from livepairs.backtest_recording import backtest

ROOT = Path(__file__).resolve().parents[2]
DEMO = str(ROOT / "recordings" / "demo")
PAIR = "ETHUSDT/BTCUSDT"
TRADE_COLUMNS = (
    "entry_ts exit_ts side qty_y qty_x entry_y entry_x exit_y exit_x "
    "fees slippage funding pnl_gross pnl_net bars_held reason"
)


def test_files_have_the_columns_of_the_specification(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    windows = ["--bars", "5s", "--hedge-window", "240", "--z-window", "240", "--corr-window", "240"]
    assert main(["backtest", DEMO, "--pair", PAIR, *windows, "--stop", "none", "--out", str(tmp_path / "o")]) == 0
    out, err = capsys.readouterr()
    assert pq.read_schema(tmp_path / "o" / "trades.parquet").names == TRADE_COLUMNS.split()
    assert pq.read_schema(tmp_path / "o" / "equity.parquet").names == ["ts", "equity", "position", "drawdown"]
    report = json.loads((tmp_path / "o" / "metrics.json").read_text("utf-8"))
    assert list(report) == [*METRICS, "pair", "params", "notes"]
    assert report["params"]["stop"] is None
    assert json.loads(out.splitlines()[-1]) == {name: report[name] for name in METRICS}
    assert err.splitlines() == [f"note: {note}" for note in report["notes"]]
    same = backtest(DEMO, pair=PAIR, bars="5s", hedge_window=240, z_window=240, corr_window=240, stop=None)
    assert pq.read_table(tmp_path / "o" / "trades.parquet").equals(same.trades)
    assert same.trades.num_rows == report["trades"] > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pair", "ETHUSDT"], "is not of the form Y/X"),
        (["--pair", PAIR, "--exit", "3"], "exit 3.0 is not below entry 2.0"),
        (["--pair", PAIR, "--stop", "far"], "argument --stop: "),
        (["--pair", PAIR, "--fill", "mid"], "fill 'mid' is not known; use open or close"),
        (["--pair", PAIR, "--funding", "absent.csv"], "absent.csv: found "),
        ([], "--pair"),
    ],
)
def test_what_the_user_can_fix_is_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backtest", DEMO, *arguments, "--out", str(tmp_path / "o")]) == 2
    err = capsys.readouterr().err
    assert err.startswith("livepairs: error: ")
    assert words in err
    assert err.count("\n") == 1
    assert not (tmp_path / "o").exists()


def test_an_out_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    arguments = ["--bars", "1m", "--pair", PAIR, "--out", str(tmp_path / "file" / "o")]
    assert main(["backtest", DEMO, *arguments]) == 2
    assert "cannot write to" in capsys.readouterr().err


def test_each_metric_is_explained_in_the_document_as_it_is_in_the_code() -> None:
    text = (ROOT / "docs" / "backtest.md").read_text("utf-8")
    assert [name for name, meaning in METRICS.items() if f"| `{name}` | {meaning} |" not in text] == []
    assert [name for name in TRADE_COLUMNS.split() if f"`{name}`" not in text] == []
