"""How often a panel shows something new."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from livepairs.views import pace


def test_a_closed_bar_does_not_wait_and_what_moves_between_bars_does(monkeypatch: pytest.MonkeyPatch) -> None:
    now = SimpleNamespace(s=100.0)
    monkeypatch.setattr(pace, "monotonic", lambda: now.s)
    bars = SimpleNamespace(total_rows=0)
    run: Any = SimpleNamespace(
        state=SimpleNamespace(status="playing", generation=0, is_seeking=False), tables=SimpleNamespace(bars=bars)
    )
    shown = pace.Pace(0.2, heeds_bars=True)

    def at(second: float, rows: int) -> bool:
        now.s, bars.total_rows = 100 + second, rows
        return shown.is_due(run)

    assert at(0.0, 2)
    assert not at(0.1, 2)
    assert at(0.2, 2)
    assert at(0.25, 4)  # a bar of each leg
    assert not at(0.3, 6)  # and the next at once: a replay far quicker than life
    assert at(0.45, 6)


class Run:
    """What a pace asks of one that plays, and what is shared between views."""

    state = SimpleNamespace(status="playing", generation=0, is_seeking=False)

    def __init__(self) -> None:
        self.tables = SimpleNamespace(bars=SimpleNamespace(total_rows=2))


def test_a_bar_that_closes_in_the_midst_of_a_beat_shows_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    now, beat, run = SimpleNamespace(s=100.0), SimpleNamespace(number=1), Run()
    monkeypatch.setattr(pace, "monotonic", lambda: now.s)
    monkeypatch.setattr(pace, "current_beat", lambda: beat.number)
    asked: Any = run
    first, second = pace.Pace(0.2, heeds_bars=True), pace.Pace(0.2, heeds_bars=True)

    def at(seconds: float) -> list[bool]:
        now.s, beat.number = 100 + seconds, beat.number + 1
        return [first.is_due(asked), second.is_due(asked)]

    assert at(0.0) == [True, True]
    now.s, beat.number = 101.0, beat.number + 1
    assert first.is_due(asked)
    run.tables.bars.total_rows = 4
    # It is given what the first was given, in which that bar is not.
    assert second.is_due(asked)
    assert at(1.05) == [True, True]
    assert at(1.1) == [False, False]


def test_a_moment_sought_shows_once_unless_it_is_long_in_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    now = SimpleNamespace(s=100.0)
    monkeypatch.setattr(pace, "monotonic", lambda: now.s)
    state = SimpleNamespace(status="paused", generation=1, is_seeking=True)
    run: Any = SimpleNamespace(state=state, tables=SimpleNamespace(bars=SimpleNamespace(total_rows=0)))
    shown = pace.Pace(0.2)

    def at(second: float, *, generation: int, is_seeking: bool) -> bool:
        now.s, state.generation, state.is_seeking = 100 + second, generation, is_seeking
        return shown.is_due(run)

    assert at(0.0, generation=1, is_seeking=True)  # a page begins with what there is
    assert at(0.1, generation=1, is_seeking=False)
    assert not at(5.0, generation=2, is_seeking=True)
    assert at(5.05, generation=2, is_seeking=False)
    assert not at(9.0, generation=3, is_seeking=True)
    assert not at(9.4, generation=3, is_seeking=True)
    assert at(9.5, generation=3, is_seeking=True)
    assert not at(9.6, generation=3, is_seeking=True)
    assert at(9.7, generation=3, is_seeking=False)
