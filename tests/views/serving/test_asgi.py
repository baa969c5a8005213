"""The pages as one ASGI application, as far as it goes without the library that carries them there."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from livepairs.config import Settings
from livepairs.hub import get_hub, stop_hub
from livepairs.stores.bundled import bundled_recording
from livepairs.views.serving import asgi


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setattr(asgi, "_bokeh_app", lambda _key: SimpleNamespace())
    yield Settings(source=str(bundled_recording()), origins=("https://desk.example",))
    stop_hub()


def test_a_host_named_to_the_application_is_talked_to_as_one_of_the_settings_is(settings: Settings) -> None:
    pages = asgi.Pages(settings, origins=["https://other.example"])
    known = ("https://desk.example", "https://other.example")
    assert get_hub().settings.origins == known, "the pages' bridge to a host asks there"
    assert pages._door._entry.origins.others == frozenset(known)


def test_nobody_is_let_in_but_by_the_hosts_word_or_a_token_of_it_once(settings: Settings) -> None:
    pages = asgi.Pages(settings)
    gate = get_hub().gate
    token = pages.token("ann")
    assert not gate.is_open
    assert gate.admit({}, {}) is None
    visitor = gate.admit({}, {}, embed=token)
    assert visitor is not None
    assert (visitor.name, visitor.role) == ("ann", "viewer")
    assert gate.admit({}, {}, embed=token) is None
