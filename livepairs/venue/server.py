"""Puts a venue on a port of this machine: websocket and REST on one address, a turn every ten milliseconds."""

from __future__ import annotations

import asyncio
import http
import logging
import math
import socket
import weakref
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from livepairs.clock import Clock, SystemClock
from livepairs.errors import ConfigError
from livepairs.schema import Chunk
from livepairs.stores.recording import Recording
from livepairs.venue.client import Client, VenueConnection
from livepairs.venue.desk import at_desk
from livepairs.venue.faults import apply_fault, parse_fault, schedule
from livepairs.venue.gate import Answered
from livepairs.venue.rest import respond
from livepairs.venue.routes import endpoint_of
from livepairs.venue.rules import RULES
from livepairs.venue.tape import open_tape
from livepairs.venue.venue import Setup, Venue

__all__ = ["ServedVenue", "serve_venue"]

FUTURES: Final = Setup()
TURN_US: Final = 10_000
LEAD_US: Final = 60_000_000
"""How far ahead the tape is read, in recorded time."""

LOOPBACK: Final = "127.0.0.1"
_CLOSE_S: Final = 1.0
_DRAINED_BYTES: Final = 1 << 20

_protocol_logger = logging.getLogger(f"{__name__}.protocol")
_protocol_logger.setLevel(logging.CRITICAL)  # a dropped client is what this server is for, and no news


