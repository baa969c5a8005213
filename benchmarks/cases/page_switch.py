"""From a click on the navigation of one page to the first plot of another that is painted with rows."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from benchmarks.browsing import HAS_PLOT, launched, visiting
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale

SWITCHES, QUICK_SWITCHES = 12, 2
CALM_MS = 5_000
"""What a server does once after its first page, and a page after its first plot, is not what is measured."""
UNIT = "ms, median"
WORST = "ms, worst"

# Each page looks, frame by frame, for a plot with rows, and says how long after the click on the one before that was.
CLOCK = """
addEventListener("pointerdown", () => sessionStorage.setItem("pressed", Date.now()), true)
const look = () => {
    const document = globalThis.Bokeh?.documents?.[0]
    const source = ["bars-y", "spread"].map((name) => document?.get_model_by_name?.(name)).find((found) => found)
    if (source?.get_length() > 0 && document.is_idle) {
        requestAnimationFrame(() => requestAnimationFrame(() => {
            globalThis.switched = Date.now() - Number(sessionStorage.getItem("pressed"))
        }))
    } else requestAnimationFrame(look)
}
requestAnimationFrame(look)
"""


def to_and_fro(scale: Scale) -> Callable[[], Outcome]:
    """From the market page to the spread page and back, of one replay at the pace of life."""
    browser = launched()
    switches = QUICK_SWITCHES if scale.is_quick else SWITCHES

    def turn() -> Outcome:
        with visiting(browser, "serve", "--speed", "1") as (page, url):
            page.add_init_script(CLOCK)
            page.goto(url, wait_until="commit")
            page.wait_for_function(HAS_PLOT, timeout=120_000)
            page.wait_for_timeout(0 if scale.is_quick else CALM_MS)
            times = []
            for name in ("Spread", "Market") * (switches // 2):
                page.get_by_role("link", name=name, exact=True).click(no_wait_after=True)
                page.wait_for_url(f"**/{name.lower()}?*", wait_until="commit")
                page.wait_for_function("() => globalThis.switched > 0", timeout=60_000)
                times.append(float(page.evaluate("switched")))
                page.wait_for_timeout(0 if scale.is_quick else CALM_MS / 5)
        return Outcome(statistics.median(times), {WORST: max(times)})

    return turn


CONTEST = Contest(
    title="From one page to another",
    unit=UNIT,
    contenders=(Contender("a click on the navigation", to_and_fro, turns=2),),
    is_higher_better=False,
    goals=(Goal(UNIT, "<", 700),),
    notes=f"{SWITCHES} switches a turn between market and spread, from the press of the button to the second frame "
    "after the first plot has rows.",
)
