"""How pytest runs here: which tests share a worker, in which order, and the browser they drive. No test data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Examples are drawn the same way on every run of CI: a red build can be repeated, and time does not decide a test.
# A third of the usual number of them, for CI has ten minutes; a law that needs more says so itself.
settings.register_profile("house", deadline=None, max_examples=30, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one worker, and start what takes long first: at the end it would leave a worker idle."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the checkout's top folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data(root: Path) -> Path:
    """Return the folder of real market data beside the checkout; skip where it is absent, as in a bare clone."""
    folder = root.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real market data (../shared/data) is not beside this checkout")
    return folder


@pytest.fixture(scope="module")
def chromium_browser() -> Iterator[Browser]:
    """Start the system's Chromium, headless, once a file; it asks no address but the one it is sent to.

    Not once a session: while Playwright's synchronous interface is open its loop counts as running in this thread, and
    no other test could call ``asyncio.run``.
    """
    path = chromium.find()
    if path is None:
        pytest.skip(chromium.MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(autouse=True, scope="session")
def history_aside() -> Iterator[None]:
    """Keep in memory what the hubs of tests have to keep, unless a test names a database: not in the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("livepairs.hub.telling.history_url", lambda settings: settings.database_url or "sqlite://")
        yield