class ServedVenue:
    """A venue that listens; made by ``serve_venue``.

    Attributes
    ----------
    ws, rest
        Its addresses: scheme, host and port.
    venue
        What is behind them.
    """

    def __init__(self, venue: Venue, clock: Clock) -> None:
        self.venue = venue
        self.ws = self.rest = ""
        self._clock = clock
        self._reading: asyncio.Future[Chunk | None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._is_stopping = asyncio.Event()
        self._lines: weakref.WeakSet[VenueConnection] = weakref.WeakSet()

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are traded."""
        return self.venue.symbols

    @property
    def is_over(self) -> bool:
        """Whether all there is to play was played and sent."""
        return self.venue.is_over

    def trades(self, symbol: str) -> pa.RecordBatch:
        """Return what the venue truly had so far, as a TRADES batch: what a client that missed nothing has."""
        return self.venue.trades(symbol)

    def fault(self, name: str, **arguments: object) -> None:
        """Let something go wrong now; see ``livepairs.venue.faults`` for names and arguments.

        Raises
        ------
        ConfigError
            If there is no such fault, or it has no such argument.
        """
        apply_fault(self.venue, name, arguments)

    async def wait_over(self) -> None:
        """Wait until all there is to play was played and sent; for ever where the source has no end."""
        while not self.is_over:
            await self._clock.sleep(TURN_US)

    async def play(self) -> None:
        """Take turn after turn, until cancelled."""
        while True:
            await self._read_ahead()
            self.venue.turn()
            self._close_clients()
            if self.venue.time.is_unpaced and self.venue.time.has_begun:
                await self._drain()
            else:
                await self._clock.sleep(TURN_US)

    async def _read_ahead(self) -> None:
        """Keep the tape read for some time to come, on a thread; wait for it only where what is due is not there."""
        venue, tape = self.venue, self.venue.tape
        if venue.time.is_unpaced:
            return
        while not tape.is_read:
            due_us = venue.time.recorded(venue.time.now_us())
            if tape.horizon_us >= due_us + LEAD_US:
                break
            if self._reading is None:
                self._reading = asyncio.ensure_future(asyncio.to_thread(tape.fetch))
            if tape.horizon_us >= due_us and not self._reading.done():
                break
            tape.add(await asyncio.shield(self._reading))
            self._reading = None

    async def _drain(self) -> None:
        """Wait until the clients have read most of what they were sent."""
        for client in list(self.venue.audience.clients):
            with suppress(OSError):  # it went away while we waited for it
                if client.is_open:
                    await client.connection.drain()
        await asyncio.sleep(TURN_US / 1e6 if self.venue.tape.is_over else 0)

    def _close_clients(self) -> None:
        while self.venue.closing:
            client, code, reason = self.venue.closing.pop()
            self.venue.audience.leave(client)
            task = asyncio.get_running_loop().create_task(client.connection.close(code, reason))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def line(self, *arguments: Any, **options: Any) -> VenueConnection:
        """Make the connection of a client that has just dialled; what the library hands over is its own affair."""
        connection = VenueConnection(*arguments, **options)
        self._lines.add(connection)
        return connection

    async def handle(self, connection: ServerConnection) -> None:
        """Serve one client until it is gone."""
        assert isinstance(connection, VenueConnection)
        client = Client(connection, self.venue.rules, self._clock.now_us(), is_spot=self.venue.market == "spot")
        connection.on_frame = lambda frame: client.receive(frame, self._clock.now_us())
        self.venue.connect(client)
        try:
            async for message in connection:
                await self._answer(client, message)
        except ConnectionClosed:
            pass
        finally:
            connection.on_frame = None
            self.venue.audience.leave(client)

    async def _answer(self, client: Client, message: str | bytes) -> None:
        before = set(client.subscriptions.names)
        answer = client.answer(message)
        if answer is None:
            await client.connection.close(1008, "Too many requests")
            return
        await client.connection.send(answer.reply)
        new = tuple(name for name in client.subscriptions.names if name not in before)
        self.venue.subscribed(client, new)
        if answer.close is not None:
            await client.connection.close(*answer.close)

    async def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a plain HTTP request or refuse a handshake; None lets a websocket in."""
        assert isinstance(connection, VenueConnection)
        is_websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        if not is_websocket:
            return await self._respond(request)
        if self.venue.is_deaf:
            await self._is_stopping.wait()
        refusal = self.venue.gate.handshake(self.venue.now_us(), self.venue.time.now_us())
        if refusal is not None:
            return _response(refusal)
        endpoint = endpoint_of(request.path, self.venue.market)
        if endpoint is None:
            return _response(Answered(404, "Not Found", is_json=False))
        if len(endpoint.streams) > self.venue.rules.streams:
            return _response(Answered(400, '{"code":4,"msg":"Too many subscriptions"}'))
        connection.endpoint = endpoint
        return None

    async def _respond(self, request: Request) -> Response:
        desk = at_desk(self.venue, request.path)
        if desk is not None:
            return _response(desk)
        if self.venue.rest_delay_us:
            await self._pause(self.venue.rest_delay_us)
        answered = respond(self.venue, request.path, dict(request.headers.raw_items()))
        if self.venue.spoil_rest is not None and answered.status == 200:
            answered = Answered(200, self.venue.spoil_rest(answered.body), answered.headers, is_json=answered.is_json)
        return _response(answered)

    async def _pause(self, duration_us: int) -> None:
        """Wait so long, or until the venue stops."""
        waits = [asyncio.ensure_future(self._is_stopping.wait()), asyncio.ensure_future(self._clock.sleep(duration_us))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def stop(self) -> None:
        """Hang up on frozen clients, and let whoever still waits for an answer go."""
        self._is_stopping.set()
        for client in list(self.venue.audience.clients):
            if client.is_frozen:
                client.hang_up()
        for line in list(self._lines):
            if line.protocol.state is State.CONNECTING:
                line.transport.abort()
        if self._reading is not None:
            await asyncio.wait([self._reading])
        if self._closing:
            await asyncio.wait(self._closing)


def _response(answered: Answered) -> Response:
    body = answered.body.encode()
    kind = "application/json;charset=UTF-8" if answered.is_json else "text/html"
    headers = Headers({"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"})
    for name, value in answered.headers.items():
        headers[name] = value
    return Response(answered.status, _phrase(answered.status), headers, body)


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:  # a fault may ask for any number
        return ""


def _listening(port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise ConfigError(f"port {port} is none; choose one from 1 to 65535, or 0 for a free one")
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise ConfigError(
            f"port {port} of {LOOPBACK} cannot be taken ({error}); choose another, or 0 for a free one"
        ) from error


def _ending(owner: asyncio.Task[Any] | None) -> Callable[[asyncio.Task[None]], None]:
    """Return what ends whoever serves a venue that failed: a venue that goes quiet by our own bug misleads."""

    def end(playing: asyncio.Task[None]) -> None:
        if owner is not None and not playing.cancelled() and playing.exception() is not None:
            owner.cancel()

    return end


@asynccontextmanager
async def serve_venue(
    source: Recording | str | Path | Iterable[Chunk],
    *,
    faults: Sequence[str] = (),
    clock: Clock | None = None,
    setup: Setup = FUTURES,
    speed: float | None = None,
    port: int = 0,
) -> AsyncIterator[ServedVenue]:
    """Serve a venue on loopback for as long as the context lasts.

    Parameters
    ----------
    source
        What it plays: a recording, its path, ``"synthetic:?seed=7"``, or chunks.
    faults
        What goes wrong, and when: ``"drop:after_s=5,every_s=30"``.
    clock
        What paces it; the machine's clock if None.
    setup
        Market, rules and how the source is played: futures, as if live.
    speed
        That of the setup's playback, here for convenience; infinity (as fast as clients read) plays as recorded.
    port
        Where to listen; 0 takes a free one.

    Raises
    ------
    ConfigError, RecordingError
        If the source or a fault is not there, or the port is taken.
    """
    clock = SystemClock() if clock is None else clock
    if speed is not None:
        is_as_recorded = setup.playback.is_as_recorded or math.isinf(speed)
        setup = replace(setup, playback=replace(setup.playback, speed=speed, is_as_recorded=is_as_recorded))
    told = [parse_fault(text) for text in faults]
    tape = open_tape(source)
    await asyncio.to_thread(tape.read_first)
    venue = Venue(tape, clock, setup, setup.rules or RULES[setup.market])
    for fault in told:
        schedule(venue, fault)
    venue.open()
    served = ServedVenue(venue, clock)
    # Without a limit to its queue the library never stops reading: limits and frozen clients are the venue's affair.
    options: dict[str, Any] = {
        "ping_interval": None,
        "close_timeout": _CLOSE_S,
        "open_timeout": None,
        "max_queue": None,
    }
    async with serve(
        served.handle,
        sock=_listening(port),
        process_request=served.admit,
        compression=None,
        server_header=None,
        create_connection=served.line,  # type: ignore[arg-type]  # the documentation allows "a wrapper or a subclass"
        write_limit=_DRAINED_BYTES,
        logger=_protocol_logger,
        **options,
    ) as server:
        address = f"{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
        served.ws, served.rest = f"ws://{address}", f"http://{address}"
        playing = asyncio.get_running_loop().create_task(served.play())
        playing.add_done_callback(_ending(asyncio.current_task()))
        try:
            yield served
        finally:
            playing.cancel()
            await asyncio.wait([playing])
            await served.stop()
            if not playing.cancelled():
                playing.result()
