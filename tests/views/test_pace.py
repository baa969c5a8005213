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
    run: Any = SimpleNamespace(state=SimpleNamespace(status="playing", generation=0), tables=SimpleNamespace(bars=bars))
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
