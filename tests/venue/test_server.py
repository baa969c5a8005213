"""The server, with real sockets on loopback: a plain websocket client, plain HTTP, and the way each connection ends.

The clock stands still until a test moves it, so nothing here depends on how quick the machine is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from livepairs.clock import ManualClock
from livepairs.errors import ConfigError
from livepairs.venue import RULES, Playback, ServedVenue, Setup, serve_venue
from tests.venue.audience import NOW_US, steady

WAIT_S = 60
"""Far beyond what anything here takes; only there so that a mistake does not last for ever."""

AGG = "/market/stream?streams=btcusdt@aggTrade"


class Scene:
    """A served venue with its clock."""

    def __init__(self, venue: ServedVenue, clock: ManualClock) -> None:
        self.venue, self.clock = venue, clock

    def connect(self, target: str = AGG, **options: Any) -> connect:
        """Return a connection to be entered."""
        options = {"compression": None, "ping_interval": None, "close_timeout": 5, "proxy": None} | options
        return connect(self.venue.ws + target, **options)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Move the clock on, turn by turn, until something is so."""
        async with asyncio.timeout(WAIT_S):
            while not condition():
                self.clock.advance(10_000)
                await asyncio.sleep(0.0005)

    async def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of a plain HTTP answer."""
        host, port = self.venue.rest.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
        await writer.wait_closed()
        first, *lines = head.decode().split("\r\n")
        return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


def on_stage(test: Callable[[Scene], Awaitable[None]], *faults: str, **setup: Any) -> None:
    """Run a test against a venue with a hundred trades, ten a second."""

    async def main() -> None:
        clock = ManualClock(NOW_US)
        setup.setdefault("playback", Playback(waits_for_client=True))
        async with (
            asyncio.timeout(WAIT_S),
            serve_venue(steady(), faults=faults, clock=clock, setup=Setup(**setup)) as venue,
        ):
            await test(Scene(venue, clock))

    asyncio.run(main())


async def read_until_closed(client: ClientConnection) -> tuple[list[Any], ConnectionClosed]:
    """Return all messages up to the end, and how it ended."""
    messages = []
    try:
        while True:
            messages.append(json.loads(await client.recv()))
    except ConnectionClosed as closed:
        return messages, closed


async def ended(scene: Scene, client: ClientConnection) -> tuple[list[Any], ConnectionClosed]:
    """Move the clock on until the connection has ended."""
    reading = asyncio.create_task(read_until_closed(client))
    await scene.until(reading.done)
    return reading.result()


def test_client_gets_every_trade_the_venue_had():
    async def test(scene: Scene) -> None:
        async with scene.connect() as client:
            reading = asyncio.create_task(read_until_closed(client))
            await scene.until(lambda: scene.venue.is_over)
            scene.venue.fault("close", code=1000)
            await scene.until(reading.done)
            messages, closed = reading.result()
        ids = [message["data"]["a"] for message in messages]
        assert ids == scene.venue.trades("BTCUSDT").column("trade_id").to_pylist() == list(range(1_001, 1_101))
        assert closed.rcvd is not None
        assert closed.rcvd.code == 1000

    on_stage(test)


def test_subscribing_is_acknowledged_and_starts_the_market():
    async def test(scene: Scene) -> None:
        async with scene.connect("/market/ws") as client:
            await client.send('{"method":"SUBSCRIBE","params":["btcusdt@aggTrade"],"id":7}')
            assert json.loads(await client.recv()) == {"result": None, "id": 7}
            first = asyncio.create_task(client.recv())
            await scene.until(first.done)
            assert json.loads(first.result())["a"] == 1_001

    on_stage(test)


def test_unmasked_bulk_frames_are_read_by_a_real_client():
    async def main() -> None:
        setup = Setup(playback=Playback(waits_for_client=True))
        async with (
            asyncio.timeout(WAIT_S),
            serve_venue(steady(5_000), setup=setup, speed=float("inf")) as venue,
            connect(venue.ws + AGG, compression=None, proxy=None, max_queue=None) as client,
        ):
            ids = [json.loads(await client.recv())["data"]["a"] for _ in range(5_000)]
        assert ids == list(range(1_001, 6_001))

    asyncio.run(main())


@pytest.mark.parametrize("how", ["reset", "end"])
def test_dropped_connection_ends_without_a_close_frame(how):
    async def test(scene: Scene) -> None:
        async with scene.connect() as client:
            scene.venue.fault("drop", how=how)
            _, closed = await ended(scene, client)
        assert closed.rcvd is None

    on_stage(test)


@pytest.mark.parametrize("code", [1001, 1008, 1012, 4000])
def test_closed_connection_has_its_code(code):
    async def test(scene: Scene) -> None:
        async with scene.connect() as client:
            scene.venue.fault("close", code=code, reason="because")
            _, closed = await ended(scene, client)
        assert closed.rcvd is not None
        assert (closed.rcvd.code, closed.rcvd.reason) == (code, "because")

    on_stage(test)


def test_broken_json_is_answered_and_ends_the_connection():
    async def test(scene: Scene) -> None:
        async with scene.connect("/market/ws") as client:
            await client.send("{oh")
            messages, closed = await ended(scene, client)
        assert messages[0]["error"]["code"] == 3
        assert closed.rcvd is not None

    on_stage(test)


def test_stream_number_1025_loses_all_with_1008():
    async def test(scene: Scene) -> None:
        async with scene.connect("/market/ws") as client:
            for number in range(6):
                names = [f"s{place}usdt@aggTrade" for place in range(number * 200, number * 200 + 200)]
                await client.send(json.dumps({"method": "SUBSCRIBE", "params": names, "id": number}))
            messages, closed = await ended(scene, client)
        assert [set(message) for message in messages] == [{"result", "id"}] * 5 + [{"error", "id"}]
        assert messages[-1]["error"] == {"code": 4, "msg": "Too many subscriptions"}
        assert closed.rcvd is not None
        assert (closed.rcvd.code, closed.rcvd.reason) == (1008, "Invalid request")

    on_stage(test)


def test_forty_messages_at_once_are_too_many():
    async def test(scene: Scene) -> None:
        async with scene.connect("/market/ws") as client:
            for number in range(40):
                await client.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
            messages, closed = await read_until_closed(client)
        assert [message["id"] for message in messages] == list(range(15))
        assert closed.rcvd is not None
        assert (closed.rcvd.code, closed.rcvd.reason) == (1008, "Too many requests")

    on_stage(test)


def test_pings_count_as_messages():
    async def test(scene: Scene) -> None:
        async with scene.connect("/market/ws") as client:
            for _ in range(16):
                await client.ping()
            _, closed = await ended(scene, client)
        assert closed.rcvd is not None
        assert closed.rcvd.code == 1008

    on_stage(test)


def test_client_that_answers_pings_stays_and_its_own_pings_are_answered():
    async def test(scene: Scene) -> None:
        async with scene.connect("/market/ws") as client:
            end_us = scene.clock.now_us() + 2_000_000
            await scene.until(lambda: scene.clock.now_us() > end_us)
            pong = await client.ping()
            await pong
            assert len(scene.venue.venue.audience.clients) == 1

    on_stage(test, rules=replace(RULES["um"], ping_every_us=500_000, pong_within_us=300_000))


def test_frozen_connection_answers_no_ping():
    async def test(scene: Scene) -> None:
        async with scene.connect(close_timeout=0.01) as client:
            await scene.until(lambda: bool(scene.venue.venue.audience.clients))
            scene.venue.fault("freeze")
            pong = await client.ping()
            await scene.until(lambda: scene.clock.now_us() > NOW_US + 1_000_000)
            assert not asyncio.ensure_future(pong).done()
            client.transport.abort()

    on_stage(test)


@pytest.mark.parametrize(("status", "retry"), [(429, 3), (418, 120), (451, 0), (403, 0), (503, 0)])
def test_handshake_is_refused_with_its_status(status, retry):
    async def test(scene: Scene) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await scene.connect()
        response = refused.value.response
        assert response.status_code == status
        assert response.headers.get("Retry-After") == (str(retry) if retry else None)
        async with scene.connect():
            pass

    on_stage(test, f"refuse:status={status},retry_after_s={retry},times=1,scope=handshake")


def test_more_than_300_handshakes_in_five_minutes_are_too_many():
    async def test(scene: Scene) -> None:
        for _ in range(3):
            async with scene.connect():
                pass
        with pytest.raises(InvalidStatus) as refused:
            await scene.connect()
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["Retry-After"] == "300"
        scene.clock.advance(300_000_000)
        async with scene.connect():
            pass

    assert (RULES["um"].attempts, RULES["um"].attempts_within_us) == (300, 300_000_000)
    on_stage(test, rules=replace(RULES["um"], attempts=3))


@pytest.mark.parametrize("target", ["/other/ws", "/market/ws/", "/"])
def test_path_that_is_none_is_not_found(target):
    async def test(scene: Scene) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await scene.connect(target)
        assert refused.value.response.status_code == 404

    on_stage(test)


def test_muted_handshake_is_never_answered():
    async def test(scene: Scene) -> None:
        with pytest.raises(TimeoutError):
            await scene.connect(open_timeout=0.05)

    on_stage(test, "mute-handshake")


def test_rest_answers_on_the_same_port():
    async def test(scene: Scene) -> None:
        async with scene.connect():
            await scene.until(lambda: scene.venue.trades("BTCUSDT").num_rows >= 5)
        status, headers, body = await scene.get("/fapi/v1/aggTrades?symbol=BTCUSDT&fromId=1001&limit=5")
        assert (status, headers["X-MBX-USED-WEIGHT-1M"]) == (200, "20")
        assert [row["a"] for row in json.loads(body)] == [1_001, 1_002, 1_003, 1_004, 1_005]
        status, headers, body = await scene.get("/fapi/v1/aggTrades?symbol=NOBODY")
        assert (status, json.loads(body)["code"]) == (400, -1121)
        assert int(headers["Content-Length"]) == len(body)

    on_stage(test)


@pytest.mark.parametrize("kind", ["truncated", "html", "empty"])
def test_rest_answer_can_be_spoilt_once(kind):
    async def test(scene: Scene) -> None:
        answers = [await scene.get("/fapi/v1/time") for _ in range(2)]
        assert [status for status, _, _ in answers] == [200, 200]
        with pytest.raises(ValueError, match=r"Expecting|delimiter|Unterminated"):
            json.loads(answers[0][2])
        assert "serverTime" in json.loads(answers[1][2])

    on_stage(test, f"rest-malformed:kind={kind}")


def test_rest_can_be_slow_and_stopping_does_not_wait_for_it():
    async def test(scene: Scene) -> None:
        waiting = asyncio.create_task(scene.get("/fapi/v1/time"))
        await scene.until(lambda: scene.clock.now_us() >= NOW_US + 900_000)
        assert not waiting.done()
        await scene.until(waiting.done)
        scene.venue.fault("rest-slow", by_ms=10**9)
        left = asyncio.create_task(scene.get("/fapi/v1/time"))
        await asyncio.sleep(0.01)
        left.cancel()
        await asyncio.wait([left])

    on_stage(test, "rest-slow:by_ms=1000")


def test_desk_shows_clients_and_takes_orders():
    async def test(scene: Scene) -> None:
        async with scene.connect() as client:
            await scene.until(lambda: bool(scene.venue.venue.audience.clients))
            state = json.loads((await scene.get("/_venue"))[2])
            assert state["clients"][0]["streams"] == ["btcusdt@aggTrade"]
            assert "drop" in json.loads((await scene.get("/_venue/faults"))[2])
            status, _, body = await scene.get("/_venue/fault/close?cod=1012")
            assert (status, "did you mean 'code'" in json.loads(body)["error"]) == (400, True)
            assert (await scene.get("/_venue/fault/close?code=1012"))[0] == 200
            _, closed = await ended(scene, client)
            assert closed.rcvd is not None
            assert closed.rcvd.code == 1012

    on_stage(test)


def test_server_stops_with_clients_of_every_kind_connected():
    async def test(scene: Scene) -> None:
        host, port = scene.venue.rest.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))  # one that dialled and says nothing
        frozen, plain = await scene.connect(), await scene.connect()
        await scene.until(lambda: len(scene.venue.venue.audience.clients) == 2)
        scene.venue.fault("freeze", which="oldest")
        stays.extend((writer, frozen, plain))

    stays: list[Any] = []

    async def main() -> None:
        clock = ManualClock(NOW_US)
        async with serve_venue(steady(), clock=clock) as venue:
            await test(Scene(venue, clock))
        for client in stays[1:]:
            await client.wait_closed()
        stays[0].close()

    asyncio.run(asyncio.wait_for(main(), WAIT_S))


def test_nothing_is_kept_of_clients_that_are_gone():
    async def test(scene: Scene) -> None:
        for number in range(20):
            client = await scene.connect()
            if number % 2:
                await client.close()
            else:
                client.transport.abort()
                await client.wait_closed()
        audience = scene.venue.venue.audience
        await scene.until(lambda: not audience.clients)
        assert list(audience.streams("aggTrade")) == []

    on_stage(test)


def test_venue_that_fails_ends_whoever_serves_it():
    async def main() -> None:
        clock = ManualClock(NOW_US)
        async with serve_venue(steady(), clock=clock) as venue:
            venue.venue.later(0, lambda: 1 / 0)
            clock.advance(10_000)
            await asyncio.sleep(WAIT_S)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())


def test_port_that_is_taken_is_said():
    async def main() -> None:
        async with serve_venue(steady(), clock=ManualClock(NOW_US)) as venue:
            port = int(venue.rest.rsplit(":", 1)[1])
            with pytest.raises(ConfigError, match="cannot be taken"):
                async with serve_venue(steady(), clock=ManualClock(NOW_US), port=port):
                    pass

    asyncio.run(main())


def test_unpaced_market_stands_still_while_nobody_is_there():
    async def main() -> None:
        setup = Setup(playback=Playback(waits_for_client=True))
        async with asyncio.timeout(WAIT_S), serve_venue(steady(60_000), setup=setup, speed=float("inf")) as venue:
            first = await connect(venue.ws + AGG, compression=None, proxy=None)
            await first.recv()
            first.transport.abort()
            await first.wait_closed()
            while venue.venue.audience.clients:
                await asyncio.sleep(0)
            told = venue.trades("BTCUSDT").num_rows
            await asyncio.sleep(0.01)
            assert venue.trades("BTCUSDT").num_rows == told

    asyncio.run(main())
