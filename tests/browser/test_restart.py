"""A server is stopped or killed with pages open, and started again: they come back to their moment by themselves."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.browser.serving import RECORDING, Visitor, free_port, livepairs_process, livepairs_serve, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.soak]

AT = "2026-01-05T09:00:00.25Z"
AT_MS = 1_767_603_600_250.0


def standing(visitor: Visitor, source: str) -> None:
    """Wait until a page stands at the moment, with its rows there."""
    visitor.wait_for("Deck", f"m.data.status === 'paused' && Math.abs(m.data.now_ms - {AT_MS}) < 0.001")
    visitor.wait_for(source, f"m.data.ts.length > 100 && {AT_MS} - m.data.ts[m.data.ts.length - 1] < 5000")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_pages_come_back_to_their_moment_after_the_server_was_stopped(
    chromium_browser: Browser, how: signal.Signals
) -> None:
    arguments, port = (str(RECORDING), "--pair", "ETHUSDT/BTCUSDT"), free_port()
    with ExitStack() as stack:
        with livepairs_process(*arguments, port=port) as (url, process, lines):
            market, spread = (stack.enter_context(visiting(chromium_browser, url)) for _ in range(2))
            market.go(f"market?at={AT}")
            spread.go(f"spread?at={AT}&hedge=120")
            standing(market, "bars-y")
            standing(spread, "spread")
            link = spread.model("Deck", "m.data.link")
            for visitor in (market, spread):
                visitor.page.evaluate("window.isOld = true")
            process.send_signal(how)
            for visitor in (market, spread):
                visitor.page.get_by_text("The connection is lost").wait_for()
                if how is signal.SIGTERM:
                    visitor.page.get_by_role("alert").get_by_text("the server is stopping").wait_for()
            assert process.wait(30) == (0 if how is signal.SIGTERM else -how)
        assert "Traceback" not in "".join(lines)
        stack.enter_context(livepairs_serve(*arguments, port=port))
        for visitor in (market, spread):
            visitor.page.wait_for_function("() => !window.isOld && window.Bokeh && Bokeh.documents.length > 0")
            visitor.settle()
        standing(market, "bars-y")
        standing(spread, "spread")
        assert spread.model("Deck", "m.data.link") == link
