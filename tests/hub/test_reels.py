"""Recordings computed ahead are shared, wound aside, stopped with the hub, and a failure costs nothing but speed."""

from __future__ import annotations

import threading

from livepairs.hub import reels as reeling
from livepairs.hub.reels import Reels
from livepairs.pipeline import Pipeline, RunParams
from tests.hub.test_run_shows_what_playing_shows import PARAMS, make_recording

SYMBOLS = ("AAA", "BBB")


def settled(reels: Reels) -> None:
    """Wait until nothing is being wound."""
    if (thread := reels._thread) is not None:
        thread.join()


def test_a_recording_is_wound_once_for_all_that_want_it():
    recording, made = make_recording(), []
    reels = Reels(lambda symbols, params: made.append(params) or Pipeline(symbols, params))
    assert reels.find(recording, PARAMS, SYMBOLS, False) is None
    reels.want(recording, PARAMS, SYMBOLS, False)
    reels.want(recording, PARAMS, SYMBOLS, False)
    reels.want(recording, PARAMS, SYMBOLS, True)
    settled(reels)
    assert made == [PARAMS, PARAMS]
    assert reels.find(recording, PARAMS, SYMBOLS, False).is_whole
    assert reels.find(recording, PARAMS, SYMBOLS, True) is not reels.find(recording, PARAMS, SYMBOLS, False)
    reels.close()


def test_closing_stops_what_is_being_wound():
    begun, may_go_on = threading.Event(), threading.Event()

    def made(symbols: tuple[str, ...], params: RunParams) -> Pipeline:
        begun.set()
        assert may_go_on.wait(60)
        return Pipeline(symbols, params)

    reels = Reels(made)
    recording = make_recording()
    reels.want(recording, PARAMS, SYMBOLS, False)
    assert begun.wait(60)
    closing = threading.Thread(target=reels.close)
    closing.start()
    may_go_on.set()
    closing.join(60)
    assert not closing.is_alive()
    reels.want(recording, PARAMS, SYMBOLS, False)
    assert reels.find(recording, PARAMS, SYMBOLS, False) is None


def test_closing_does_not_wait_for_the_compiler():
    begun, may_go_on = threading.Event(), threading.Event()

    def prepare() -> None:
        begun.set()
        assert may_go_on.wait(60)

    reels = Reels(Pipeline, prepare)
    reels.want(make_recording(), PARAMS, SYMBOLS, False)
    assert begun.wait(60)
    thread = reels._thread
    reels.close()
    may_go_on.set()
    thread.join(60)
    assert not thread.is_alive()


def test_a_recording_too_large_is_computed_ahead_as_far_as_memory_allows(monkeypatch):
    monkeypatch.setattr(reeling, "LIMIT_BYTES", 1)
    recording, reels = make_recording(), Reels(Pipeline)
    reels.want(recording, PARAMS, SYMBOLS, False)
    settled(reels)
    reel = reels.find(recording, PARAMS, SYMBOLS, False)
    assert not reel.is_whole
    reels.want(make_recording(7), PARAMS, SYMBOLS, False)
    settled(reels)
    assert reels.find(recording, PARAMS, SYMBOLS, False) is None, "the one not asked for longest makes room"
    reels.close()


def test_a_failure_is_logged_and_leaves_no_reel(caplog):
    reels = Reels(Pipeline)
    recording = make_recording()
    reels.want(recording, PARAMS, ("AAA",), False)
    settled(reels)
    assert "could not be computed ahead" in caplog.text
    assert reels.find(recording, PARAMS, ("AAA",), False) is None
    reels.close()
