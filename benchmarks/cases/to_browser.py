"""From the close of a bar to the browser that shows it: one viewer of a replay at the pace of life."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.browsing import HAS_PLOT, launched, visiting
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale

BARS, QUICK_BARS = 60, 6
GRACE_MS = 500
SLICE_MS = 40
"""Of event time that a replay hands out at once at 1x, and so the least that its quickest bar may have needed."""
UNIT = "ms, p95"
MEDIAN = "ms, median"

# When each bar that streams in is seen, on the browser's clock.
WATCH = """() => {
    const bars = Bokeh.documents[0].get_model_by_name("bars-y")
    globalThis.seen = []
    bars.streaming.connect(() => seen.push([bars.data.ts[bars.data.ts.length - 1], Date.now()]))
}"""


def one_viewer(scale: Scale) -> Callable[[], Outcome]:
    """The market page at 1x."""
    browser = launched()
    bars = QUICK_BARS if scale.is_quick else BARS

    def turn() -> Outcome:
        with visiting(browser, "serve", "--speed", "1") as (page, url):
            page.goto(url, wait_until="commit")
            page.wait_for_function(HAS_PLOT, timeout=120_000)
            page.evaluate(WATCH)
            return _delays(page, bars)

    return turn


def _delays(page: Any, bars: int) -> Outcome:
    """Return how late the bars came, against the quickest of them.

    At 1x bars close a second apart, so event time plus a constant is the wall time at which they may be closed. The
    browser does not know the constant; the quickest bar of all bounds it, up to the slice that bar waited for.
    """
    deadline = time.monotonic() + 3 * bars + 20
    while len(page.evaluate("seen")) < bars and time.monotonic() < deadline:
        page.wait_for_timeout(500)
    rows = np.array(page.evaluate("seen"), float)
    lag = rows[:, 1] - rows[:, 0] - 1_000 - GRACE_MS
    delays = lag - lag.min() + SLICE_MS
    middle, high = np.percentile(delays, [50, 95])
    return Outcome(float(high), {MEDIAN: float(middle), "bars": len(rows)})


CONTEST = Contest(
    title="A closed bar to the browser",
    unit=UNIT,
    contenders=(Contender("market page, one viewer", one_viewer, turns=2),),
    is_higher_better=False,
    goals=(Goal(UNIT, "<", 150),),
    notes="From the event time at which a bar may be closed, by the replay's own clock, until its row is in the "
    "browser's data source. The quickest bar is taken to have needed one slice of the replay, 40 ms.",
)
