"""The scanner in a real browser: rows come, tools keep what the user set, a new bar moves nothing, a click opens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.serving import Visitor, livepairs_serve, visiting
from tests.universe_recording import write_universe

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.soak, pytest.mark.timeout(300)]  # the first scan waits for the compiler

SYMBOLS = 30
RUN = "scanner-shared"
TESTS = 31 * 30 - 2
"""Ordered pairs: the dead and the constant symbol are left out, the doubled one makes no pair with its twin."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    recording = write_universe(tmp_path_factory.mktemp("scanner") / "universe", SYMBOLS, 400)
    windows = ["--hedge-window", "100", "--z-window", "100", "--corr-window", "100"]
    with livepairs_serve(str(recording), "--speed", "60", "--bars", "1m", *windows) as url:
        yield url


@pytest.fixture
def visitor(chromium_browser: Browser, base: str) -> Iterator[Visitor]:
    with visiting(chromium_browser, base) as visitor:
        visitor.page.set_default_timeout(240_000)
        yield visitor
        assert visitor.errors == []
        assert visitor.strangers == []


def scanned(visitor: Visitor) -> Visitor:
    """Open the scanner and wait for its first rows."""
    visitor.go(f"scanner?run={RUN}")
    visitor.wait_for("scanner", f"m.total === {TESTS}")
    return visitor


def test_rows_come_and_every_test_is_counted(visitor: Visitor) -> None:
    scanned(visitor)
    assert visitor.model("scanner", "m.rows[0].rank") == "1"
    assert len(visitor.model("q-heatmap", "m.data.pair")) == TESTS
    words = visitor.page.get_by_text(f"{TESTS:,} tests")
    words.wait_for()
    assert visitor.page.get_by_text("FLATUSDT is left out").is_visible()
    assert visitor.page.get_by_text("C000USDT and TWINUSDT are the same series").is_visible()


def test_a_new_bar_moves_neither_sort_nor_filter_nor_mark_nor_scroll(visitor: Visitor) -> None:
    scanned(visitor)
    page = visitor.page
    page.get_by_role("columnheader", name="z now").click()
    page.get_by_role("searchbox").fill("C01")
    visitor.wait_for("scanner", f"m.total > 64 && m.total < {TESTS} && m.rows.every((r) => r.pair.includes('C01'))")
    page.get_by_role("button", name="Mark this pair").first.click()
    grid = page.get_by_role("grid")
    scroll = grid.locator(".scroll")
    scroll.evaluate("(e) => { e.scrollTop = 1500 }")
    visitor.wait_for("scanner", "m.first > 0")
    when, marked = visitor.model("scanner", "m.when"), grid.locator(".marked").count()
    visitor.wait_for("scanner", f"m.when !== {when!r}")
    sizes = "m.rows.map((r) => r.z === '–' ? 0 : Math.abs(Number(r.z.replace('−', '-'))))"
    assert visitor.model("scanner", f"{sizes}.every((z, n, all) => n === 0 || z <= all[n - 1])")
    assert visitor.model("scanner", "m.rows.every((r) => r.pair.includes('C01'))")
    assert scroll.evaluate("(e) => e.scrollTop") == 1500
    assert page.get_by_role("searchbox").input_value() == "C01"
    assert marked <= 1


def test_a_click_opens_the_pair_in_the_same_run(visitor: Visitor) -> None:
    scanned(visitor)
    before = visitor.clock_ms()
    pair = visitor.model("scanner", "m.rows[0].pair")
    visitor.page.get_by_role("link", name=pair, exact=True).click()
    visitor.page.wait_for_url("**/spread?*")
    visitor.settle()
    query = parse_qs(urlsplit(visitor.page.url).query)
    assert (query["run"], query["pair"]) == ([RUN], [pair])
    visitor.newest("spread")
    assert visitor.clock_ms() >= before
