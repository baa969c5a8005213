"""Which format an Accept header gets. Examples after RFC 9110, section 12.5.1."""

from __future__ import annotations

import pytest

from livepairs.api.accepting import ARROW, CSV, JSON, choose

OFFERED = (JSON, CSV, ARROW)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/*", CSV),
        ("text/csv", CSV),
        ("TEXT/CSV; header=present", CSV),
        ("application/vnd.apache.arrow.stream, */*;q=0.1", ARROW),
        ("application/json;q=0.4, text/csv;q=0.8", CSV),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        ("*/*, application/json;q=0", CSV),  # the more specific range decides
        ("text/csv;q=high, application/json;q=0.1", JSON),
        ("image/png", None),
        ("application/json;q=0", None),
        (";;,,/", None),
    ],
)
def test_the_header_gets_what_it_likes_best(accept: str, chosen: str | None) -> None:
    assert choose(accept, OFFERED) == chosen
