"""A page is built at once where the browser has its scripts, and after they were asked for where it has not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from livepairs.views.serving.prompt import has_scripts


@pytest.mark.parametrize(
    ("referer", "has"),
    [
        ("http://desk:5006/market?run=abc", True),
        ("http://desk:5006/dash/spread", True),
        ("http://desk:5006/login", False),
        ("http://elsewhere/market", False),
        ("", False),
    ],
)
def test_scripts_are_there_where_the_browser_comes_from_a_page_of_ours(referer: str, has: bool) -> None:
    request: Any = SimpleNamespace(headers={"Referer": referer}, host="desk:5006")
    assert has_scripts(request) is has
