"""`livepairs check` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livepairs import pipeline
from livepairs.__main__ import main
from livepairs.pairs.machine import PairMachine
from tests.test_lookahead import recording, with_column  # noqa: F401 - a fixture

PAIR = ["--pair", "ETHUSDT/BTCUSDT"]
QUICK = ["--hedge-window", "40", "--z-window", "40", "--corr-window", "40", "--cuts", "2", "--starts", "1"]


@pytest.fixture
def path(recording) -> str:  # noqa: F811
    return str(recording.path)


def test_an_honest_run_prints_a_table_and_exits_with_nothing(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", path, *PAIR, *QUICK]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ETHUSDT/BTCUSDT"
    assert lines[1].split() == ["metric", "compared", "changed", "largest", "warm-up", "promised", "verdict"]
    names = [line.split()[0] for line in lines[2:-1]]
    assert {"pairs.z", "pairs.half_life", "events", "trades", "equity"} <= set(names)
    assert all(line.endswith((" ok", "not seen")) for line in lines[2:-1])
    assert lines[-1] == "nothing looks ahead, by 2 random cuts"


def test_a_planted_look_ahead_exits_with_one_and_is_named(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Peeking(PairMachine):
        def update(self, bars):
            rows = super().update(bars)
            values = rows.column("corr").to_numpy()
            return with_column(rows, "corr", values[::-1].copy())

    monkeypatch.setattr(pipeline, "PairMachine", Peeking)
    assert main(["check", path, *PAIR, *QUICK]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "biased: pairs.corr"
    assert any(line.split()[0] == "pairs.corr" and line.endswith("looks ahead") for line in out.splitlines()[2:-1])


def test_json_is_one_object(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", path, *PAIR, *QUICK, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["biased"] == 0
    assert {"pair", "output", "column", "compared", "changed", "verdict"} <= report["findings"][0].keys()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pair", "ETHUSDT"], "is not of the form Y/X"),
        ([*PAIR, "--cuts", "0"], "0 cuts"),
        ([*PAIR, "--exit", "3"], "exit 3.0 is not below entry 2.0"),
        ([*PAIR, "--grace-ms", "nan"], "is not a length of time"),
        (["--pair", "ETHUSD/BTCUSDT"], "did you mean 'ETHUSDT'"),
        ([], "--pair"),
    ],
)
def test_what_the_user_can_fix_is_one_line(
    arguments: list[str], words: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", path, *arguments]) == 2
    err = capsys.readouterr().err
    assert err.startswith("livepairs: error: ")
    assert words in err
    assert err.count("\n") == 1


def test_a_recording_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none"), *PAIR]) == 2
    assert capsys.readouterr().err.startswith("livepairs: error: ")
