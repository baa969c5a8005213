"""The quick way through a connection's bytes gives what the library gives, however they are cut; and the inbox."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.uri import parse_uri

from livepairs.clock import ManualClock
from livepairs.sources.live_wire import Inbox, _Tap, is_loopback

ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "


def frame(payload: bytes, head: int = 0x81) -> bytes:
    """Return a frame as a server sends it, unmasked."""
    size = len(payload)
    if size < 126:
        return bytes([head, size]) + payload
    length = b"\x7e" + struct.pack(">H", size) if size < 65536 else b"\x7f" + struct.pack(">Q", size)
    return bytes([head]) + length + payload


class _Transport(asyncio.Transport):
    """Takes what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        pass

    abort = close

    def is_closing(self) -> bool:
        return False

    def set_write_buffer_limits(self, *_: Any, **__: Any) -> None:
        pass


def receive(parts: Sequence[bytes], *, is_answer_cut: bool = False) -> tuple[list[bytes], bytes]:
    """Open a connection on these bytes, cut as given; return the messages, and what was written in answer."""

    async def scenario() -> tuple[list[bytes], bytes]:
        inbox, transport = Inbox(1_000), _Transport()
        tap = _Tap(inbox, ManualClock(5), lambda: None, ClientProtocol(parse_uri("ws://venue/stream")))
        tap.connection_made(transport)
        opening = asyncio.ensure_future(tap.handshake())
        await asyncio.sleep(0)
        head = ANSWER + _accept(transport.written) + b"\r\n\r\n"
        transport.written = b""
        pieces = [head[:20], head[20:] + parts[0], *parts[1:]] if is_answer_cut else [head, *parts]
        for piece in pieces:
            tap.data_received(piece)
        await opening
        tap.connection_lost(None)
        batch = inbox.take(1_000)
        assert batch is None or set(batch.stamps_us) == {5}
        return ([] if batch is None else batch.frames), transport.written

    return asyncio.run(scenario())


def _accept(request: bytes) -> bytes:
    from websockets.utils import accept_key

    key = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    return accept_key(key.partition(b": ")[2].decode()).encode()


PING, CLOSE, FIRST, MIDDLE, LAST = 0x89, 0x88, 0x01, 0x00, 0x80
SOME = [frame(b'{"a":1}'), frame(b"x" * 300), frame(b"", PING), frame(b"y" * 125), frame(b""), frame("币".encode())]
MESSAGES = [b'{"a":1}', b"x" * 300, b"y" * 125, b"", "币".encode()]
TAILS = {
    "plain": ([], []),
    "fragments": (
        [frame(b"1", FIRST), frame(b"", PING), frame(b"2", MIDDLE), frame(b"3", LAST), frame(b"4")],
        [b"123", b"4"],
    ),
    "long": ([frame(b"z" * 70_000), frame(b"4")], [b"z" * 70_000, b"4"]),
    "close": ([frame(b"\x03\xe8", CLOSE), frame(b"after the goodbye")], []),
    "masked": ([b"\x81\x81....", frame(b"4")], []),
}


@settings(max_examples=25)
@given(tail=st.sampled_from(sorted(TAILS)), cuts=st.lists(st.integers(0, 600), max_size=12), cut=st.booleans())
def test_messages_are_the_same_however_the_bytes_are_cut(tail: str, cuts: list[int], cut: bool) -> None:
    frames, messages = TAILS[tail]
    data = b"".join([*SOME, *frames])
    edges = [0, *sorted(min(edge, len(data)) for edge in cuts), len(data)]
    found, written = receive([data[a:b] for a, b in pairwise(edges)], is_answer_cut=cut)
    assert found == [*MESSAGES, *messages]
    assert written.count(b"\x8a\x80") >= 1  # the ping was answered, masked as a client must


def test_loopback_is_known_by_its_names() -> None:
    assert all(is_loopback(url) for url in ("ws://127.0.0.1:9/x", "ws://localhost", "http://[::1]:8"))
    assert not is_loopback("wss://localhost.example")


def test_a_full_inbox_drops_what_comes_and_says_where() -> None:
    inbox = Inbox(3)
    inbox.put([b"1", b"2"], 10)
    inbox.put([b"3", b"4", b"5"], 20)
    inbox.put([b"6"], 30)
    assert (inbox.depth, inbox.dropped, inbox.received) == (3, 3, 6)
    first = inbox.take(2)
    assert first is not None
    assert (first.frames, first.stamps_us, first.is_after_loss) == ([b"1", b"2"], [10, 10], False)
    inbox.put([b"7"], 40)
    assert inbox.oldest_us == 20
    rest = [batch for _ in range(3) if (batch := inbox.take(9)) is not None]
    assert [(batch.frames, batch.is_after_loss) for batch in rest] == [([b"3"], False), ([b"7"], True)]
    inbox.put([b"8"], 50)
    after = inbox.take(9)
    assert after is not None
    assert not after.is_after_loss


def test_a_cleared_inbox_counts_what_it_threw_away() -> None:
    inbox = Inbox(3)
    inbox.put([b"1", b"2"], 10)
    assert inbox.clear() == 2
    assert (inbox.depth, inbox.dropped, inbox.take(1), inbox.oldest_us) == (0, 2, None, None)


@given(steps=st.lists(st.one_of(st.integers(1, 9), st.integers(-9, -1)), max_size=40))
def test_frames_are_taken_in_order_or_counted_as_dropped(steps: list[int]) -> None:
    """Positive steps put so many frames in, negative ones take as many."""
    inbox, put, taken = Inbox(10), 0, []
    for step in steps:
        if step > 0:
            inbox.put([b"%d" % number for number in range(put, put + step)], step)
            put += step
        elif (batch := inbox.take(-step)) is not None:
            assert 0 < len(batch.frames) == len(batch.stamps_us) <= -step
            taken += [int(number) for number in batch.frames]
        assert (inbox.oldest_us is None) == (inbox.depth == 0)
    assert taken == sorted(taken)
    assert len(taken) + inbox.depth + inbox.dropped == put


@pytest.mark.parametrize("head", [b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno"])
def test_another_answer_than_a_connection_is_left_to_the_library(head: bytes) -> None:
    async def scenario() -> int:
        tap = _Tap(Inbox(9), ManualClock(), lambda: None, ClientProtocol(parse_uri("ws://venue/stream")))
        tap.connection_made(_Transport())
        opening = asyncio.ensure_future(tap.handshake())
        await asyncio.sleep(0)
        for piece in (head[:9], head[9:]):
            tap.data_received(piece)
        with pytest.raises(InvalidStatus, match="HTTP 429"):
            await opening
        tap.connection_lost(None)
        assert tap.response is not None
        return tap.response.status_code

    assert asyncio.run(scenario()) == 429
