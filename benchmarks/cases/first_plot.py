"""From the command `livepairs demo` to a first page, and to a first plot in a browser that is already open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.contest import AbsentError, Contender, Contest, Goal, Outcome, Scale
from livepairs.hub.kernels import MODULES

UNIT = "ms to the first plot"
PAGE, PLOT = "ms to the first page", "ms from page to plot"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-gpu"]

# A plot is there once a named source of it has rows and the canvas has been painted: two frames later it has.
HAS_PLOT = """() => {
    const bars = window.Bokeh?.documents?.[0]?.get_model_by_name?.("bars-y");
    return bars != null && bars.get_length() > 0 && window.Bokeh.documents[0].is_idle;
}"""
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def with_kernels(_: Scale) -> Callable[[], Outcome]:
    """A machine on which livepairs has run before."""
    subprocess.run([sys.executable, "-m", "livepairs.stats.compiled", *MODULES], check=True)
    browser = _browser()
    return lambda: _visit(browser, dict(os.environ))


def without_kernels(_: Scale) -> Callable[[], Outcome]:
    """A machine on which it has not: nothing is compiled, and the compiler runs aside."""
    browser = _browser()

    def turn() -> Outcome:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            return _visit(browser, os.environ | {"XDG_CACHE_HOME": folder})

    return turn


def _browser() -> Any:  # playwright's, which is imported only where it is there
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise AbsentError("playwright is not installed (make test installs it)") from error
    named = os.environ.get("CHROMIUM")
    path = next((found for name in ([named] if named else BROWSERS) if (found := shutil.which(name))), None)
    if path is None:
        raise AbsentError("no Chromium was found; install it or set CHROMIUM to its path")
    return sync_playwright().start().chromium.launch(executable_path=path, args=ARGUMENTS)


def _visit(browser: Any, environment: dict[str, str]) -> Outcome:
    page = browser.new_page()
    started = time.perf_counter()
    with _demo(environment) as (server, url):
        try:
            answer = page.goto(url, wait_until="commit")
            first_page = time.perf_counter()
            assert answer.ok, answer.status
            page.wait_for_function(HAS_PLOT, timeout=60_000)
            page.evaluate(TWO_FRAMES)
            first_plot = time.perf_counter()
            figures = {
                PAGE: (first_page - started) * 1e3,
                PLOT: (first_plot - first_page) * 1e3,
                "server CPU s": _cpu_seconds(server.pid),
                "server MB": _peak_mb(server.pid),
            }
        finally:
            page.close()
    return Outcome((first_plot - started) * 1e3, figures)


@contextmanager
def _demo(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with _server("demo", "--no-browser", environment=environment) as server:
        yield server


@contextmanager
def _server(*arguments: str, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a command of livepairs until the block ends; yield it and the URL that it printed."""
    command = [sys.executable, "-m", "livepairs", *arguments, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            words = server.stdout.readline().split()
            url = next((word for word in words if word.startswith("http")), None)
            if url is None:
                raise RuntimeError("livepairs demo printed no URL; its last words are above")
            yield server, url
        finally:
            server.terminate()
            server.wait(30)


def _cpu_seconds(process: int) -> float:
    """Return what the process has used until now, which a neighbour's load changes less than the time it took."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists():
        return float("nan")
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return float("nan")
    return next(int(line.split()[1]) * 1024 / 1e6 for line in status.read_text().splitlines() if "VmHWM" in line)


CONTEST = Contest(
    title="`livepairs demo`: first page and first plot",
    unit=UNIT,
    contenders=(
        Contender("kernels compiled before", with_kernels, turns=5),
        Contender("nothing compiled", without_kernels, turns=5),
    ),
    is_higher_better=False,
    goals=(Goal(PAGE, "<", 3_000), Goal(PLOT, "<", 2_000)),
    notes="The browser is running already. Peak MB is that of the process that drives it; the server's has its column.",
)
