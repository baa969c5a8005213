"""From the command `livepairs demo` to a first page, and to a first plot in a browser that is already open."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.browsing import HAS_PLOT, TWO_FRAMES, launched, serving
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale
from livepairs.hub.kernels import MODULES

UNIT = "ms to the first plot"
PAGE, PLOT = "ms to the first page", "ms from page to plot"


def with_kernels(_: Scale) -> Callable[[], Outcome]:
    """A machine on which livepairs has run before."""
    subprocess.run([sys.executable, "-m", "livepairs.stats.compiled", *MODULES], check=True)
    browser = launched()
    return lambda: _visit(browser, dict(os.environ))


def without_kernels(_: Scale) -> Callable[[], Outcome]:
    """A machine on which it has not: nothing is compiled, and the compiler runs aside."""
    browser = launched()

    def turn() -> Outcome:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            return _visit(browser, os.environ | {"XDG_CACHE_HOME": folder})

    return turn


def _visit(browser: Any, environment: dict[str, str]) -> Outcome:
    page = browser.new_page()
    started = time.perf_counter()
    with serving("demo", "--no-browser", environment=environment) as (server, url):
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
