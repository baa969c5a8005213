"""Before a server of a live feed announces itself, a venue that knows no such symbol has had its say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from livepairs.commands import _serving
from livepairs.errors import ConfigError
from livepairs.sources.live_feed import FeedState


def live(status: Any, error: str | None = None) -> Any:
    return SimpleNamespace(line=SimpleNamespace(feed=FeedState(status=status)), state=SimpleNamespace(error=error))


def test_a_symbol_nobody_trades_is_the_users_to_mend() -> None:
    with pytest.raises(ConfigError, match="no such symbol"):
        _serving._check(live("connecting", "no such symbol"))


@pytest.mark.parametrize("status", ["live", "subscribed", "waiting", "refused"])
def test_anything_else_is_shown_on_the_pages(status: str) -> None:
    _serving._check(live(status))


def test_a_venue_that_does_not_answer_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_serving, "PATIENCE_S", -1.0)
    _serving._check(live("connecting"))


def test_a_generator_has_no_line_to_ask() -> None:
    _serving._check(SimpleNamespace(line=None, state=SimpleNamespace(error=None)))  # type: ignore[arg-type]
