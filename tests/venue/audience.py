"""A venue without sockets, and listeners that read the very bytes it sends; the clock is in the test's hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from websockets.frames import Frame, Opcode
from websockets.protocol import State

from livepairs.clock import ManualClock
from livepairs.schema import Chunk
from livepairs.venue import RULES, Playback, Setup
from livepairs.venue.client import Client, VenueConnection
from livepairs.venue.faults import apply_fault
from livepairs.venue.routes import endpoint_of
from livepairs.venue.tape import open_tape
from livepairs.venue.venue import Venue
from tests.factories import make_chunk, make_trades

NOW_US = 1_791_382_990_000_000
START_US = 1_600_000_000_000_000
TURN_US = 10_000


def steady(count: int = 100, *, every_us: int = 100_000, symbols: Sequence[str] = ("BTCUSDT",)) -> list[Chunk]:
    """Return trades of each symbol at a steady pace from ``START_US`` on, ids from 1001."""
    batches = [
        make_trades(
            symbol,
            [START_US + place * every_us for place in range(count)],
            first_id=1_001,
            price=[(1_000 + place % 7) / 10 for place in range(count)],
            qty=[(1 + place % 5) / 1_000 for place in range(count)],
        )
        for symbol in symbols
    ]
    return [make_chunk(START_US + count * every_us, *batches)]


@dataclass
class _Transport:
    """Keeps what is written; never full unless told."""

    written: bytearray = field(default_factory=bytearray)
    is_aborted: bool = False
    is_paused: bool = False
    waiting: int = 0

    def write(self, content: bytes) -> None:
        self.written += content

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return self.is_aborted

    def get_extra_info(self, _name: str) -> None:
        return None

    def pause_reading(self) -> None:
        self.is_paused = True

    def abort(self) -> None:
        self.is_aborted = True


class Listener:
    """A client of the venue that reads what was written to it."""

    def __init__(self, stage: Stage, target: str) -> None:
        self.transport = _Transport()
        endpoint = endpoint_of(target, stage.venue.market)
        assert endpoint is not None, target
        line = SimpleNamespace(
            transport=self.transport, protocol=SimpleNamespace(state=State.OPEN), endpoint=endpoint, on_frame=None
        )
        self._stage = stage
        self.client = Client(
            cast(VenueConnection, line), stage.venue.rules, stage.clock.now_us(), is_spot=stage.venue.market == "spot"
        )
        stage.venue.connect(self.client)

    def ask(self, request: dict[str, Any] | str) -> Any:
        """Send a message and return the reply; None if there was none."""
        self.client.receive(Frame(Opcode.TEXT, b""), self._stage.clock.now_us())
        before = set(self.client.subscriptions.names)
        answer = self.client.answer(request if isinstance(request, str) else json.dumps(request))
        if answer is None:
            return None
        self._stage.venue.subscribed(
            self.client, tuple(name for name in self.client.subscriptions.names if name not in before)
        )
        return json.loads(answer.reply)

    def frames(self) -> list[tuple[int, bytes]]:
        """Return opcode and content of each frame written so far."""
        rest, found = bytes(self.transport.written), []
        while rest:
            size, at = rest[1], 2
            if size > 125:
                width = 2 if size == 126 else 8
                size, at = int.from_bytes(rest[2 : 2 + width], "big"), 2 + width
            found.append((rest[0] & 0x0F, rest[at : at + size]))
            rest = rest[at + size :]
        return found

    def texts(self) -> list[str]:
        """Return the messages so far."""
        return [content.decode() for opcode, content in self.frames() if opcode == 1]

    def messages(self, stream: str | None = None) -> list[Any]:
        """Return the messages of a combined stream so far, without their envelopes; all with them if None."""
        found = [json.loads(text) for text in self.texts()]
        return found if stream is None else [message["data"] for message in found if message.get("stream") == stream]

    def ids(self, symbol: str = "BTCUSDT") -> list[int]:
        """Return the aggregated ids of a symbol so far."""
        return [message["a"] for message in self.messages(f"{symbol.lower()}@aggTrade")]


class Stage:
    """A venue, its clock, and the turns it takes."""

    def __init__(self, chunks: Iterable[Chunk] | None = None, **setup: Any) -> None:
        self.clock = ManualClock(NOW_US)
        whole, tape = Setup(**setup), open_tape(steady() if chunks is None else chunks)
        while not tape.is_read:
            tape.read_more()
        self.venue = Venue(tape, self.clock, whole, whole.rules or RULES[whole.market])

    def listen(self, target: str = "/market/stream?streams=btcusdt@aggTrade") -> Listener:
        """Connect a client."""
        return Listener(self, target)

    def fault(self, name: str, **arguments: object) -> None:
        """Let something go wrong now."""
        apply_fault(self.venue, name, arguments)

    def play(self, seconds: float, *, turn_us: int = TURN_US) -> None:
        """Let time pass, turn by turn."""
        for _ in range(round(seconds * 1e6 / turn_us)):
            self.clock.advance(turn_us)
            self.venue.turn()


def opened(chunks: Iterable[Chunk] | None = None, **setup: Any) -> Stage:
    """Return an open venue; the market begins with the first subscription unless told otherwise."""
    setup.setdefault("playback", Playback(waits_for_client=True))
    stage = Stage(chunks, **setup)
    stage.venue.open()
    return stage
