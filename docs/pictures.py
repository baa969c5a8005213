"""Draws the pictures of the README, of these pages and of the card, from the app itself: ``make pictures``.

The bundled recording is the same everywhere, and each picture names its moment, so a picture changes when the app does.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
CARD = ROOT / "livepairs" / "views" / "images" / "card.png"
MOMENT = "2026-01-05T08:33:20Z"
"""Some trades on paper behind it, and the spread out again."""
FRAMES, FRAME_MS, MOVIE = 40, 125, (1000, 600)
IS_DRAWN = "() => window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle"

PICTURES = {
    "spread-dark": (f"spread?at={MOMENT}&theme=dark", (1280, 800)),
    "spread-light": (f"spread?at={MOMENT}&theme=light", (1280, 800)),
    "market-dark": (f"market?at={MOMENT}&theme=dark", (1280, 800)),
    "backtest-dark": (f"backtest?at={MOMENT}&theme=dark", (1280, 800)),
    "alerts-dark": (f"alerts?at={MOMENT}&theme=dark", (1280, 800)),
    "spread-phone": (f"spread?at={MOMENT}&theme=dark", (390, 844)),
}


def main() -> None:
    """Draw all of them."""
    IMAGES.mkdir(exist_ok=True)
    with served() as url, browsing() as browser:
        for name, (path, size) in PICTURES.items():
            keep(shot(browser, f"{url}{path}", size), IMAGES / f"{name}.png")
        keep(shot(browser, f"{url}spread?at={MOMENT}&theme=dark", (1200, 630)), CARD)
        movie(browser, f"{url}spread?at={MOMENT}&play=1&speed=120&theme=dark")


@contextmanager
def served() -> Iterator[str]:
    """Serve the demo and yield its URL."""
    command = [sys.executable, "-m", "livepairs", "demo", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+/", server.stdout.readline())
            if found is None:
                raise SystemExit("the demo did not start; what it says is above")
            yield found[0]
        finally:
            server.terminate()
            server.wait(30)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Yield the system's Chromium."""
    path = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    with sync_playwright() as play:
        yield play.chromium.launch(executable_path=path, args=["--no-sandbox", "--force-color-profile=srgb"])


def opened(browser: Browser, url: str, size: tuple[int, int]) -> Page:
    """Return a page that is drawn."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(url)
    page.wait_for_function(IS_DRAWN, timeout=60_000)
    page.wait_for_timeout(4_000)  # what is computed aside comes in: health, scan, backtest
    return page


def shot(browser: Browser, url: str, size: tuple[int, int]) -> Image.Image:
    """Return what a page looks like."""
    page = opened(browser, url, size)
    picture = Image.open(io.BytesIO(page.screenshot()))
    page.close()
    return picture.convert("RGB")


def keep(picture: Image.Image, path: Path) -> None:
    """Write a picture in a quarter of its size; 255 colours are more than a chart has."""
    picture.quantize(255, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


def movie(browser: Browser, url: str) -> None:
    """Film a replay."""
    page = opened(browser, url, MOVIE)
    frames = []
    for _ in range(FRAMES):
        frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        page.wait_for_timeout(FRAME_MS)
    page.close()
    path = IMAGES / "replay.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, quality=55, method=6)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
