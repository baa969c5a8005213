"""`livepairs rehearse` as a user types it: its table, its JSON and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livepairs.__main__ import main

DEMO = str(Path(__file__).resolve().parents[2] / "recordings" / "demo")
WINDOWS = ["--bars", "5s", "--hedge-window", "60", "--z-window", "60", "--corr-window", "60"]
RULES = """\
[[rule]]
name = "far"
when = "abs(z) >= 2"
clear = "abs(z) <= 0.5"

[[rule]]
name = "never"
when = "abs(z) > 1e9"
"""


def rules_file(folder: Path, text: str = RULES) -> str:
    path = folder / "rules.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_it_prints_a_line_a_rule_and_says_what_the_words_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rehearse", rules_file(tmp_path), DEMO, *WINDOWS]) == 0
    head, far, never, *_ = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["rule", "fired"]
    assert far.split()[0] == "far"
    assert int(far.split()[1]) > 10
    assert never.split()[:3] == ["never", "0", "0.0"]


def test_as_json_every_figure_is_there_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["rehearse", rules_file(tmp_path), DEMO, *WINDOWS, "--rule", "far", "--costs-bps", "0", "--json"]
    assert main(asked) == 0
    (rule,) = json.loads(capsys.readouterr().out.splitlines()[-1])["rules"]
    assert rule["rule"] == "far"
    assert rule["fired"] == rule["recordings"][0]["fired"]
    assert 0.0 <= rule["back_share"] <= 1.0
    assert rule["pain_bps_worst"] >= rule["pain_bps_median"] >= 0.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rule", "fra"], "there is no rule 'fra'"),
        (["--pair", "ETHUSDT/BTCUSD"], "did you mean 'BTCUSDT'?"),
        (["--costs-bps", "-1"], "costs of -1.0 bps are out of range"),
    ],
)
def test_what_cannot_be_used_is_said(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rehearse", rules_file(tmp_path), DEMO, *WINDOWS, *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_mistake_in_the_rules_is_shown_in_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = rules_file(tmp_path, '[[rule]]\nname = "far"\nwhen = "abs(y) >= 2"\n')
    assert main(["rehearse", bad, DEMO]) == 2
    error = capsys.readouterr().err
    assert "line 3, column 13" in error
    assert main(["rehearse", str(tmp_path / "none.toml"), DEMO]) == 2
    assert "cannot read rules" in capsys.readouterr().err
