"""The postman on a clock that is held in the hand: retries, caps, quiet hours, digests, and what is given up."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

import pytest

from livepairs.alerts.event import Event, event_batch
from livepairs.alerts.quiet import read_quiet
from livepairs.alerts.rule import Channel, Rule, RuleSet
from livepairs.clock import ManualClock
from livepairs.delivery.address import Address
from livepairs.delivery.notice import Notice
from livepairs.delivery.postman import GIVE_UP_US, HOUR_US, MINUTE_US, Postman
from livepairs.delivery.webhook import Webhook
from livepairs.errors import ConfigError, DeliveryError
from livepairs.stores.history import History
from livepairs.stores.history_rows import Origin
from livepairs.stores.outbox import Outbox
from tests.delivery.endpoint import KEY, PATH, Endpoint, serving

START_US = 1_764_000_000_000_000  # 2025-11-24 16:00 UTC
SECOND = 1_000_000
LIVE = Origin(run_kind="live", source="binance-um:BTCUSDT,ETHUSDT")


class Line:
    """A transport that keeps what it is given, and fails as often as it is told."""

    def __init__(self, *failures: DeliveryError | Exception) -> None:
        self.failures = list(failures)
        self.sent: list[Notice] = []
        self.tries = 0

    async def send(self, notice: Notice) -> None:
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(notice)

    async def close(self) -> None:
        pass


class Scene:
    """A history, a postman on a manual clock, and channels with lines."""

    def __init__(self, *channels: Channel, lines: dict[str, Line] | None = None) -> None:
        self.clock = ManualClock(START_US)
        self.history = History("sqlite://")
        self.outbox = Outbox(self.history.database)
        self.lines = lines or {"desk": Line()}
        rule = Rule(name="wide", when="abs(z) >= 2")
        self.rules = RuleSet(rules=(rule,), channels=channels or (Channel(name="desk"),))
        self.postman = Postman(
            self.outbox, self.clock, rules=lambda: self.rules, open_transport=self.open, draw=lambda: 1.0
        )

    def open(self, channel: str) -> Line:
        if channel not in self.lines:
            raise ConfigError(f"channel {channel!r} has no address; set LIVEPAIRS_CHANNEL_{channel.upper()}")
        return self.lines[channel]

    def tell(self, *numbers: int, channels: tuple[str, ...] = ("desk",)) -> None:
        events = [
            Event(START_US + number, "wide", "ETHUSDT/BTCUSDT", "fired", "warning", 2.0, str(number))
            for number in numbers
        ]
        to = {event.id: channels for event in events}
        self.history.add(event_batch(events), LIVE, now_us=self.clock.now_us(), to=to)
        self.postman.wake()

    async def settle(self) -> None:
        """Let everything happen that can happen without the clock moving."""
        for _ in range(30):
            await asyncio.sleep(0)

    async def advance(self, duration_us: int) -> None:
        self.clock.advance(duration_us)
        await self.settle()

    def texts(self, channel: str = "desk") -> list[list[str]]:
        sent = [json.loads(notice.payload)["events"] for notice in self.lines[channel].sent]
        return [[event["message"] for event in events] for events in sent]


def play(scene: Scene, story: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        work = asyncio.create_task(scene.postman.work())
        await scene.settle()
        try:
            await story()
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    asyncio.run(main())
    scene.history.close()


def test_what_waits_is_told_at_once_and_once():
    scene = Scene()
    scene.tell(1, 2)  # before it works: what the last server left

    async def story() -> None:
        assert scene.texts() == [["1", "2"]]
        scene.tell(1, 2, 3)
        await scene.settle()
        assert scene.texts() == [["1", "2"], ["3"]]
        assert scene.outbox.counts()[0].sent == 3

    play(scene, story)


def test_a_failure_is_tried_again_later_and_later_under_the_same_id():
    line = Line(*(DeliveryError("answered 500") for _ in range(4)))
    scene = Scene(lines={"desk": line})

    async def story() -> None:
        scene.tell(1)
        await scene.settle()
        for pause in (5, 10, 20, 40):
            tries = line.tries
            await scene.advance(pause * SECOND - 1)
            assert line.tries == tries
            await scene.advance(1)
            assert line.tries == tries + 1
        assert scene.texts() == [["1"]]
        assert scene.outbox.counts()[0].error == ""

    play(scene, story)


def test_new_events_are_told_while_an_older_bundle_waits_for_its_next_attempt():
    line = Line(DeliveryError("answered 500"))
    scene = Scene(lines={"desk": line})

    async def story() -> None:
        scene.tell(1)
        await scene.settle()
        scene.tell(2)
        await scene.settle()
        assert scene.texts() == [["2"]]
        await scene.advance(5 * SECOND)
        assert scene.texts() == [["2"], ["1"]]

    play(scene, story)


def test_after_a_day_it_is_a_dead_letter_that_can_be_sent_again():
    line = Line(*(DeliveryError("answered 500") for _ in range(1000)))
    scene = Scene(lines={"desk": line})

    async def story() -> None:
        scene.tell(1)
        await scene.settle()
        for _ in range(26):
            await scene.advance(HOUR_US)
        (letter,) = scene.outbox.dead_letters()
        assert letter.error == "channel 'desk': answered 500"
        assert letter.given_up_us - START_US >= GIVE_UP_US
        assert line.tries < 30
        line.failures.clear()
        scene.outbox.resend([letter.bundle], now_us=scene.clock.now_us())
        scene.postman.wake()
        await scene.settle()
        assert scene.texts() == [["1"]]

    play(scene, story)


def test_one_who_is_gone_is_not_asked_again():
    scene = Scene(lines={"desk": Line(DeliveryError("answered 410", is_final=True))})

    async def story() -> None:
        scene.tell(1)
        await scene.settle()
        assert len(scene.outbox.dead_letters()) == 1

    play(scene, story)


def test_a_wait_that_is_asked_for_is_kept():
    scene = Scene(lines={"desk": Line(DeliveryError("answered 429", retry_us=120 * SECOND))})

    async def story() -> None:
        scene.tell(1)
        await scene.settle()
        await scene.advance(119 * SECOND)
        assert scene.texts() == []
        await scene.advance(1 * SECOND)
        assert scene.texts() == [["1"]]

    play(scene, story)


def test_a_cap_holds_back_and_then_tells_all_that_waits_as_one():
    scene = Scene(Channel(name="desk", most_per_hour=2))

    async def story() -> None:
        for number in range(6):
            scene.tell(number)
            await scene.settle()
            await scene.advance(MINUTE_US)
        assert scene.texts() == [["0"], ["1"]]
        await scene.advance(HOUR_US - 6 * MINUTE_US)
        assert scene.texts() == [["0"], ["1"], ["2", "3", "4", "5"]]

    play(scene, story)


def test_in_quiet_hours_nothing_is_told_and_afterwards_all_of_it():
    scene = Scene(Channel(name="desk", quiet=(read_quiet("15:30-16:10"),)))

    async def story() -> None:
        for number in range(10):
            scene.tell(number)
            await scene.settle()
            assert scene.texts() == []
            await scene.advance(MINUTE_US)
        assert scene.texts() == [[str(number) for number in range(10)]]

    play(scene, story)


def test_a_digest_gathers_for_so_long_and_then_tells_once():
    scene = Scene(Channel(name="desk", digest_us=5 * MINUTE_US))

    async def story() -> None:
        for number in range(5):
            scene.tell(number)
            await scene.settle()
            assert scene.texts() == []
            await scene.advance(MINUTE_US)
        assert scene.texts() == [["0", "1", "2", "3", "4"]]

    play(scene, story)


def test_a_channel_without_an_address_says_what_to_do_and_delays_no_other():
    scene = Scene(Channel(name="desk"), Channel(name="phone"))

    async def story() -> None:
        scene.tell(1, channels=("phone", "desk"))
        await scene.settle()
        assert scene.texts() == [["1"]]
        error = {count.channel: count.error for count in scene.outbox.counts()}["phone"]
        assert "set LIVEPAIRS_CHANNEL_PHONE" in error
        scene.lines["phone"] = Line()
        await scene.advance(5 * SECOND)
        assert scene.texts("phone") == [["1"]]

    play(scene, story)


def test_a_bug_in_a_transport_ends_no_channel_and_its_words_are_not_repeated():
    scene = Scene(lines={"desk": Line(RuntimeError("https://hooks.example/hunter2"))})

    async def story() -> None:
        scene.tell(1)
        await scene.settle()
        (count,) = scene.outbox.counts()
        assert count.error == "channel 'desk': failed (RuntimeError)"
        await scene.advance(5 * SECOND)
        assert scene.texts() == [["1"]]

    play(scene, story)


def test_an_endpoint_that_hangs_delays_no_other_channel_and_no_secret_is_said(caplog: pytest.LogCaptureFixture):
    """The whole way with real sockets: one endpoint answers 500 and then works, the other never answers."""
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        good, hung = Endpoint(500, 204), Endpoint(None)
        async with serving(good), serving(hung):
            scene = Scene(Channel(name="good"), Channel(name="hung"))
            where = {"good": good.url, "hung": hung.url}
            scene.postman._open_transport = lambda channel: Webhook(Address(channel, where[channel], KEY), timeout_s=30)
            work = asyncio.create_task(scene.postman.work())
            scene.tell(1, channels=("hung", "good"))
            while len(good.came) < 2 or not hung.came:
                await asyncio.sleep(0.001)
                if scene.outbox.counts()[0].error:
                    scene.clock.advance(SECOND)
            while not scene.outbox.counts()[0].sent:
                await asyncio.sleep(0.001)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            ids = {headers["webhook-id"] for headers, _ in good.came}
            assert len(ids) == 1
            counts = scene.outbox.counts()
            assert [(count.channel, count.sent, count.waiting) for count in counts] == [("good", 1, 0), ("hung", 0, 1)]
            with scene.history.database.connected() as connection:
                dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
            scene.history.close()
            for secret in (KEY.decode(), PATH, "T0KEN"):
                assert secret not in caplog.text
                assert secret not in dump

    asyncio.run(main())
