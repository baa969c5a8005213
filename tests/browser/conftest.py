"""The app that most browser tests share: the bundled recording at 30 times its pace, on a server of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.serving import RECORDING, livepairs_serve


@pytest.fixture(scope="session")
def app() -> Iterator[str]:
    """Yield the URL of ``livepairs serve`` on the bundled recording, without the last slash."""
    with livepairs_serve(str(RECORDING), "--speed", "30") as url:
        yield url
