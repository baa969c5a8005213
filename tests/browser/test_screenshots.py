"""Visual regression: every page, in both themes, on a phone, a laptop and a wide screen, as it was when it was kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tests.browser import screenshots
from tests.browser.screenshots import PORTRAITS, SQUARES, TILE, Portrait, differing_squares, draw, findings
from tests.browser.serving import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BUTTON = (slice(40, 74), slice(300, 334))
"""As large as one of the deck's."""


def pictures(size: tuple[int, int] = (1280, 800)) -> tuple[np.ndarray, Image.Image]:
    width, height = size
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    pixels[::40] = 90
    return pixels, Image.fromarray(pixels)


def test_what_smoothing_moves_is_no_difference() -> None:
    pixels, kept = pictures()
    softer = pixels.copy()
    softer[::40] = 110
    softer[1::40] = 230
    assert not differing_squares(Image.fromarray(softer), kept).any()


def test_a_button_that_is_gone_is_one_and_so_is_another_size() -> None:
    pixels, kept = pictures()
    pixels[BUTTON] = (31, 111, 191)
    assert differing_squares(Image.fromarray(pixels), kept).sum() > SQUARES
    assert differing_squares(Image.fromarray(pixels[:-TILE]), kept).all()


@pytest.mark.browser
def test_what_differs_is_shown_in_a_picture(
    chromium_browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PICTURES", "DRAWN_HERE"):
        monkeypatch.setattr(screenshots, name, tmp_path)
    monkeypatch.setattr(screenshots, "DRAWN_WITH", tmp_path / "with.json")
    (tmp_path / "with.json").write_text(json.dumps(screenshots.drawing(chromium_browser)))
    portrait = Portrait("market", "light", 1280)
    pixels, kept = pictures()
    kept.save(portrait.path, lossless=True)
    assert findings(chromium_browser, kept, portrait) == ""
    pixels[BUTTON] = (31, 111, 191)
    assert f"{tmp_path}/market-light-1280-difference.png" in findings(
        chromium_browser, Image.fromarray(pixels), portrait
    )
    with Image.open(tmp_path / "market-light-1280-difference.png") as shown:
        assert shown.getpixel((310, 50)) == (31, 111, 191)
        assert shown.getpixel((1000, 50)) != (255, 255, 255)
    (tmp_path / "with.json").write_text('{"chromium": "1", "probe": "another"}')
    assert findings(chromium_browser, Image.fromarray(pixels), portrait) == "", "another browser's letters may differ"
    assert "market" in findings(chromium_browser, Image.fromarray(255 - pixels), portrait)


@pytest.mark.browser
@pytest.mark.parametrize("portrait", [Portrait("market", "dark", 1280)], ids=lambda each: each.name)
def test_a_page_is_as_it_was_kept(chromium_browser: Browser, app: str, portrait: Portrait) -> None:
    assert findings(chromium_browser, draw(chromium_browser, app, portrait), portrait) == ""


@pytest.fixture(scope="module")
def drawn_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of an app whose shelf holds the bundled recording alone, as when the pictures were drawn."""
    with screenshots.serving_to_draw(str(tmp_path_factory.mktemp("shelf"))) as url:
        yield url


@pytest.mark.browser
@pytest.mark.soak
@pytest.mark.parametrize("portrait", PORTRAITS, ids=lambda each: each.name)
def test_every_page_is_as_it_was_kept(chromium_browser: Browser, drawn_app: str, portrait: Portrait) -> None:
    assert findings(chromium_browser, draw(chromium_browser, drawn_app, portrait), portrait) == ""


def test_the_pictures_are_those_of_the_pages_and_small() -> None:
    assert set(screenshots.PAGES) == {path.stem for path in (ROOT / "apps").glob("*.py")}
    kept = list(screenshots.PICTURES.glob("*.webp"))
    assert {path.stem for path in kept} == {portrait.name for portrait in PORTRAITS}
    assert sum(path.stat().st_size for path in kept) < 2_000_000
