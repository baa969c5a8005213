"""The backtest page in a real browser: parameters in and out of the address, a trade found, a file taken away."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.serving import livepairs_serve, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ASKED = "backtest?span=whole&entry=1.5&stop=none"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve 24 minutes of quiet trading: too little for a replay of the whole to wait for the compiler."""
    made = tmp_path_factory.mktemp("recordings") / "short"
    command = [sys.executable, "-m", "livepairs", "synthesize", "--to", str(made), "--hours", "0.4", "--rate", "20"]
    subprocess.run(command, check=True, capture_output=True)
    with livepairs_serve(str(made), "--speed", "5") as url:
        yield url


def test_an_address_is_run_whole_and_a_trade_is_found_and_taken_away(chromium_browser: Browser, base: str) -> None:
    with visiting(chromium_browser, base) as visitor:
        page = visitor.go(ASKED).page
        page.get_by_text("WHOLE RECORDING", exact=True).wait_for()
        page.get_by_text("knows what comes after").wait_for()
        assert page.locator("input[name=entry]").input_value() == "1.5"
        visitor.wait_for("trades", "m.source.get_length() > 2")
        # All 24 minutes are in view, then one trade with what was around it.
        assert visitor.model("time-axis", "m.end - m.start") > 1_400_000
        page.get_by_role("button", name="Next trade").click()
        visitor.wait_for("time-axis", "m.end - m.start < 1000000 && m.tags[0] === 'free'")
        start = visitor.model("time-axis", "m.start")
        visitor.wait_for("equity", f"m.data.ts[0] >= {start} - 2000")
        row = page.locator(".tabulator-row").nth(1)
        row.scroll_into_view_if_needed()
        # The table draws its rows anew a frame after it was scrolled; a row pressed before is not there to be let go.
        page.evaluate("() => new Promise(then => requestAnimationFrame(() => requestAnimationFrame(then)))")
        row.click()
        visitor.wait_for("time-axis", f"m.start !== {start}")
        with page.expect_download() as download:
            page.get_by_label("Export", exact=True).select_option("trades-csv")
        assert download.value.suggested_filename.endswith("-trades.csv")
        assert download.value.path().read_text().startswith('"entry_ts","exit_ts","side"')
        page.get_by_role("button", name="All", exact=True).click()
        visitor.wait_for("time-axis", "m.end - m.start > 1400000")
        assert visitor.errors == []
        assert visitor.strangers == []


@pytest.mark.soak
def test_run_holds_the_result_writes_the_address_and_refuses_with_a_sentence(
    chromium_browser: Browser, base: str
) -> None:
    with visiting(chromium_browser, base) as visitor:
        page = visitor.go("backtest").page
        page.get_by_text("SO FAR", exact=True).wait_for()
        visitor.wait_for("equity", "m.data.ts.length > 1")
        page.locator("input[name=entry]").fill("0.25")
        page.get_by_role("button", name="Run", exact=True).click()
        page.get_by_text("Exit 0.5 is not below entry 0.25; a trade would end where it begins.").wait_for()
        page.locator("input[name=entry]").fill("1.75")
        page.keyboard.press("Enter")
        page.get_by_text("SO FAR, HELD", exact=True).wait_for()
        assert "entry=1.75" in page.url
        assert "span=so-far" in page.url
        page.get_by_role("tab", name="Compare").click()
        page.get_by_text("Run 1").wait_for()
        page.get_by_role("tab", name="Metrics").click()
        page.locator("[aria-describedby=tip-total_return]").hover()
        page.locator("#tip-total_return").get_by_text("last equity / capital - 1").wait_for()
        page.get_by_role("button", name="Follow", exact=True).first.click()
        page.get_by_text("SO FAR", exact=True).wait_for()
        assert visitor.errors == []


@pytest.mark.soak
def test_on_a_phone_the_form_is_a_sheet_and_nothing_overflows(chromium_browser: Browser, base: str) -> None:
    with visiting(chromium_browser, base, width=390, height=844) as visitor:
        page = visitor.go("backtest").page
        assert not page.locator("input[name=entry]").is_visible()
        page.get_by_role("button", name="Parameters").click()
        assert page.locator("input[name=entry]").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("input[name=entry]").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.soak
def test_a_sweep_draws_its_map_and_a_cell_becomes_the_run(chromium_browser: Browser, base: str) -> None:
    asked = "backtest?span=whole&sweep_entry=1,1.5&sweep_exit=0,0.5&sweep_stop=none&sweep_z_window=150"
    with visiting(chromium_browser, base) as visitor:
        page = visitor.go(asked).page
        page.get_by_text("WHOLE RECORDING", exact=True).wait_for()
        page.get_by_role("button", name="Sweep", exact=True).click()
        visitor.wait_for("sweep-map", "m.data.across.length === 4")
        assert visitor.model("sweep-map", "[...m.data.across].sort().join()") == "1,1,1.5,1.5"
        # What a tap on the cell of entry 1 and exit 0 sets, wherever the plot has it.
        chosen = "Array.from(m.data.across).findIndex((a, i) => a === '1' && m.data.up[i] === '0')"
        visitor.model("sweep-map", f"(m.selected.indices = [{chosen}]).length")
        page.wait_for_function("location.search.includes('entry=1&') || location.search.endsWith('entry=1')")
        assert page.locator("input[name=entry]").input_value() == "1"
        assert page.locator("input[name=exit]").input_value() == "0"
        page.locator("input[name=sweep_entry]").fill("one")
        page.get_by_role("button", name="Sweep", exact=True).click()
        page.get_by_text("cannot be read").wait_for()
        assert visitor.errors == []
        assert visitor.strangers == []
