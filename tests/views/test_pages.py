"""The contract of a page: found without being listed, complete, and the same for every way of serving it."""

from __future__ import annotations

import pytest

from livepairs.views import pages
from tests.conftest import ROOT

PAGES = pages.found()


def test_there_are_the_pages_users_know() -> None:
    assert list(PAGES)[:6] == ["market", "spread", "scanner", "backtest", "alerts", "recordings"]


@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_has_a_title_a_place_and_a_page_function(name: str) -> None:
    module = PAGES[name]
    assert module.TITLE
    assert isinstance(module.ORDER, int)
    assert callable(module.page)


def test_every_page_has_its_app_file_and_the_other_way_round() -> None:
    apps = {path.stem: path.read_text() for path in (ROOT / "apps").glob("*.py")}
    assert set(apps) == set(PAGES)
    for name, text in apps.items():
        assert f"from livepairs.views.pages.{name} import page" in text
        assert len(text.splitlines()) <= 30


def test_titles_and_places_are_different() -> None:
    assert len({module.TITLE for module in PAGES.values()}) == len(PAGES)
    assert len({module.ORDER for module in PAGES.values()}) == len(PAGES)
