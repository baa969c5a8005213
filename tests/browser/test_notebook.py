"""JupyterLab for real: rows arrive in a cell and the deck steers them; and a slice as a file that asks nobody."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.serving import PATIENCE_MS, RECORDING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.soak]

NEWEST = """() => Math.max(...Bokeh.documents.flatMap((d) => [...d._all_models.values()])
  .filter((m) => m.name === "spread" && m.data?.ts?.length).map((m) => m.data.ts[m.data.ts.length - 1]), 0)"""
"""The time of the newest row on the page."""
STATUS = """(wanted) => Bokeh.documents.some((d) => [...d._all_models.values()]
  .some((m) => m.data?.status === wanted && m.data.now_ms))"""


@pytest.fixture(params=["jupyterlab", "widgets"])
def lab(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the URL of a JupyterLab of the test's own, which serves an empty folder.

    ``widgets``: its kernels take it for VS Code, which shows a cell as a Jupyter widget and has nothing of JupyterLab.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("JupyterLab is not installed; it comes with the extra 'notebook'")
    if request.param == "widgets" and importlib.util.find_spec("jupyter_bokeh") is None:
        pytest.skip("jupyter_bokeh is not installed, by which VS Code shows a cell")
    told = {"VSCODE_PID": "1"} if request.param == "widgets" else {}
    folders = told | {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
    command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={tmp_path}", "--LabApp.news_url=none"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    process = subprocess.Popen(
        command, env=os.environ | folders, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    reader = threading.Thread(target=process.stdout.read, daemon=True)  # or it would wait once the pipe is full
    try:
        found = next((url for line in process.stdout if (url := re.search(r"http://127\.0\.0\.1:\d+/", line))), None)
        assert found, "JupyterLab did not start"
        reader.start()
        yield found[0]
    finally:
        process.terminate()
        process.wait(30)
        if reader.is_alive():
            reader.join(5)
        process.stdout.close()


@contextmanager
def page_of(browser: Browser, strangers: list[str], home: str) -> Iterator[Page]:
    """Yield a page that notes what is asked of anybody but ``home``, and what goes wrong, as strangers."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    own = (home, "data:", "blob:")
    page.on("request", lambda asked: None if asked.url.startswith(own) else strangers.append(asked.url))
    page.on("pageerror", lambda error: strangers.append(str(error)))
    try:
        yield page
    finally:
        context.close()


def run_the_cell(page: Page) -> None:
    """Run the first cell; JupyterLab lets keys pass unheard while it still prepares, or asks which kernel to take."""
    from playwright.sync_api import TimeoutError as TooLong

    page.add_locator_handler(page.locator(".jp-Dialog"), lambda dialog: dialog.locator(".jp-mod-accept").click())

    runs = "() => /[*0-9]/.test(document.querySelector('.jp-CodeCell .jp-InputPrompt').innerText)"
    for _ in range(20):
        page.locator(".jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        with suppress(TooLong):
            page.wait_for_function(runs, timeout=2_000)
            return
    raise AssertionError("the cell did not run")


@pytest.mark.soak
def test_rows_arrive_in_a_cell_of_jupyterlab_and_its_deck_steers_them(
    chromium_browser: Browser, lab: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    source = f"import livepairs\nlivepairs.preview({str(RECORDING)!r}, speed=30)"
    cell = {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": [], "source": source}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook))
    strangers: list[str] = []
    with page_of(chromium_browser, strangers, lab) as page:
        page.goto(f"{lab}lab/tree/a.ipynb?reset")
        run_the_cell(page)
        page.wait_for_function(f"() => window.Bokeh && ({NEWEST})() > 0")
        first = page.evaluate(NEWEST)
        page.wait_for_function(f"(first) => ({NEWEST})() > first + 5000", arg=first)
        page.get_by_role("button", name="Pause", exact=True).click()
        page.wait_for_function(STATUS, arg="paused")
        page.get_by_role("button", name="Play", exact=True).click()
        page.wait_for_function(STATUS, arg="playing")
        assert page.url.partition("?")[0] == f"{lab}lab/tree/a.ipynb", "a page that is not ours keeps its address"
    if "[widgets]" in request.node.name:  # Panel has the styles of a widget from its own host; docs/notebook.md says so
        strangers = [url for url in strangers if not re.match(r"https://cdn\.holoviz\.org/.*\.css", url)]
    assert strangers == []


def test_a_slice_is_a_file_that_asks_no_other_host(chromium_browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "slice.html"
    span = "start='2026-01-05T08:10:00Z', end='2026-01-05T08:20:00Z'"
    script = f"import livepairs; livepairs.preview({str(RECORDING)!r}, bars='5s').to_html({str(path)!r}, {span})"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)
    written = path.read_text("utf-8")
    assert str(RECORDING.parent) not in written
    assert str(Path.home()) + "/" not in written
    assert sys.prefix not in written
    strangers: list[str] = []
    with page_of(chromium_browser, strangers, path.as_uri()) as page:
        page.goto(path.as_uri())
        page.wait_for_function(f"() => window.Bokeh && ({NEWEST})() > 0")
        page.get_by_text("Cointegration p", exact=True).wait_for()
        assert page.evaluate(NEWEST) == pytest.approx(1_767_601_190_000, abs=10_000)  # 08:20 less the bars not closed
        assert page.get_by_role("button", name="Play", exact=True).count() == 0
    assert strangers == []
