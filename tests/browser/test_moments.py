"""A link opens the same view in another browser, a presenter takes others along, a restart loses nothing."""

from __future__ import annotations

import shutil
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.serving import RECORDING, Visitor, livepairs_serve, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.soak]

AT = "2026-01-05T09:00:00.25Z"
AT_MS = 1_767_603_600_250.0
WINDOW = "[m.start, m.end]"


def standing(visitor: Visitor, at_ms: float) -> None:
    visitor.wait_for("Deck", f"m.data.status === 'paused' && Math.abs(m.data.now_ms - {at_ms}) < 0.001")
    # The charts come to the page after its frame, and their axis goes to the newest bar once there are rows.
    visitor.wait_for("time-axis", "m.end % 1000 === 0")


def test_a_copied_link_opens_the_same_view_and_a_wrong_one_says_what_is_missing(
    chromium_browser: Browser, app: str
) -> None:
    with visiting(chromium_browser, app) as one, visiting(chromium_browser, app) as other:
        one.go(f"spread?at={AT}&hedge=120&x0=2026-01-05T08:40:00Z&x1=2026-01-05T08:50:00Z")
        standing(one, AT_MS)
        one.wait_for("time-axis", "m.tags[0] === 'free' && m.end - m.start === 600000")
        link = one.page.evaluate("livepairsLink()")
        other.go(link.removeprefix(f"{app}/"))
        standing(other, AT_MS)
        other.wait_for("time-axis", "m.tags[0] === 'free'")
        assert other.model("time-axis", WINDOW) == one.model("time-axis", WINDOW)
        assert other.model("Deck", "m.data.link") == one.model("Deck", "m.data.link")
        assert other.model("Deck", "m.data.run") != one.model("Deck", "m.data.run")
        assert one.errors == other.errors == []
        other.page.goto(link.replace("digest=", "digest=ff"))
        other.page.get_by_text("other rows under the same name").wait_for()


def test_followers_go_where_the_presenter_goes_leave_and_return_with_one_key(
    chromium_browser: Browser, app: str
) -> None:
    with visiting(chromium_browser, app) as presenter, visiting(chromium_browser, app) as follower:
        presenter.go(f"spread?at={AT}")
        standing(presenter, AT_MS)
        run = presenter.model("Deck", "m.data.run")
        presenter.page.get_by_role("button", name="More of the replay").click()
        presenter.page.get_by_role("button", name="Present", exact=True).click()
        presenter.wait_for("Deck", "m.data.role === 'presenting'")
        presenter.page.keyboard.press("Escape")
        follower.go(f"market?run={run}")
        follower.page.wait_for_url("**/spread?*")
        follower.settle()
        follower.wait_for("Deck", "m.data.role === 'following' && !m.data.can_steer")
        presenter.page.get_by_label("Time shown").select_option(label="5 min")
        follower.wait_for("time-axis", "m.tags[0] === 'follow' && m.end - m.start === 300000")
        follower.page.keyboard.press("b")
        follower.page.wait_for_url("**back=*")
        follower.settle()
        follower.wait_for("Deck", "m.data.back !== '' && m.data.can_steer && m.data.status === 'paused'")
        follower.page.keyboard.press(".")
        standing(follower, AT_MS + 250)
        standing(presenter, AT_MS)
        follower.page.keyboard.press("b")
        follower.page.wait_for_url(f"**run={run}*")
        follower.settle()
        follower.wait_for("Deck", "m.data.role === 'following'")
        assert presenter.errors == follower.errors == []


@pytest.mark.soak
def test_a_page_comes_back_to_its_moment_after_the_server_was_restarted(
    chromium_browser: Browser, tmp_path: Path
) -> None:
    shutil.copytree(RECORDING, tmp_path / "demo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = (str(tmp_path / "demo"), "--pair", "ETHUSDT/BTCUSDT")
    with ExitStack() as stack:
        with livepairs_serve(*arguments, port=port) as url:
            visitor = stack.enter_context(visiting(chromium_browser, url))
            visitor.go(f"spread?at={AT}&hedge=120")
            standing(visitor, AT_MS)
            visitor.page.evaluate("window.isOld = true")
            window, link = visitor.model("time-axis", WINDOW), visitor.model("Deck", "m.data.link")
        stack.enter_context(livepairs_serve(*arguments, port=port))
        visitor.page.wait_for_function("() => !window.isOld && window.Bokeh && Bokeh.documents.length > 0")
        visitor.settle()
        standing(visitor, AT_MS)
        assert visitor.model("time-axis", WINDOW) == window
        assert visitor.model("Deck", "m.data.link") == link
