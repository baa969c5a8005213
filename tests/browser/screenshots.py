"""Kept screenshots of the pages: draws them, and says how far a page has come from its own. No tests here.

A page stands still at a moment of the bundled recording, so that nothing but the app changes the picture. Drawn anew by
``make screenshots``, into ``pictures``; look at what has changed before you keep it.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from tests import chromium
from tests.browser.serving import PATIENCE_MS, RECORDING, livepairs_serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES: Final = Path(__file__).parent / "pictures"
DRAWN_WITH: Final = PICTURES / "drawn_with.json"
DRAWN_HERE: Final = Path(tempfile.gettempdir()) / "livepairs-screenshots"
"""Where a page's own picture goes that is not as the kept one, and what differs."""

MOMENT: Final = "2026-01-05T08:33:20Z"
SIZES: Final = {390: 844, 1280: 800, 2560: 1300}
THEMES: Final = ("light", "dark")
TILE: Final = 16
"""Pixels along a side of the squares that are counted: a line that wanders by one is none, a button that is gone is."""
STEP: Final = 32
"""What a colour may differ by, of 255: edges are smoothed a little differently now and then."""
SHARE: Final = 0.2
"""Of a square's pixels that may differ by more before it counts."""
SQUARES: Final = 3
"""Of a picture that may differ."""
SQUARES_ELSEWHERE: Final = 0.05
"""The share of them that may where the browser or its fonts are others than those that drew the kept ones: letters fall
differently then, while a panel that is gone or a theme that is not taken is still seen."""

