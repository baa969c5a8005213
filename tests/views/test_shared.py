"""What pages show alike is worked out once: for a beat, or while nothing has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from livepairs.config import Settings
from livepairs.hub import Hub, Run
from livepairs.hub.publisher import Publisher, current_beat
from livepairs.pipeline import Pipeline
from livepairs.views.component import LiveText
from livepairs.views.shared import shared, stamp_of
from tests.browser.serving import RECORDING


@pytest.fixture
def run() -> Iterator[Run]:
    hub = Hub(Settings(source=str(RECORDING), database_url="sqlite://"), make_pipeline=Pipeline)
    run = hub.open()
    assert run.control is not None
    run.control.pause()
    yield run
    hub.close()


def test_it_is_made_once_for_each_stamp(run: Run) -> None:
    made = iter("abc")
    assert [shared(run, "key", stamp, lambda: next(made)) for stamp in (1, 1, 2, 2, 1)] == ["a", "a", "b", "b", "c"]


def test_all_views_of_a_beat_have_one_stamp_and_the_next_beat_another(run: Run) -> None:
    stamps: list[object] = []

    async def publish() -> None:
        publisher = Publisher(asyncio.get_running_loop(), 1000.0)
        for _ in range(3):
            publisher.subscribe(lambda: stamps.append(stamp_of(run)))
        for beat in (1, 2):
            publisher.changed()
            while len(stamps) < 3 * beat:
                await asyncio.sleep(0)

    asyncio.run(publish())
    assert stamps[0] == stamps[1] == stamps[2] != stamps[3] == stamps[4] == stamps[5]
    assert current_beat() == 0


def test_a_component_on_no_page_keeps_what_it_shows() -> None:
    text = LiveText(markup="<b data-v='z'></b>")
    text.show(values={"z": "1"})
    assert text.values == {"z": "1"}
