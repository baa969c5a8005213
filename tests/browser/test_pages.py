"""Every page in a real browser, served both ways: it loads in silence, its data grow, nothing leaves this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.serving import RECORDING, livepairs_serve, panel_serve, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOURCES = {"market": ["bars-y", "bars-x"], "spread": ["spread", "zscore"], "backtest": ["equity"]}


@pytest.fixture(scope="module", params=["livepairs serve", "panel serve"])
def base(request: pytest.FixtureRequest) -> Iterator[str]:
    serving = (
        livepairs_serve(str(RECORDING), "--speed", "30")
        if request.param == "livepairs serve"
        else panel_serve(LIVEPAIRS_SOURCE=str(RECORDING), LIVEPAIRS_SPEED="30")
    )
    with serving as url:
        yield url


@pytest.mark.parametrize("page", list(SOURCES))
def test_page_loads_in_silence_and_its_sources_grow(chromium_browser: Browser, base: str, page: str) -> None:
    with visiting(chromium_browser, base) as visitor:
        visitor.go(page)
        for source in SOURCES[page]:
            visitor.wait_for_newer(source, than=visitor.newest(source))
        assert visitor.errors == []
        assert visitor.strangers == []


def test_spread_page_trades_on_paper_and_says_what_the_signal_pays(chromium_browser: Browser, base: str) -> None:
    with visiting(chromium_browser, base) as visitor:
        visitor.go("spread")
        visitor.wait_for("zscore", "m.data.even_above.some((v) => v > 0)")
        visitor.page.get_by_text("since 08:00:00 UTC").wait_for()
        visitor.page.get_by_text(re.compile(r"^(pays|costs) \d+\.\d bps$")).wait_for()
        visitor.wait_for("paper-entries", "m.data.ts.length >= 0")
        assert visitor.errors == []


def test_alerts_come_into_the_table(chromium_browser: Browser, base: str) -> None:
    with visiting(chromium_browser, base) as visitor:
        visitor.go("alerts")
        visitor.wait_for("alerts", "m.source.get_length() > 0")
        assert visitor.errors == []
        assert visitor.strangers == []


def test_first_page_gets_a_private_run_and_its_address_says_so(chromium_browser: Browser, base: str) -> None:
    with visiting(chromium_browser, base) as one, visiting(chromium_browser, base) as other:
        one.go("market")
        other.go("market")
        assert "?run=" in one.page.url
        assert one.page.url != other.page.url