PROBE: Final = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:8px;background:#fff;font:13px system-ui">
Legs 0123456789 −+±β ρ α σ ▲▼●■◆○ ⤓⇥↓→ · – … × <b>Bold</b> <i>italic</i> <code>code</code><br>
<select><option>15 min</option></select> <button>Save</button> <input type="range"> <input type="checkbox" checked>
<svg width="80" height="20"><path d="M0 19 L30 3 L50 12 L79 1" stroke="#2f80d0" fill="none"/></svg></body>"""
"""What is drawn to learn whether this browser draws as the one did that drew the kept pictures."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """One picture: a page in a theme at a width."""

    page: str
    theme: str
    width: int

    @property
    def name(self) -> str:
        return f"{self.page}-{self.theme}-{self.width}"

    @property
    def path(self) -> Path:
        return PICTURES / f"{self.name}.webp"


HIDDEN: Final = """.seek .marks, .bell b, .sum .folder { visibility: hidden !important }
.foot .took { display: none !important }"""
"""What is found little by little ahead of the moment, how much other pages have seen, and where recordings are kept."""
PENDING: Final = re.compile(
    "warming up|needs z|being checked|waiting for the first bars|Preparing the scan|Computing|checking"
)
"""What pages say until all is there."""

ROUNDED: Final = 8
"""What kept colours are multiples of: it halves the files, and is little beside ``STEP``."""
LOOKS: Final = 200
"""At a page that does not come to rest, before that is said."""

PAGES: Final = ("market", "spread", "scanner", "backtest", "alerts", "recordings")
PORTRAITS: Final = tuple(Portrait(page, theme, width) for page in PAGES for theme in THEMES for width in SIZES)


def serving_to_draw(shelf: str) -> AbstractContextManager[str]:
    """Serve the app as ``conftest.app`` does, with a shelf that holds the bundled recording alone; yield its URL."""
    kept = {"LIVEPAIRS_RECORDINGS": shelf, "LIVEPAIRS_RUN_IDLE_S": "60"}
    return livepairs_serve(str(RECORDING), "--speed", "30", **kept)


def draw(browser: Browser, app: str, portrait: Portrait) -> Image.Image:
    """Return the picture of a page that has come to rest."""
    context = browser.new_context(
        viewport={"width": portrait.width, "height": SIZES[portrait.width]}, device_scale_factor=1,
        reduced_motion="reduce", timezone_id="UTC", locale="en-GB",
    )  # fmt: skip
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{app}/{portrait.page}?at={MOMENT}&theme={portrait.theme}")
        return _rested(page)
    finally:
        context.close()


def _rested(page: Page) -> Image.Image:
    """Return the picture once the replay stands, nothing is said to be under way and three looks in turn agree."""
    page.wait_for_function(
        """() => window.Bokeh?.documents[0]?.is_idle && document.fonts.status === "loaded"
        && Bokeh.documents[0].get_model_by_name("Deck")?.data.status === "paused" """
    )
    pending = page.get_by_text(PENDING).locator("visible=true")
    alike, last = 0, b""
    for _ in range(LOOKS):
        taken = page.screenshot(animations="disabled", caret="hide", style=HIDDEN)
        alike, last = (alike + 1 if taken == last and not pending.count() else 0), taken
        if alike == 2:
            return Image.open(io.BytesIO(last)).convert("RGB")
        page.wait_for_timeout(300)
    raise AssertionError(f"{page.url} does not come to rest")


def differing_squares(drawn: Image.Image, kept: Image.Image) -> np.ndarray:
    """Return which squares differ, as a map of truths; all of them where the sizes do."""
    one, other = (np.asarray(each, dtype=np.int16) for each in (drawn, kept))
    rows, columns = -(-one.shape[0] // TILE), -(-one.shape[1] // TILE)
    if one.shape != other.shape:
        return np.ones((rows, columns), dtype=bool)
    differs = np.zeros((rows * TILE, columns * TILE), dtype=bool)
    differs[: one.shape[0], : one.shape[1]] = (np.abs(one - other) > STEP).any(axis=2)
    return differs.reshape(rows, TILE, columns, TILE).mean(axis=(1, 3)) > SHARE


def findings(browser: Browser, drawn: Image.Image, portrait: Portrait) -> str:
    """Return what is wrong with a picture, in words, and leave it where they say; empty for nothing."""
    with Image.open(portrait.path) as file:
        kept = file.convert("RGB")
    squares = differing_squares(drawn, kept)
    is_alike = json.loads(DRAWN_WITH.read_text("utf-8")) == drawing(browser)
    allowed = SQUARES if is_alike else int(SQUARES_ELSEWHERE * squares.size)
    if squares.sum() <= allowed:
        return ""
    DRAWN_HERE.mkdir(exist_ok=True)
    drawn.save(DRAWN_HERE / f"{portrait.name}.png")
    _difference(drawn, squares).save(path := DRAWN_HERE / f"{portrait.name}-difference.png")
    return f"{portrait.name}: {squares.sum()} squares differ from the kept picture, {allowed} may; see {path}"


def _difference(drawn: Image.Image, squares: np.ndarray) -> Image.Image:
    """Return the picture in pale, with the squares that differ as they are now in a red frame."""
    full = np.asarray(drawn, dtype=np.uint8)
    marked = np.kron(squares, np.ones((TILE, TILE), dtype=bool))[: full.shape[0], : full.shape[1]]
    pale = (full // 4 + 176).astype(np.uint8)
    pale[marked] = full[marked]
    inner = np.pad(marked, 1)
    edge = marked & ~(inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:])
    pale[edge] = (220, 30, 30)
    return Image.fromarray(pale)


def drawing(browser: Browser) -> dict[str, str]:
    """Return which browser this is, and what tells whether another draws as it does."""
    page = browser.new_page(viewport={"width": 520, "height": 80}, device_scale_factor=1)
    try:
        page.set_content(PROBE)
        pixels = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB").tobytes()
    finally:
        page.close()
    return {"chromium": browser.version.partition(".")[0], "probe": hashlib.sha256(pixels).hexdigest()[:16]}


def keep(drawn: Image.Image, portrait: Portrait) -> None:
    """Keep a picture as the one that others are compared with."""
    levels = (np.asarray(drawn, dtype=np.int16) + ROUNDED // 2) // ROUNDED * ROUNDED
    rounded = Image.fromarray(np.minimum(levels, 255).astype(np.uint8))
    # A higher quality takes eighty times as long, for a file that is smaller by a twentieth.
    rounded.save(portrait.path, lossless=True, quality=75, method=4)


def main(wanted: list[str]) -> None:
    """Draw the kept pictures anew; all of them, or those whose names begin with a word."""
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as shelf, serving_to_draw(shelf) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.ARGUMENTS))
        for portrait in PORTRAITS:
            if not wanted or portrait.name.startswith(tuple(wanted)):
                keep(draw(browser, app, portrait), portrait)
                sys.stdout.write(f"{portrait.path.name} {portrait.path.stat().st_size:,} bytes\n")
                sys.stdout.flush()
        DRAWN_WITH.write_text(json.dumps(drawing(browser), indent=2) + "\n", encoding="utf-8")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
