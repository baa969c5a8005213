"""A real browser, and a command of livepairs for it to visit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.contest import AbsentError

__all__ = ["HAS_PLOT", "TWO_FRAMES", "launched", "serving", "visiting"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-gpu"]

# A plot is there once a named source of it has rows and the canvas has been painted: two frames later it has.
HAS_PLOT = """() => {
    const bars = window.Bokeh?.documents?.[0]?.get_model_by_name?.("bars-y");
    return bars != null && bars.get_length() > 0 && window.Bokeh.documents[0].is_idle;
}"""
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def launched() -> Any:  # playwright's, which is imported only where it is there
    """Return a browser that is running, for as long as this process does.

    Raises
    ------
    AbsentError
        If there is none, or nothing that drives it.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise AbsentError("playwright is not installed (make test installs it)") from error
    named = os.environ.get("CHROMIUM")
    path = next((found for name in ([named] if named else BROWSERS) if (found := shutil.which(name))), None)
    if path is None:
        raise AbsentError("no Chromium was found; install it or set CHROMIUM to its path")
    return sync_playwright().start().chromium.launch(executable_path=path, args=ARGUMENTS)


@contextmanager
def serving(*arguments: str, environment: dict[str, str] | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a command of livepairs until the block ends; yield it and the URL that it printed."""
    command = [sys.executable, "-m", "livepairs", *arguments, "--port", "0"]
    settings = {**(environment or os.environ), "LIVEPAIRS_DATABASE_URL": "sqlite://"}  # or a history is left
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings) as server:
        try:
            assert server.stdout is not None
            words = server.stdout.readline().split()
            url = next((word for word in words if word.startswith("http")), None)
            if url is None:
                raise RuntimeError(f"livepairs {arguments[0]} printed no URL; its last words are above")
            yield server, url
        finally:
            server.terminate()
            server.wait(30)


@contextmanager
def visiting(browser: Any, *arguments: str, width: int = 1_280, height: int = 800) -> Iterator[tuple[Any, str]]:
    """Open an empty page and run a command of livepairs until the block ends; yield the page and the URL."""
    page = browser.new_page(viewport={"width": width, "height": height})
    try:
        with serving(*arguments) as (_process, url):
            yield page, url
    finally:
        page.close()
