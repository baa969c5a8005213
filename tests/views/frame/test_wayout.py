"""Where there is nothing to show there is a reason, and a way on that works."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from livepairs.config import Settings
from livepairs.hub import Hub
from livepairs.views.frame import wayout


@pytest.fixture
def hub(tmp_path, monkeypatch):
    made = Hub(Settings(recordings=str(tmp_path)))
    monkeypatch.setattr(wayout, "get_hub", lambda: made)
    yield made
    made.close()


def live_run(
    sentence: str = "no connection: the name host cannot be looked up (is there a network?)",
) -> SimpleNamespace:
    feed = SimpleNamespace(status="waiting", sentence=sentence)
    return SimpleNamespace(
        label="binance-um:BTCUSDT",
        line=SimpleNamespace(feed=feed),
        state=SimpleNamespace(error=None),
        status=SimpleNamespace(trades=0),
    )


def test_an_address_that_cannot_be_opened_says_why_and_offers_the_bundled_recording(hub):
    html = wayout.way_out("There is nothing to show", "no recording '<nope>'.").object
    assert "No recording &#x27;&lt;nope&gt;&#x27;." in html
    assert 'href="./spread?recording=demo"' in html
    assert 'href="./recordings"' in html


def test_where_the_server_is_full_nothing_is_offered_that_would_be_refused_too(hub):
    html = wayout.way_out("There is no room for another replay", "as many as may be.", is_full=True).object
    assert html.count("href") == 1
    assert "Try again" in html


def test_what_is_offered_can_be_opened(hub):
    run = hub.open(recording="demo")
    assert run.recording is not None


def test_a_live_feed_that_never_came_says_so_until_the_first_trade(hub):
    run = live_run()
    silence = wayout.Silence(run)
    silence.refresh()
    assert silence.view.visible
    assert "Nothing has come from binance-um:BTCUSDT yet" in silence.view.object
    assert "(is there a network?)" in silence.view.object
    run.status.trades = 1
    silence.refresh()
    assert not silence.view.visible
    run.status.trades = 0  # the feed is away again: the banner's business
    silence.refresh()
    assert not silence.view.visible


def test_a_feed_that_is_well_has_nothing_said_of_it(hub):
    run = live_run()
    run.line.feed.status = "connecting"
    silence = wayout.Silence(run)
    silence.refresh()
    assert not silence.view.visible
