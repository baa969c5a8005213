"""What tests of the server's door share: a server of one small page to tell stories against."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import panel as pn
import pytest

from livepairs.access import passwords
from livepairs.access.users import User, Users, write_users
from livepairs.config import Settings
from livepairs.hub import start_hub, stop_hub
from livepairs.stores.bundled import bundled_recording
from livepairs.views.serving import server as serving
from tests.views.burglar import PASSWORD, Extra, Story, told


@pytest.fixture
def against(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Return what tells a story to a server of one small page."""
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: cheap)
    passwords._nobodys_hash.cache_clear()
    monkeypatch.setattr("livepairs.views.serving.prompt.SCRIPTS_S", 0.0)
    page = SimpleNamespace(TITLE="Market", ORDER=1, EXTENSIONS=(), page=lambda: pn.pane.HTML("figures"))
    monkeypatch.setattr(serving.pages, "found", lambda: {"market": page})
    monkeypatch.setattr("livepairs.views.serving.prompt.found", lambda: {"market": page})
    routes = serving._routes
    monkeypatch.setattr(serving, "_routes", lambda settings: [*routes(settings), (r"/extra", Extra)])

    def tell(story: Story, *, signs_in: bool = True, shown: Any = None, **settings: Any) -> None:
        page.page = shown or page.page
        if signs_in:
            users = Users().with_user(User("ann", "operator", passwords.hash_password(PASSWORD)))
            users = users.with_user(User("bob", "viewer", passwords.hash_password(PASSWORD)))
            write_users(tmp_path / "users", users)
            settings["auth"] = str(tmp_path / "users")
        chosen = Settings(source=str(bundled_recording()), recordings=str(tmp_path / "kept"), port=0, **settings)
        start_hub(chosen)
        asyncio.run(told(story, chosen))

    yield tell
    stop_hub()
