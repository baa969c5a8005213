"""The deck and the frame in a real browser: pause, step, seek, follow, pages that share a run, themes and a phone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.serving import RECORDING, Visitor, livepairs_serve, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = ["market", "spread", "backtest", "alerts"]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with livepairs_serve(str(RECORDING), "--speed", "30") as url:
        yield url


@pytest.fixture
def visitor(chromium_browser: Browser, base: str) -> Iterator[Visitor]:
    with visiting(chromium_browser, base) as visitor:
        yield visitor
        assert visitor.errors == []
        assert visitor.strangers == []


def still(visitor: Visitor, source: str) -> float:
    """Pause, wait until the page shows the last bar that has closed, and return its time."""
    visitor.newest(source)
    visitor.press("Pause")
    visitor.wait_for("Deck", "m.data.status === 'paused'")
    # A bar of one second closes half a second after its end, and the deck says what time it is.
    closed = "Math.floor((Bokeh.documents[0].get_model_by_name('Deck').data.now_ms - 500) / 1000) * 1000 - 1000"
    visitor.wait_for(source, f"m.data.ts[m.data.ts.length - 1] === {closed}")
    return visitor.newest(source)


def test_pause_stops_the_sources_and_play_goes_on(visitor: Visitor) -> None:
    visitor.go("market")
    newest = still(visitor, "bars-y")
    visitor.page.wait_for_timeout(800)
    assert visitor.newest("bars-y") == newest
    visitor.press("Play")
    visitor.wait_for_newer("bars-y", than=newest)


def test_step_moves_one_bar_either_way(visitor: Visitor) -> None:
    visitor.go("market")
    newest = still(visitor, "bars-y")
    visitor.press("Step one bar forward")
    visitor.wait_for("bars-y", f"m.data.ts[m.data.ts.length - 1] === {newest + 1000}")
    visitor.press("Step one bar back")
    visitor.wait_for("bars-y", f"m.data.ts[m.data.ts.length - 1] === {newest}")


def test_another_page_keeps_the_run_and_its_moment(visitor: Visitor) -> None:
    visitor.go("market")
    still(visitor, "bars-y")
    run, moment = parse_qs(urlsplit(visitor.page.url).query)["run"], visitor.clock_ms()
    for page in PAGES[1:]:
        visitor.page.get_by_role("link", name=page.capitalize(), exact=True).click()
        visitor.page.wait_for_url(f"**/{page}?*")
        visitor.settle()
        assert parse_qs(urlsplit(visitor.page.url).query)["run"] == run
        assert visitor.clock_ms() == moment


def test_seek_refills_the_charts(visitor: Visitor) -> None:
    visitor.go("spread")
    visitor.newest("spread")
    target = visitor.page.evaluate("""() => {
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
    visitor.wait_for_newer("spread", than=target - 5_000)
    assert visitor.model("spread", "m.data.ts.length") > 300
    assert visitor.model("time-axis", "m.end") > target - 60_000
    assert visitor.model("zscore", "Array.from(m.data.z).some(Number.isFinite)")


def test_a_pan_is_respected_until_follow_is_pressed(visitor: Visitor) -> None:
    visitor.go("market")
    visitor.newest("bars-y")
    x, y = 500, 250
    visitor.page.mouse.move(x, y)
    visitor.page.mouse.down()
    visitor.page.mouse.move(x + 200, y, steps=4)
    visitor.page.mouse.up()
    visitor.wait_for("time-axis", "m.tags[0] === 'free'")
    start, newest = visitor.model("time-axis", "m.start"), visitor.newest("bars-y")
    visitor.wait_for_newer("bars-y", than=newest + 20_000)
    assert visitor.model("time-axis", "m.start") == start
    visitor.press("Follow")
    visitor.wait_for("time-axis", f"m.tags[0] === 'follow' && m.end > {newest + 20_000}")


def test_the_cursor_shows_the_values_under_it(visitor: Visitor) -> None:
    visitor.go("spread")
    still(visitor, "spread")
    visitor.page.mouse.move(500, 420)  # in the frame of a chart, below the tiles and the paper row
    visitor.page.wait_for_timeout(300)
    first = _readouts(visitor)
    visitor.page.mouse.move(700, 420)
    visitor.page.wait_for_timeout(300)
    assert all("<time>" in text for text in first)
    assert _readouts(visitor) != first


def _readouts(visitor: Visitor) -> list[str]:
    texts: list[str] = visitor.page.evaluate(
        "() => [...Bokeh.documents[0].all_models].filter((m) => m.type === 'Div').map((m) => m.text)"
    )
    return texts


def test_dark_theme_restyles_plots_keeps_the_view_and_lasts(visitor: Visitor) -> None:
    visitor.go("market")
    still(visitor, "bars-y")
    paper = "[...Bokeh.documents[0].all_models].find((m) => m.type === 'Figure').background_fill_color"
    light, start = visitor.page.evaluate(paper), visitor.model("time-axis", "m.start")
    visitor.page.get_by_label("Toggle theme").click()
    visitor.page.wait_for_function(f"() => {paper} !== '{light}'")
    assert visitor.model("time-axis", "m.start") == start
    dark = visitor.page.evaluate(paper)
    visitor.page.get_by_role("link", name="Spread", exact=True).click()
    visitor.page.wait_for_url("**/spread?*")
    visitor.settle()
    visitor.page.wait_for_function(f"() => {paper} === '{dark}'")


@pytest.mark.parametrize("page", PAGES)
def test_a_phone_sees_the_page_without_scrolling_sideways(chromium_browser: Browser, base: str, page: str) -> None:
    with visiting(chromium_browser, base, width=390, height=844) as visitor:
        visitor.go(page)
        time.sleep(0.5)
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert visitor.page.evaluate(
            "[...document.querySelectorAll('*')].every((e) => e.shadowRoot == null || e.scrollWidth <= 390)"
        )
        assert visitor.page.get_by_role("button", name="Pause", exact=True).is_visible()
