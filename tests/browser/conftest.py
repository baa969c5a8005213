"""The app that most browser tests share: the bundled recording at 30 times its pace, on a server of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.hosting import hosting
from tests.browser.serving import RECORDING, livepairs_serve


@pytest.fixture(scope="session")
def desk() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the origin of a host whose pages may show those of the app, and its pages by path, to be added to."""
    pages: dict[str, str] = {}
    with hosting(pages) as origin:
        yield origin, pages


@pytest.fixture(scope="session")
def app(desk: tuple[str, dict[str, str]]) -> Iterator[str]:
    """Yield the URL of ``livepairs serve`` on the bundled recording, without the last slash."""
    with livepairs_serve(str(RECORDING), "--speed", "30", "--allow-origin", desk[0]) as url:
        yield url
