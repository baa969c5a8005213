"""Every page in a real browser, served both ways: it loads in silence, its data grow, nothing leaves this machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from bokeh.plotting import figure

from livepairs.views.frame.dress import dress
from tests.browser.accessibility import grave_findings
from tests.browser.serving import RECORDING, ROOT, Visitor, panel_serve, visiting

if TYPE_CHECKING:
    from bokeh.model import Model
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = sorted(path.stem for path in Path(ROOT, "apps").glob("*.py"))
REDRESSED = """(wanted) => [...Bokeh.documents[0]._all_models.values()].flatMap((model) => {
    const kind = Object.keys(wanted).find((name) => model.type.endsWith(name))
    const looks = kind && model.grid_line_color !== null ? Object.entries(wanted[kind]) : []
    const others = looks.filter(([name, to]) => model[name] !== to)
    return others.map(([name, to]) => `${model.type}.${name}: ${model[name]}, not ${to}`)
})"""
SOURCES = {"market": ["bars-y", "bars-x"], "spread": ["spread", "zscore"], "backtest": ["equity"]}


def test_a_tour_of_all_pages_keeps_the_run_and_its_moment_in_silence(chromium_browser: Browser, app: str) -> None:
    with visiting(chromium_browser, app) as visitor:
        visitor.go("market")
        visitor.pause()
        run, moment = parse_qs(urlsplit(visitor.page.url).query)["run"], visitor.clock_ms()
        for page in [*(name for name in PAGES if name != "market"), "market"]:
            visitor.page.get_by_role("link", name=page.capitalize(), exact=True).click()
            visitor.page.wait_for_url(f"**/{page}?*")
            visitor.settle()
            assert parse_qs(urlsplit(visitor.page.url).query)["run"] == run
            assert visitor.clock_ms() == moment
            _grows_while_it_plays(visitor, page)
            assert {page: _redressed(visitor, is_dark=False)} == {page: []}
            _fits_a_phone(visitor)
            assert {page: grave_findings(visitor.page)} == {page: []}
            moment = visitor.clock_ms()
        assert visitor.errors == []
        assert visitor.strangers == []


@pytest.mark.soak
def test_every_page_serves_everybody_in_the_dark_too(chromium_browser: Browser, app: str) -> None:
    with visiting(chromium_browser, app) as visitor:
        visitor.go("market?theme=dark")
        for page in PAGES:
            visitor.page.get_by_role("link", name=page.capitalize(), exact=True).click()
            visitor.page.wait_for_url(f"**/{page}?*theme=dark*")
            visitor.settle()
            assert {page: _redressed(visitor, is_dark=True)} == {page: []}
            assert {page: grave_findings(visitor.page)} == {page: []}


def _redressed(visitor: Visitor, *, is_dark: bool) -> list[str]:
    """Return what of the charts' looks the browser has made another than the server sent it."""
    plain, dressed = figure(), figure()
    dress(dressed, is_dark=is_dark)
    pairs = {
        "Figure": (plain, dressed),
        "Axis": (plain.xaxis[0], dressed.xaxis[0]),
        "Grid": (plain.grid[0], dressed.grid[0]),
    }
    wanted = {kind: _differing(*pair) for kind, pair in pairs.items()}
    assert wanted["Axis"]
    assert wanted["Grid"]
    return list(visitor.page.evaluate(REDRESSED, wanted))


def _differing(plain: Model, dressed: Model) -> dict[str, Any]:
    before, after = plain.properties_with_values(), dressed.properties_with_values()
    return {
        name: value
        for name, value in after.items()
        if name.endswith(("color", "alpha", "font", "size", "style", "standoff")) and value != before[name]
    }


def _grows_while_it_plays(visitor: Visitor, page: str) -> None:
    newest = {source: visitor.newest(source) for source in SOURCES.get(page, [])}
    visitor.press("Play")
    for source, time_ms in newest.items():
        visitor.wait_for_newer(source, than=time_ms)
    if page == "alerts":
        visitor.wait_for("alerts", "m.source.get_length() > 0")
    if page == "spread":
        _trades_on_paper(visitor)
        _draws_any_column(visitor)
    visitor.pause()


def _trades_on_paper(visitor: Visitor) -> None:
    visitor.wait_for("zscore", "m.data.even_above.some((v) => v > 0)")
    visitor.page.get_by_text("since 08:00:00 UTC").wait_for()
    visitor.page.get_by_text(re.compile(r"^(pays|costs) \d+\.\d bps$")).wait_for()
    visitor.wait_for("paper-entries", "m.data.ts.length >= 0")


def _draws_any_column(visitor: Visitor) -> None:
    pick = visitor.page.locator("select[name=added-column]")
    title = visitor.page.locator("b", has_text="Cointegration p-value")
    pick.select_option(label="cointegration p-value")
    title.wait_for()
    visitor.wait_for_newer("added", than=visitor.newest("added"))
    pick.select_option(index=0)
    title.wait_for(state="hidden")


def _fits_a_phone(visitor: Visitor) -> None:
    wide = visitor.page.viewport_size
    assert wide is not None
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    visitor.page.wait_for_function("() => document.documentElement.scrollWidth <= 390")
    visitor.page.wait_for_function(
        "() => [...document.querySelectorAll('*')].every((e) => e.shadowRoot == null || e.scrollWidth <= 390)"
    )
    visitor.page.get_by_role("button", name="Play", exact=True).wait_for()
    # The links are wider than the screen, and the page one is on is in view.
    here = visitor.page.locator("nav a[aria-current]").element_handle()
    visitor.page.wait_for_function(
        "(a) => a.getBoundingClientRect().right <= a.parentElement.getBoundingClientRect().right + 1", arg=here
    )
    visitor.page.set_viewport_size(wide)
    visitor.page.get_by_role("link", name="Market", exact=True).wait_for()


@pytest.mark.soak
def test_each_first_page_gets_a_private_run_under_panel_serve(chromium_browser: Browser) -> None:
    served = panel_serve(LIVEPAIRS_SOURCE=str(RECORDING), LIVEPAIRS_SPEED="30")
    with served as base, visiting(chromium_browser, base) as one, visiting(chromium_browser, base) as other:
        one.go("market")
        other.go("spread")
        assert "?run=" in one.page.url
        assert parse_qs(urlsplit(one.page.url).query)["run"] != parse_qs(urlsplit(other.page.url).query)["run"]
        one.wait_for_newer("bars-y", than=one.newest("bars-y"))
        other.wait_for_newer("spread", than=other.newest("spread"))
        assert one.errors == other.errors == []
        assert one.strangers == other.strangers == []
