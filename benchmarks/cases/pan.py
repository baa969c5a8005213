"""Panning the spread page's charts with 20,000 points on screen, in a real browser: frames a second, and their work."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.browsing import TWO_FRAMES, launched, visiting
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale
from benchmarks.market import BTC, ETH, START_US, make_recording

TRADES, SPAN_S = 60_000, 7_200
BARS = 1_880
"""In view: at 2,560 pixels they have just room as they are, one to every 1.3 pixels."""
LINES = 10
FRAMES, QUICK_FRAMES = 240, 40
UNIT = "frames/s"
WORK, POINTS = "ms of main thread a frame", "points on screen"

# The rows of the window, and of half as much on either side, are drawn: nothing will be asked for during the pan.
HAS_ROWS = """(bars) => {
    const document = window.Bokeh?.documents?.[0], times = document?.get_model_by_name?.("spread")?.data.ts
    const axis = document?.get_model_by_name?.("time-axis")
    if (!times || !document.is_idle || globalThis.livepairsTick == null) return false
    const width = axis.end - axis.start
    return times[0] <= axis.start - 0.4 * width && times[times.length - 1] >= axis.end + 0.4 * width
        && times.filter((at) => at >= axis.start && at <= axis.end).length >= bars
}"""
PAN = """(frames) => new Promise((resolve) => {
    const axis = Bokeh.documents[0].get_model_by_name("time-axis"), width = axis.end - axis.start, home = axis.start
    let frame = 0, began = 0
    const next = (now) => {
        if (frame === 0) began = now
        if (frame === frames) return resolve(frames * 1000 / (now - began))
        frame += 1
        const start = home + 0.4 * width * Math.sin(frame / 30)
        axis.setv({start, end: start + width})
        requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
})"""


def spread_page(scale: Scale) -> Callable[[], Outcome]:
    """Five charts of lines, a band and candles, 2560 by 1300 pixels, the replay held."""
    browser = launched()
    frames = QUICK_FRAMES if scale.is_quick else FRAMES

    def turn() -> Outcome:
        with tempfile.TemporaryDirectory() as folder:
            recording = make_recording(Path(folder, "hours"), TRADES, span_us=SPAN_S * 1_000_000)
            command = ("serve", str(recording), "--pair", f"{ETH}/{BTC}")
            with visiting(browser, *command, width=2_560, height=1_300) as (page, url):
                page.goto(f"{url}spread?{_moment()}", wait_until="commit", timeout=120_000)
                page.wait_for_function(HAS_ROWS, arg=BARS, timeout=240_000)
                page.evaluate(TWO_FRAMES)
                return _pan(page, frames)

    return turn


def _moment() -> str:
    """Return the query of a held moment near the end, its window in the middle of the recording."""
    start_s = START_US // 1_000_000
    seconds = {"at": SPAN_S - 600, "x0": 3_000, "x1": 3_000 + BARS}
    return "&".join(
        f"{name}={datetime.fromtimestamp(start_s + at, UTC):%Y-%m-%dT%H:%M:%SZ}" for name, at in seconds.items()
    )


def _pan(page: Any, frames: int) -> Outcome:
    session = page.context.new_cdp_session(page)
    # In the time the thread was at work: what a neighbour takes of the machine is not the page's.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(PAN, QUICK_FRAMES)
    before = _busy(session)
    rate = page.evaluate(PAN, frames)
    work = (_busy(session) - before) * 1e3 / frames
    return Outcome(rate, {WORK: work, POINTS: LINES * BARS})


def _busy(session: Any) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


CONTEST = Contest(
    title="Panning with 20,000 points on screen",
    unit=UNIT,
    contenders=(Contender("spread page, canvas without a graphics card", spread_page, turns=3),),
    is_higher_better=True,
    goals=(Goal(UNIT, ">", 50), Goal(WORK, "<", 20)),
    notes=f"{LINES} lines of {BARS:,} bars, and as many candles. Each frame moves the shared time axis, and all charts "
    "are fitted and painted anew. The work of the main thread bounds what a browser with a machine of its own would "
    "do; at 20 ms it is 50 frames/s.",
)
