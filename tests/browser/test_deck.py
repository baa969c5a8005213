"""The deck and the frame in a real browser: pause, step, seek, follow, the cursor's values, and themes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.serving import Visitor, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def page(chromium_browser: Browser, app: str) -> Iterator[Visitor]:
    """Open one page for the whole file: most of what a browser test costs is the loading."""
    with visiting(chromium_browser, app) as visitor:
        yield visitor
        assert visitor.errors == []
        assert visitor.strangers == []


@pytest.fixture
def market(page: Visitor) -> Visitor:
    """Return the market page with its replay playing, whichever test used it before."""
    return playing(page, "market")


@pytest.fixture
def spread(page: Visitor) -> Visitor:
    """Return the spread page with its replay playing, whichever test used it before."""
    return playing(page, "spread")


def playing(visitor: Visitor, page: str) -> Visitor:
    if f"/{page}" not in visitor.page.url:
        visitor.go(page)
    visitor.wait_for("Deck", "['playing', 'paused'].includes(m.data.status)")
    if visitor.model("Deck", "m.data.status") == "paused":
        visitor.press("Play")
        visitor.wait_for("Deck", "m.data.status === 'playing'")
    return visitor


def still(visitor: Visitor, source: str) -> float:
    """Pause, wait until the page shows the last bar that has closed, and return its time."""
    visitor.newest(source)
    visitor.pause()
    # A bar of one second closes half a second after its end, and the deck says what time it is.
    closed = "Math.floor((Bokeh.documents[0].get_model_by_name('Deck').data.now_ms - 500) / 1000) * 1000 - 1000"
    visitor.wait_for(source, f"m.data.ts[m.data.ts.length - 1] === {closed}")
    return visitor.newest(source)


def test_pause_stops_the_sources_and_play_goes_on(market: Visitor) -> None:
    newest = still(market, "bars-y")
    market.page.wait_for_timeout(800)
    assert market.newest("bars-y") == newest
    market.press("Play")
    market.wait_for_newer("bars-y", than=newest)


def test_step_moves_one_bar_either_way(market: Visitor) -> None:
    newest = still(market, "bars-y")
    market.press("Step one bar forward")
    market.wait_for("bars-y", f"m.data.ts[m.data.ts.length - 1] === {newest + 1000}")
    market.press("Step one bar back")
    market.wait_for("bars-y", f"m.data.ts[m.data.ts.length - 1] === {newest}")


FOCUSED = """what => {
    let at = document.activeElement
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
    return at?.matches(what)
}"""


def test_the_sheet_takes_the_focus_to_the_date_and_gives_it_back(market: Visitor) -> None:
    date, more, keyboard = "input[type=datetime-local]", "button.more", market.page.keyboard
    market.page.get_by_role("button", name="More of the replay").focus()
    for keys in (["g"], ["Enter", "Tab"]):
        for key in keys:
            keyboard.press(key)
        market.page.wait_for_function(FOCUSED, arg=date)
        keyboard.press("Escape")
        market.page.wait_for_function(FOCUSED, arg=more)


def test_a_pan_is_respected_until_follow_is_pressed(market: Visitor) -> None:
    market.newest("bars-y")
    x, y = 500, 250
    market.page.mouse.move(x, y)
    market.page.mouse.down()
    market.page.mouse.move(x + 200, y, steps=4)
    market.page.mouse.up()
    market.wait_for("time-axis", "m.tags[0] === 'free'")
    start, newest = market.model("time-axis", "m.start"), market.newest("bars-y")
    market.wait_for_newer("bars-y", than=newest + 20_000)
    assert market.model("time-axis", "m.start") == start
    market.press("Follow")
    market.wait_for("time-axis", f"m.tags[0] === 'follow' && m.end > {newest + 20_000}")


def test_dark_theme_restyles_plots_keeps_the_view_and_lasts(market: Visitor) -> None:
    still(market, "bars-y")
    paper = "[...Bokeh.documents[0].all_models].find((m) => m.type === 'Figure').background_fill_color"
    light, start = market.page.evaluate(paper), market.model("time-axis", "m.start")
    market.page.get_by_label("Toggle theme").click()
    market.page.wait_for_function(f"() => {paper} !== '{light}'")
    assert market.model("time-axis", "m.start") == start
    dark = market.page.evaluate(paper)
    market.page.get_by_role("link", name="Spread", exact=True).click()
    market.page.wait_for_url("**/spread?*")
    market.settle()
    market.page.wait_for_function(f"() => {paper} === '{dark}'")


def test_seek_refills_the_charts(spread: Visitor) -> None:
    spread.newest("spread")
    target = spread.page.evaluate("""() => {
        const find = (node) => {
            for (const element of node.querySelectorAll("*")) {
                if (element.matches("input[type=range]")) return element
                const inside = element.shadowRoot && find(element.shadowRoot)
                if (inside) return inside
            }
            return null
        }
        const slider = find(document)
        const middle = (Number(slider.min) + Number(slider.max)) / 2
        slider.value = middle
        slider.dispatchEvent(new Event("input"))
        slider.dispatchEvent(new Event("change"))
        return middle
    }""")
    spread.wait_for_newer("spread", than=target - 5_000)
    assert spread.model("spread", "m.data.ts.length") > 300
    assert spread.model("time-axis", "m.end") > target - 60_000
    assert spread.model("zscore", "Array.from(m.data.z).some(Number.isFinite)")


def test_the_cursor_shows_the_values_under_it(spread: Visitor) -> None:
    still(spread, "spread")
    spread.page.mouse.move(500, 350)  # in the frame of a chart, below the tiles and the paper row
    spread.page.wait_for_timeout(300)
    first = _readouts(spread)
    spread.page.mouse.move(700, 350)
    spread.page.wait_for_timeout(300)
    assert len(first) == 5
    assert _readouts(spread) != first


def _readouts(visitor: Visitor) -> list[str]:
    """Return what stands above each chart that says which time it is about."""
    return [text for text in visitor.page.locator(".lp-face .values").all_inner_texts() if ":" in text]
