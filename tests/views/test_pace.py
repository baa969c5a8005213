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
