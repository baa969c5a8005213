"""``livepairs synthesize``: a recording from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from livepairs.__main__ import main
from livepairs.sources.synthetic_market import SyntheticMarket
from livepairs.sources.synthetic_params import SyntheticParams
from livepairs.stores.recording import open_recording


def test_the_recording_holds_the_rows_and_the_truth_of_the_market(tmp_path: Path) -> None:
    path = tmp_path / "R"
    options = ["--seed", "3", "--hours", "0.5", "--rate", "5", "--gap-min", "12", "--break-min", "20"]
    assert main(["synthesize", "--to", str(path), *options]) == 0
    params = SyntheticParams(seed=3, hours=0.5, rate=5, gap_min=12, break_min=20)
    market = SyntheticMarket(params)
    rows = sum(block.trades.num_rows for block in market.recording_blocks())
    recording = open_recording(path)
    assert recording.trade_count == rows
    assert recording.is_synthetic
    assert recording.is_final
    assert SyntheticParams.parse(recording.source) == params
    assert recording.gaps == market.truth().gaps
    assert [marker.label for marker in recording.markers] == ["feed gap", "break"]
    assert recording.vouched_us == params.start_us + 1_800_000_000 - 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rate", "0"], "livepairs: error: synthetic rate is 0.0; it must be 0.1 or more, up to 100000"),
        (["--seed", "x"], "livepairs: error: argument --seed: invalid int value: 'x'; see"),
        (["--sead", "7"], "livepairs: error: "),
    ],
)
def test_what_makes_no_sense_costs_exit_code_2_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["synthesize", "--to", str(tmp_path / "R"), *options]) == 2
    assert capsys.readouterr().err.startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_a_recording_that_is_there_is_replaced_only_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["synthesize", "--to", str(tmp_path / "R"), "--hours", "0.02", "--rate", "1"]
    assert [main(command), main(command), main([*command, "--overwrite"])] == [0, 2, 0]
    assert "exists; choose another name or remove it first" in capsys.readouterr().err
