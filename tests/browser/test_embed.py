"""A page of ours inside a host's page of another origin: shown, heard, steered; and a stranger's is shown nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.hosting import EXAMPLE, hosting, inner, opened, told, wait_for
from tests.browser.serving import PATIENCE_MS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.soak]

NINE = "2026-01-05T09:00:00Z"
CLICK = """(pair) => {
  const models = [...Bokeh.documents[0].all_models]
  const tap = models.find((m) => m.type.endsWith("TapTool")), source = models.find((m) => m.name === "q-heatmap")
  source.data = {y: [""], x: [""], alpha: [1], pair: [pair], q: [""], p: [""]}
  source.selected.indices = [0]
  tap.callback.execute(tap, {source})
}"""
"""Does what a click on a cell of the scanner's map does, without waiting for a scan."""


def element(app: str, attributes: str) -> str:
    return f'<!DOCTYPE html><script src="{app}/embed.js"></script><live-pairs {attributes}></live-pairs>'


def asked_inside(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(inner(page).url).query).items()}


def test_a_host_shows_a_page_hears_of_it_and_steers_it(
    chromium_browser: Browser, app: str, desk: tuple[str, dict[str, str]]
) -> None:
    host, pages = desk
    pages["/"] = EXAMPLE.replace("http://127.0.0.1:5006", app)
    page = opened(chromium_browser, host)
    wait_for(page, "ready", "d.page === 'spread' && d.recording === 'demo'")
    wait_for(page, "pair", "d.pair === 'ETHUSDT/BTCUSDT'")
    told(page, "e.speed(1000)")
    wait_for(page, "alert", "d.subject === 'ETHUSDT/BTCUSDT' && d.message")
    page.get_by_role("button", name="Pause").click()
    wait_for(page, "time", "d.status === 'paused'")
    told(page, f"e.seek('{NINE}')")
    wait_for(page, "time", f"d.now === Date.parse('{NINE}')")
    run = page.evaluate("() => document.querySelector('live-pairs').run")
    told(page, "e.setAttribute('theme', 'dark'); e.setAttribute('pair', 'SOLUSDT/BTCUSDT')")
    wait_for(page, "ready", f"d.pair === 'SOLUSDT/BTCUSDT' && d.run === {run!r}")
    inside = page.frame_locator("live-pairs iframe")
    inside.get_by_text("Hedge ratio β").locator("visible=true").first.wait_for()
    assert "dark" in (inside.locator("html").get_attribute("class") or "")
    assert not inside.get_by_role("navigation", name="Pages").is_visible()
    assert not inside.get_by_role("button", name="Play", exact=True).is_visible()
    inside.get_by_text("synthetic", exact=True).locator("visible=true").wait_for()
    page.close()


def test_a_link_inside_keeps_what_the_host_asked_for(
    chromium_browser: Browser, app: str, desk: tuple[str, dict[str, str]]
) -> None:
    host, pages = desk
    pages["/scan"] = element(app, 'page="scanner" frame="0" theme="dark"')
    page = opened(chromium_browser, f"{host}/scan")
    wait_for(page, "ready", "d.page === 'scanner'")
    run = page.evaluate("() => document.querySelector('live-pairs').run")
    inner(page).wait_for_function("() => window.Bokeh?.documents[0]?.is_idle")
    inner(page).evaluate(CLICK, "SOLUSDT/BTCUSDT")
    wait_for(page, "ready", f"d.page === 'spread' && d.pair === 'SOLUSDT/BTCUSDT' && d.run === {run!r}")
    asked = asked_inside(page)
    assert (asked["frame"], asked["theme"], asked["host"]) == ("0", "dark", host)
    told(page, "e.setAttribute('page', 'recordings'); e.setAttribute('frame', 'deck')")
    wait_for(page, "ready", "d.page === 'recordings'")
    inside = page.frame_locator("live-pairs iframe")
    inside.get_by_role("link", name="Open demo").click()
    wait_for(page, "ready", "d.page === 'market' && d.recording === 'demo'")
    assert asked_inside(page)["frame"] == "deck"
    inside.get_by_role("button", name="Pause", exact=True).wait_for()
    page.close()


def test_a_host_is_told_why_there_is_nothing_to_show_and_goes_on(
    chromium_browser: Browser, app: str, desk: tuple[str, dict[str, str]]
) -> None:
    host, pages = desk
    pages["/none"] = element(app, 'recording="nowhere" frame="0"')
    page = opened(chromium_browser, f"{host}/none", width=390)
    wait_for(page, "error", "d.message.includes('nowhere')")
    told(page, "e.setAttribute('recording', 'demo')")
    wait_for(page, "ready", "d.recording === 'demo'")
    page.close()


def test_a_strangers_page_is_shown_nothing(chromium_browser: Browser, app: str) -> None:
    with hosting({"/": element(app, "")}) as stranger:
        page = chromium_browser.new_page()
        with page.expect_event("console", lambda said: "frame-ancestors" in said.text, timeout=PATIENCE_MS):
            page.goto(stranger)
        page.close()
