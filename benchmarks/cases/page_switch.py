"""From a click on the navigation of one page to another that is painted, with rows in its plots."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from benchmarks.browsing import HAS_PLOT, launched, visiting
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale

PAGES = ("Spread", "Scanner", "Backtest", "Alerts", "Recordings", "Market")
ROUNDS, QUICK_ROUNDS = 3, 1
CALM_MS = 5_000
"""What a server does once after its first page, and a page after its first plot, is not what is measured."""
UNIT = "ms, median"
WORST = "ms, worst"

# From each press on, it looks frame by frame for another document that is drawn, its plots with rows where the page has
# plots of a run; whether that document came with a page loaded anew or not. It says how long after the press that was.
CLOCK = """
const isDrawn = (document) => {
    if (!document?.roots().length || !document.is_idle) return false
    const source = ["bars-y", "spread"].map((name) => document.get_model_by_name(name)).find((found) => found)
    return !source || source.get_length() > 0
}
const look = (from) => {
    const shown = globalThis.Bokeh?.documents?.[0]
    if (shown === from || !isDrawn(shown)) return requestAnimationFrame(() => look(from))
    requestAnimationFrame(() => requestAnimationFrame(() => {
        globalThis.switched = Date.now() - Number(sessionStorage.getItem("pressed"))
    }))
}
addEventListener("pointerdown", () => {
    globalThis.switched = 0
    sessionStorage.setItem("pressed", Date.now())
    look(globalThis.Bokeh?.documents?.[0])
}, true)
look()
"""


def all_around(scale: Scale) -> Callable[[], Outcome]:
    """From each page of one replay at the pace of life to the next, and around again."""
    browser = launched()
    rounds = QUICK_ROUNDS if scale.is_quick else ROUNDS

    def turn() -> Outcome:
        with visiting(browser, "serve", "--speed", "1") as (page, url):
            page.add_init_script(CLOCK)
            page.goto(url, wait_until="commit")
            page.wait_for_function(HAS_PLOT, timeout=120_000)
            page.wait_for_timeout(0 if scale.is_quick else CALM_MS)
            times: dict[str, list[float]] = {name: [] for name in PAGES}
            for name in PAGES * rounds:
                page.get_by_role("link", name=name, exact=True).click(no_wait_after=True)
                page.wait_for_url(f"**/{name.lower()}?*", wait_until="commit")
                page.wait_for_function("() => globalThis.switched > 0", timeout=60_000)
                times[name].append(float(page.evaluate("switched")))
                page.wait_for_timeout(0 if scale.is_quick else CALM_MS / 5)
        every = [time for taken in times.values() for time in taken]
        return Outcome(
            statistics.median(every),
            {WORST: max(every)} | {f"to {name.lower()}": statistics.median(taken) for name, taken in times.items()},
        )

    return turn


CONTEST = Contest(
    title="From one page to another",
    unit=UNIT,
    contenders=(Contender("a click on the navigation", all_around, turns=2),),
    is_higher_better=False,
    goals=(Goal(UNIT, "<", 700),),
    notes=f"{ROUNDS} times around all pages a turn, from the press of the button to the second frame after the page is "
    "drawn, market and spread with rows in their plots. The first time to each page is among them.",
)
