"""Who may stop and start a live feed: asked on the server with each act, whatever the browser shows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from livepairs.config import Settings
from livepairs.hub import Hub
from livepairs.views.frame.sourcestate import SourceState


@pytest.mark.parametrize(("is_read_only", "done"), [(False, ["stop", "start"]), (True, [])])
def test_a_viewer_neither_stops_nor_starts_a_feed(
    monkeypatch: pytest.MonkeyPatch, is_read_only: bool, done: list[str]
) -> None:
    hub = Hub(Settings(read_only=is_read_only))
    monkeypatch.setattr("livepairs.views.frame.visitor.get_hub", lambda: hub)
    told = list[str]()
    line = SimpleNamespace(start=lambda: told.append("start"), stop=lambda: told.append("stop"))
    run: Any = SimpleNamespace(line=line)
    state = SourceState(run, lambda: None, can_change=True)
    for act in ("stop", "start"):
        state._act(state.wide, act)
    hub.close()
    assert told == done
