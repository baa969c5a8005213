"""Viewers by real websockets: each bar comes once and in order, one that sleeps is caught up, none leaves a trace."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pytest
from bokeh.document import Document
from bokeh.io import curdoc

from benchmarks.crowd import Viewer, enter
from livepairs.config import Settings
from livepairs.hub import Hub, get_hub, start_hub, stop_hub
from livepairs.hub.publisher import slowest_hz
from livepairs.hub.publishtimes import PUBLISH_TIMES
from livepairs.stores.bundled import bundled_recording
from livepairs.views.screen import Screen
from livepairs.views.serving import server as serving
from tests.views.burglar import Burglar, told

pytestmark = [
    pytest.mark.slow,
    # Bokeh drops what it was about to send when a session goes, and Python says so whenever it comes to collect it.
    pytest.mark.filterwarnings("ignore:coroutine 'WSHandler.send_message' was never awaited:RuntimeWarning"),
]

VIEWERS = 3
PATIENCE_S = 100.0


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[Burglar], Awaitable[None]]], None]]:
    """Return what tells a story to a server of all pages that forgets a closed page soon and compiles nothing."""
    soon = {"check_unused_sessions_milliseconds": 200, "unused_session_lifetime_milliseconds": 4000}
    monkeypatch.setattr(serving, "get_server", partial(serving.get_server, **soon))
    monkeypatch.setattr("livepairs.views.serving.prompt.SCRIPTS_S", 0.0)
    monkeypatch.setattr("livepairs.views.serving.door.SEND_BYTES", 4096)
    monkeypatch.setattr(Hub, "_viewed", lambda _hub, _run: None)
    # What pytest has captured for its report holds on to pages, by what Panel logs of them.
    logging.disable(logging.INFO)
    chosen = Settings(source=str(bundled_recording()), database_url="sqlite://", port=0, speed=10.0)
    start_hub(chosen)
    yield lambda story: asyncio.run(told(story, chosen))
    stop_hub()
    logging.disable(logging.NOTSET)
    gc.collect()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.05)


def holes(viewer: Viewer) -> list[tuple[float, float]]:
    """Return neighbours among the bars that came that are not a second apart."""
    bars = [arrival.bar_ms for arrival in viewer.arrivals]
    return [(one, other) for one, other in itertools.pairwise(bars) if other - one != 1000.0]


def alive(kind: type) -> int:
    gc.collect()
    return sum(isinstance(found, kind) for found in gc.get_objects())


def test_each_bar_comes_once_to_all_also_to_one_that_slept_and_nothing_is_left(house: Any) -> None:
    async def story(burglar: Burglar) -> None:
        curdoc()  # Bokeh makes a document for whoever asks outside of a page, and keeps it
        screens, documents = alive(Screen), alive(Document)
        crowd = await enter(f"{burglar.base}/market?run=some-viewers", VIEWERS)
        (run,) = get_hub().runs
        await until(lambda: run.viewer_count == VIEWERS)
        assert slowest_hz() is not None
        sleeper, *others = crowd
        sleeper.hold_little()
        tasks = [asyncio.create_task(viewer.watch()) for viewer in others]
        # The one that reads nothing is skipped as soon as its buffers are full, and the others go on.
        skipped = PUBLISH_TIMES.skipped
        await until(lambda: PUBLISH_TIMES.skipped > skipped + 2)
        before = [viewer.newest_ms for viewer in others]
        await until(lambda: all(viewer.newest_ms > ms for viewer, ms in zip(others, before, strict=True)))
        tasks.append(asyncio.create_task(sleeper.watch()))
        await until(lambda: sleeper.newest_ms >= max(viewer.newest_ms for viewer in others))
        assert [holes(viewer) for viewer in others] == [[]] * len(others)
        # What it slept through came in one piece: as rows to append, or all rows anew.
        assert not holes(sleeper) or sleeper.renewals, (holes(sleeper), sleeper.renewals)
        for viewer in crowd:
            viewer.leave()
        await asyncio.gather(*tasks)
        crowd.clear()
        await until(lambda: run.viewer_count == 0)
        assert len(run._publishers) == 0
        await until(lambda: (alive(Screen), alive(Document)) == (screens, documents))

    house(story)


def test_the_feed_is_not_on_the_loop_that_builds_pages(house: Any) -> None:
    async def story(burglar: Burglar) -> None:
        (viewer,) = await enter(f"{burglar.base}/market?run=one-more-viewer", 1)
        (run,) = get_hub().runs
        assert run._thread is not threading.current_thread()
        # The loop is held as if a page took seconds to be built; the feed goes on meanwhile.
        held_us, waited = run.status.now_us, threading.Event()
        for _ in range(400):
            if run.status.now_us > held_us + 5_000_000:
                break
            waited.wait(0.05)
        assert run.status.now_us > held_us + 5_000_000
        viewer.leave()

    house(story)
