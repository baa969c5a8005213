"""What the bell is told of a run's events, without a browser."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from livepairs.alerts.event import CLEARED, FIRED, Event, event_batch
from livepairs.schema import EVENTS
from livepairs.tables.ring import Table
from livepairs.views.alerts.alarm import TOLD, Alarm

SECOND = 1_000_000


class Scene:
    """A run with nothing but events, and the bell of one page."""

    def __init__(self, *earlier: Event, speed: float = 1.0) -> None:
        self.events = Table(EVENTS, limit_rows=1000)
        self.add(*earlier)
        state = SimpleNamespace(status="paused", generation=0, speed=speed, is_seeking=False)
        run: Any = SimpleNamespace(tables=SimpleNamespace(events=self.events), state=state)
        self.notices = Table(EVENTS, limit_rows=1000)
        self.alarm = Alarm(run, "run=some-run-id", self.notices)
        self.alarm.refresh()

    def add(self, *events: Event) -> None:
        self.events.append(event_batch(list(events)))

    @property
    def told(self) -> list[str]:
        return [event["time"] for event in self.alarm.bell.events]


def event(second: int, kind: str = FIRED) -> Event:
    return Event(second * SECOND, "z-score", "ETHUSDT/BTCUSDT", kind, "warning", 2.2, f"at {second}")


def test_what_was_there_before_the_page_is_listed_and_not_told() -> None:
    scene = Scene(event(1), event(2, CLEARED))
    assert scene.told == ["00:00:02", "00:00:01"]
    assert scene.alarm.bell.fresh == 0
    assert scene.alarm.bell.link == "./alerts?run=some-run-id"


def test_what_comes_is_told_once_newest_first() -> None:
    scene = Scene(event(1))
    scene.add(event(2), event(3))
    scene.alarm.refresh()
    stamp = scene.alarm.bell.stamp
    assert (scene.alarm.bell.fresh, scene.told[:2]) == (2, ["00:00:03", "00:00:02"])
    scene.alarm.refresh()
    assert scene.alarm.bell.stamp == stamp


def test_a_jump_in_time_forgets_the_list_and_tells_nothing() -> None:
    scene = Scene(event(50))
    scene.events.reset()
    scene.add(event(7))
    scene.alarm.refresh()
    assert (scene.alarm.bell.fresh, scene.told) == (0, ["00:00:07"])


def test_a_storm_is_told_by_its_newest_and_its_number() -> None:
    scene = Scene()
    scene.add(*(event(second) for second in range(100)))
    scene.alarm.refresh()
    assert scene.alarm.bell.fresh == 100
    assert len(scene.told) == TOLD
    assert scene.told[0] == "00:01:39"


def test_in_a_swift_replay_the_bell_counts_and_shows_no_toasts() -> None:
    scene = Scene(speed=60.0)
    scene.add(event(1))
    scene.alarm.refresh()
    assert (scene.alarm.bell.fresh, scene.alarm.bell.is_swift) == (1, True)


def test_what_is_of_no_run_is_told_whatever_the_replay_does_and_stays_listed_after_a_jump() -> None:
    scene = Scene(event(50), speed=60.0)
    scene.notices.append(event_batch([event(3)]))
    scene.alarm.refresh()
    assert (scene.alarm.bell.fresh, scene.alarm.bell.is_swift, scene.told) == (1, False, ["00:00:03", "00:00:50"])
    scene.events.reset()
    scene.add(event(7))
    scene.alarm.refresh()
    assert (scene.alarm.bell.fresh, scene.told) == (0, ["00:00:03", "00:00:07"])
