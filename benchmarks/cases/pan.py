"""Panning the spread page's charts with 20,000 points on screen, in a real browser: frames a second, and their work."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from benchmarks.cases.first_plot import TWO_FRAMES, _browser, _demo
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale

POINTS = 20_000
FRAMES, QUICK_FRAMES = 240, 40
UNIT = "frames/s"
WORK = "ms of main thread a frame"

READY = """() => {
    const document = window.Bokeh?.documents?.[0]
    const rows = document?.get_model_by_name?.("spread")
    return rows != null && rows.get_length() > 700 && document.is_idle && globalThis.livepairsTick != null
}"""
HOLD = """(points) => {
    // What a long window holds: the page's own lines and candles, with as many rows as make so many points on screen.
    const document = Bokeh.documents[0], axis = document.get_model_by_name("time-axis")
    axis.tags = ["free"]
    const lines = [["spread", 7], ["zscore", 3]], rows = Math.ceil(points / (7 + 3))
    const step = (axis.end - axis.start) / rows
    for (const [name] of lines) {
        const source = document.get_model_by_name(name), old = source.data, count = old.ts.length
        const data = {}
        for (const column of Object.keys(old)) {
            data[column] = Float64Array.from({length: 2 * rows}, (_, row) => old[column][row % count])
        }
        data.ts = Float64Array.from({length: 2 * rows}, (_, row) => axis.start + step * (row - rows / 2))
        source.data = data
    }
    return rows * 10
}"""
PAN = """(frames) => new Promise((resolve) => {
    const axis = Bokeh.documents[0].get_model_by_name("time-axis"), width = axis.end - axis.start, home = axis.start
    let frame = 0, began = 0
    const next = (now) => {
        if (frame === 0) began = now
        if (frame === frames) return resolve(frames * 1000 / (now - began))
        frame += 1
        const start = home + 0.5 * width * Math.sin(frame / 30)
        axis.setv({start, end: start + width})
        requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
})"""


def spread_page(scale: Scale) -> Callable[[], Outcome]:
    """Five charts of lines and candles, 1280 by 800 pixels, the replay paused."""
    browser = _browser()
    frames = QUICK_FRAMES if scale.is_quick else FRAMES

    def turn() -> Outcome:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        try:
            with _demo(dict(os.environ)) as (_server, url):
                page.goto(f"{url}spread", wait_until="commit")
                page.wait_for_function(READY, timeout=120_000)
                page.get_by_role("button", name="Pause", exact=True).click()
                points = page.evaluate(HOLD, POINTS)
                page.evaluate(TWO_FRAMES)
                return _pan(page, frames, points)
        finally:
            page.close()

    return turn


def _pan(page: Any, frames: int, points: int) -> Outcome:
    session = page.context.new_cdp_session(page)
    # In the time the thread was at work: what a neighbour takes of the machine is not the page's.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _busy(session)
    rate = page.evaluate(PAN, frames)
    work = (_busy(session) - before) * 1e3 / frames
    return Outcome(rate, {WORK: work, "points on screen": points})


def _busy(session: Any) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


CONTEST = Contest(
    title="Panning with 20,000 points on screen",
    unit=UNIT,
    contenders=(Contender("spread page, canvas without a graphics card", spread_page, turns=3),),
    is_higher_better=True,
    goals=(Goal(UNIT, ">", 50), Goal(WORK, "<", 20)),
    notes="Each frame moves the shared time axis, and all charts are fitted and painted anew. "
    "The work of the main thread bounds what a browser with a machine of its own would do; at 20 ms it is 50 frames/s.",
)
