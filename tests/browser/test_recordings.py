"""The recordings page in a real browser: a feed is recorded and proved while a file goes up, comes back and goes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from livepairs.stores.recording import open_recording
from tests.browser.serving import livepairs_serve, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.soak]

ROWS = "".join(
    f"{1_723_075_200_000 + n * 137};{60_000 + n % 97 * 0.5};0.00{n % 9 + 1};{'buy' if n % 3 else 'sell'}\n"
    for n in range(60_000)
)
"""Some two MB: more than one piece."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture(scope="module")
def base(shelf: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIVEPAIRS_RECORDINGS", str(shelf))
        with livepairs_serve("synthetic:?seed=7&rate=5") as url:
            yield url


def test_recordings_come_and_go(chromium_browser: Browser, base: str, shelf: Path, tmp_path: Path) -> None:
    file = tmp_path / "ethusdt ticks.csv"
    file.write_text("when;px;amount;dir\n" + ROWS)
    with visiting(chromium_browser, base) as visitor:
        page = visitor.go("recordings").page
        page.get_by_role("button", name="Record live feed").click()
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_text("No column is taken for the time; say which one is.").wait_for()
        assert page.get_by_label("Name").input_value() == "ethusdt-ticks"
        assert page.get_by_label("Symbol", exact=True).input_value() == "ETHUSDT"
        page.get_by_label("What column when is").select_option("ts")
        page.get_by_text("2024-08-08 00:00:00.137").wait_for()
        page.get_by_label("What column dir is").select_option("side")
        page.get_by_role("cell", name="sold").first.wait_for()
        page.get_by_role("button", name="Import").click()
        page.get_by_text("Recording ethusdt-ticks is in the list.").wait_for()
        page.get_by_role("button", name="Done").click()
        actions = page.get_by_role("button", name="Actions for ethusdt-ticks")
        actions.click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name="Download as zip").click()
        with zipfile.ZipFile(download.value.path()) as archive:
            archive.extractall(tmp_path)
        taken = open_recording(tmp_path / "ethusdt-ticks")
        taken.verify_files()
        assert (taken.trade_count, taken.symbols) == (60_000, ("ETHUSDT",))
        actions.click()
        page.get_by_role("menuitem", name="Delete").click()
        page.get_by_role("button", name="Delete", exact=True).click()
        actions.wait_for(state="detached")
        page.get_by_role("button", name="Stop recording").click()
        page.get_by_text("same digest").wait_for()
        page.get_by_role("link", name=re.compile("Open .*Z")).wait_for()
        assert [path.name[-1] for path in shelf.iterdir()] == ["Z"]
        assert visitor.errors == []
        assert visitor.strangers == []
