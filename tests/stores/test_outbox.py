"""The outbox, on SQLite and on PostgreSQL alike: nothing is taken twice at once, nothing is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from livepairs.alerts.event import Event, event_batch
from livepairs.stores.history import History
from livepairs.stores.history_rows import Origin
from livepairs.stores.outbox import Bundle, Outbox

START_US = 1_764_000_000_000_000
LIVE = Origin(run_kind="live", source="binance-um:BTCUSDT,ETHUSDT")
LEASE = 1000


@pytest.fixture
def history(database_url: str) -> Iterator[History]:
    store = History(database_url)
    yield store
    store.close()


def tell(history: History, *numbers: int, channels: tuple[str, ...] = ("desk",), now_us: int = 0) -> None:
    events = [
        Event(START_US + number, "z-score", "ETHUSDT/BTCUSDT", "fired", "warning", 2.0, str(number))
        for number in numbers
    ]
    history.add(event_batch(events), LIVE, now_us=now_us, to={event.id: channels for event in events})


def texts(bundle: Bundle | None) -> list[str]:
    assert bundle is not None
    return [row.message for row in bundle.events]


def test_what_waits_is_bound_once_oldest_first(history: History):
    outbox = Outbox(history.database)
    tell(history, 1, 2, 3, channels=("desk", "phone"))
    tell(history, 1, 2, 3)  # the same events again, as a replay or a restart makes them
    assert sorted(outbox.channels()) == ["desk", "phone"]
    bundle = outbox.take("desk", now_us=10, lease_us=LEASE, limit=2)
    assert texts(bundle) == ["1", "2"]
    assert texts(outbox.take("desk", now_us=10, lease_us=LEASE, limit=2)) == ["3"]
    assert outbox.take("desk", now_us=10, lease_us=LEASE, limit=2) is None
    assert texts(outbox.take("phone", now_us=10, lease_us=LEASE, limit=9)) == ["1", "2", "3"]


def test_a_bundle_whose_taker_was_killed_is_due_again_under_its_name(history: History):
    outbox = Outbox(history.database)
    tell(history, 1, 2)
    first = outbox.take("desk", now_us=10, lease_us=LEASE, limit=9)
    assert first is not None
    assert outbox.retake("desk", now_us=9 + LEASE, lease_us=LEASE) is None
    again = outbox.retake("desk", now_us=10 + LEASE, lease_us=LEASE)
    assert again is not None
    assert (again.id, again.attempts, again.tried_us, texts(again)) == (first.id, 1, 10, ["1", "2"])
    outbox.delivered(first, now_us=2000)  # the first taker was not dead after all: too late to say anything
    assert outbox.counts()[0].waiting == 2
    outbox.delivered(again, now_us=2000)
    assert outbox.counts()[0].sent == 2
    assert outbox.delivered_us("desk", 0) == [2000]
    assert outbox.delivered_us("desk", 2000) == []


def test_what_failed_is_due_later_and_what_is_given_up_can_be_sent_again(history: History):
    outbox = Outbox(history.database)
    tell(history, 1)
    bundle = outbox.take("desk", now_us=10, lease_us=LEASE, limit=9)
    assert bundle is not None
    outbox.failed(bundle, due_us=500, error="answered 500")
    (count,) = outbox.counts()
    assert (count.waiting, count.due_us, count.error) == (1, 500, "answered 500")
    assert outbox.next_due_us("desk") == 500
    bundle = outbox.retake("desk", now_us=500, lease_us=LEASE)
    assert bundle is not None
    outbox.give_up(bundle, now_us=600, error="answered 410")
    assert outbox.next_due_us("desk") is None
    (letter,) = outbox.dead_letters()
    assert (letter.bundle, letter.channel, letter.attempts, letter.given_up_us) == (bundle.id, "desk", 2, 600)
    assert (letter.error, [row.message for row in letter.events]) == ("answered 410", ["1"])
    assert outbox.resend([letter.bundle], now_us=700) == 1
    assert outbox.dead_letters() == ()
    again = outbox.retake("desk", now_us=700, lease_us=LEASE)
    assert again is not None
    assert (again.id, again.attempts, again.tried_us) == (bundle.id, 0, 700)


def test_two_takers_never_get_the_same_event(history: History):
    tell(history, *range(40))

    def take_all(_taker: int) -> list[str]:
        outbox, found = Outbox(history.database), []
        while bundle := outbox.take("desk", now_us=10, lease_us=LEASE, limit=3):
            found += texts(bundle)
        return found

    with ThreadPoolExecutor(3) as pool:
        taken = [text for found in pool.map(take_all, range(3)) for text in found]
    assert sorted(map(int, taken)) == list(range(40))


def test_fresh_events_tell_since_when_they_wait(history: History):
    outbox = Outbox(history.database)
    assert outbox.oldest_fresh_us("desk", 100) is None
    tell(history, 1, now_us=5)
    tell(history, 2, now_us=7)
    assert outbox.oldest_fresh_us("desk", 100) == 5


def test_what_was_delivered_is_forgotten_after_a_while(history: History):
    outbox = Outbox(history.database)
    tell(history, 1, 2)
    bundle = outbox.take("desk", now_us=10, lease_us=LEASE, limit=1)
    assert bundle is not None
    outbox.delivered(bundle, now_us=20)
    assert outbox.forget(before_us=20) == 0
    assert outbox.forget(before_us=21) == 1
    assert outbox.counts()[0].waiting == 1
