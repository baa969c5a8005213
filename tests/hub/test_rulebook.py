"""The rules in force: followed while their file changes, replaced from the page, and taken by a run between bars."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from livepairs.alerts.mistake import RuleError
from livepairs.alerts.rule import default_rules
from livepairs.clock import SystemClock
from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.hub.feeding import Feeding
from livepairs.hub.rulebook import Rulebook, open_rulebook, rules_of
from livepairs.hub.runparts import RunSetup
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import Chunk, Pair
from tests.factories import make_chunk, make_trades

FALLBACK = default_rules(2.0, 0.5)
ONE = '[[rule]]\nname = "one"\nwhen = "y_close > 101"\n'
TWO = ONE + '[[rule]]\nname = "two"\nwhen = "y_close > 102"\n'
BAD = '[[rule]]\nname = "bad"\nwhen = "zz > 1"\n'


def write(path: Path, text: str) -> None:
    """Replace a file so that its signature is another, however coarse the file system's clock."""
    path.unlink(missing_ok=True)
    path.write_text(text, "utf-8")


def test_without_a_file_the_rules_are_those_of_the_levels(tmp_path: Path) -> None:
    book = Rulebook(tmp_path / "rules.toml", FALLBACK)
    assert (book.rules, book.current, book.text, book.problem) == (None, FALLBACK, FALLBACK.text, None)
    assert book.versions() == []


def test_a_changed_file_comes_into_force_once_it_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(ONE, "utf-8")
    book = Rulebook(path, FALLBACK)
    told: list[str | None] = []
    book.subscribe(lambda: told.append(book.problem))
    assert not book.look()
    write(path, TWO + BAD)
    assert book.look()
    assert [rule.name for rule in book.current.rules] == ["one"]
    assert book.problem is not None
    assert "line 9, column 9" in book.problem
    assert "there is no column 'zz' (did you mean 'z'?)" in book.problem
    write(path, TWO)
    assert book.look()
    assert ([rule.name for rule in book.current.rules], book.problem) == (["one", "two"], None)
    assert len(told) == 2
    assert told[1] is None


def test_a_file_that_is_gone_leaves_its_rules_in_force(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(ONE, "utf-8")
    book = Rulebook(path, FALLBACK)
    path.unlink()
    assert book.look()
    assert [rule.name for rule in book.current.rules] == ["one"]
    assert "cannot be read" in (book.problem or "")


def test_a_server_does_not_begin_with_a_file_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(BAD, "utf-8")
    with pytest.raises(RuleError, match=r"line 3, column 9"):
        open_rulebook(Settings(recordings=str(tmp_path)), SystemClock())
    with pytest.raises(ConfigError, match="is not there"):
        rules_of(Settings(rules=str(tmp_path / "other.toml")))


def test_saving_replaces_the_file_and_keeps_what_was_before(tmp_path: Path) -> None:
    book = Rulebook(tmp_path / "rules.toml", FALLBACK)
    first = book.save(ONE.replace("\n", "\r\n"), "ann")
    second = book.save(TWO, "bob")
    assert (tmp_path / "rules.toml").read_text("utf-8") == TWO
    assert [(kept.version, kept.who) for kept in book.versions()] == [(second.version, "bob"), (first.version, "ann")]
    assert book.text_of(first.version) == ONE
    assert not book.look()
    with pytest.raises(RuleError):
        book.save(BAD, "eve")
    assert book.current == second
    assert (tmp_path / "rules.toml").read_text("utf-8") == TWO
    assert Rulebook(tmp_path / "rules.toml", FALLBACK).versions() == book.versions()


def test_the_folder_of_recordings_may_hold_the_rules(tmp_path: Path) -> None:
    assert rules_of(Settings(recordings=str(tmp_path))) is None
    (tmp_path / "rules.toml").write_text(ONE, "utf-8")
    found = rules_of(Settings(recordings=str(tmp_path)))
    assert found is not None
    assert found.rules[0].name == "one"


class _Endless:
    """A source that hands over the chunks it was given."""

    def __init__(self, chunks: list[Chunk], before: dict[int, object]) -> None:
        self.symbols = ("X", "Y")
        self._chunks, self._before = chunks, before

    async def chunks(self):
        for place, chunk in enumerate(self._chunks):
            if place in self._before:
                self._before[place]()
            yield chunk


def test_a_run_takes_new_rules_between_two_bars_and_rules_that_stay_do_not_fire_anew(tmp_path: Path) -> None:
    book = Rulebook(tmp_path / "rules.toml", FALLBACK)
    book.save(ONE, "ann")
    params, rules = book.apply(RunParams(pairs=(Pair("Y", "X"),)))
    pipeline = Pipeline(("X", "Y"), params)
    chunks = []
    for second in range(6):
        trades = [make_trades(symbol, [second * 1_000_000], price=103.0, first_id=second + 1) for symbol in ("X", "Y")]
        chunks.append(make_chunk(second * 1_000_000 + 600_000, *trades))
    source = _Endless(chunks, {3: lambda: book.save(TWO, "bob")})
    setup = RunSetup(id="a", label="a", source=source, pipeline=pipeline, params=params, rules=rules)  # type: ignore[arg-type]
    feeding = Feeding(setup, SystemClock(), heed=lambda _chunk: None, changed=lambda _is_urgent: None)
    asyncio.run(feeding.feed())
    events = pipeline.tables.events.tail(10)
    assert events.column("rule").to_pylist() == ["one", "two"]
    assert events.column("ts").cast("int64").to_pylist() == [0, 2_000_000]
    assert feeding.params.rules == book.rules
    pipeline.close()


def test_a_run_that_was_given_rules_keeps_them(tmp_path: Path) -> None:
    book = Rulebook(tmp_path / "rules.toml", FALLBACK)
    book.save(ONE, "ann")
    params = replace(RunParams(pairs=()), rules=FALLBACK)
    assert book.apply(params) == (params, None)
