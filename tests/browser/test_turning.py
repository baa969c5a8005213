"""From page to page in a real browser: nothing is loaded, back and forward lead, and a page that was left is gone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.serving import Visitor, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser, WebSocket

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = ("Spread", "Scanner", "Backtest", "Alerts", "Recordings", "Market")
MB = 1e6
MOST_GROWTH_MB = 12.0
"""The charts' own rows grow while a replay runs; a page that stayed would be 1.5 MB each time."""


def test_a_click_turns_the_page_and_what_was_left_is_gone(chromium_browser: Browser, app: str) -> None:
    with visiting(chromium_browser, app) as visitor:
        sockets: list[WebSocket] = []
        visitor.page.on("websocket", lambda socket: sockets.append(socket))  # noqa: PLW0108 - Playwright takes no method of a list
        visitor.go("market")
        visitor.pause()
        visitor.page.evaluate("window.isTheSame = true")
        heard = _listeners(visitor)
        for name in ("Spread", "Recordings", "Market"):
            _turn(visitor, name)
        assert visitor.page.evaluate("[window.isTheSame, Bokeh.documents.length]") == [True, 1]
        assert _listeners(visitor) == heard
        assert [socket.is_closed() for socket in sockets] == [True, True, True, False]
        # One key, one act: no page that was left hears it too.
        visitor.page.keyboard.press("Space")
        visitor.wait_for("Deck", "m.data.status === 'playing'")
        visitor.wait_for_newer("bars-y", than=visitor.newest("bars-y"))
        visitor.pause()
        assert visitor.errors == []


def test_back_and_forward_lead_through_the_pages_that_were_turned(chromium_browser: Browser, app: str) -> None:
    with visiting(chromium_browser, app) as visitor:
        visitor.go("market")
        visitor.page.evaluate("window.isTheSame = true")
        _turn(visitor, "Scanner")
        visitor.page.go_back()
        _is_shown(visitor, "Market")
        visitor.wait_for("bars-y", "m.data.ts.length > 0")
        visitor.page.go_forward()
        _is_shown(visitor, "Scanner")
        assert visitor.page.evaluate("window.isTheSame") is True
        assert visitor.errors == []


@pytest.mark.soak
def test_what_is_no_page_is_loaded_as_ever(chromium_browser: Browser, app: str) -> None:
    with visiting(chromium_browser, app) as visitor:
        visitor.go("market")
        visitor.page.evaluate("window.isTheSame = true")
        visitor.page.route("**/spread?*", lambda route: route.fulfill(status=503, body="not now"), times=1)
        visitor.page.get_by_role("link", name="Spread", exact=True).click()
        visitor.page.wait_for_function("() => window.isTheSame === undefined")
        _is_shown(visitor, "Spread")


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_twenty_pages_later_a_window_and_its_server_hold_what_they_held(chromium_browser: Browser, app: str) -> None:
    with visiting(chromium_browser, app) as visitor:
        visitor.go("market")
        visitor.pause()
        for name in NAMES:
            _turn(visitor, name)
        listeners, heap, nodes = _held(visitor)
        for name in NAMES * 3:
            _turn(visitor, name)
        later = _held(visitor)
        assert later[0] == listeners
        assert (later[1] - heap) / MB < MOST_GROWTH_MB
        assert later[2] < 1.3 * nodes
        # Pages without a browser are let go some time after.
        visitor.page.wait_for_function(
            "async () => Number((await (await fetch('metrics')).text()).match(/^livepairs_sessions (\\S+)/m)[1]) === 1",
            polling=1000,
            timeout=180_000,
        )
        assert visitor.errors == []


def _turn(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("link", name=name, exact=True).click()
    _is_shown(visitor, name)


def _is_shown(visitor: Visitor, name: str) -> None:
    visitor.page.wait_for_function(f"() => document.title.startsWith({name!r})")
    visitor.settle()
    visitor.page.get_by_role("heading", name=name, exact=True, level=1).wait_for(state="attached")
    visitor.page.wait_for_function("() => document.querySelectorAll('.page:not(.is-shown)').length === 0")


def _listeners(visitor: Visitor) -> list[Counter[str]]:
    """Return how many listeners of each kind the document and the window have."""
    devtools = visitor.page.context.new_cdp_session(visitor.page)
    found = []
    for what in ("document", "window"):
        held: Any = devtools.send("Runtime.evaluate", {"expression": what})["result"]["objectId"]
        listeners = devtools.send("DOMDebugger.getEventListeners", {"objectId": held})["listeners"]
        found.append(Counter(one["type"] for one in listeners))
    devtools.detach()
    return found


def _held(visitor: Visitor) -> tuple[list[Counter[str]], float, float]:
    """Return listeners, bytes of the heap and nodes, once what nobody holds has been thrown away."""
    devtools = visitor.page.context.new_cdp_session(visitor.page)
    devtools.send("Performance.enable")
    for _ in range(3):
        devtools.send("HeapProfiler.collectGarbage")
    said = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    devtools.detach()
    return _listeners(visitor), said["JSHeapUsedSize"], said["Nodes"]
