"""How many aggTrade messages the local exchange sends a second of its processor, to one client over loopback."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale
from benchmarks.market import BTC, ETH

UNIT = "k messages/s of the server's CPU"
MOST = 1_000_000
STREAMS = "/".join(f"{symbol.lower()}@aggTrade" for symbol in (BTC, ETH))

# Reads as quickly as a client can that looks at nothing, in a process of its own.
READER = f"""
import base64, os, socket, sys
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
key = base64.b64encode(os.urandom(16)).decode()
line.sendall((
    "GET /market/stream?streams={STREAMS} HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
    f"Sec-WebSocket-Key: {{key}}\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n").encode())
space = bytearray(1 << 20)
while line.recv_into(space):
    pass
"""


def _measured(serve: Callable[[Scale], Coroutine[Any, Any, tuple[int, float]]]) -> Callable[[Scale], Any]:
    """Return a side that gives the messages sent and the processor time that took."""

    def prepare(scale: Scale) -> Callable[[], Outcome]:
        def turn() -> Outcome:
            messages, seconds = asyncio.run(serve(scale))
            return Outcome(messages / seconds / 1e3, figures={"messages": float(messages)})

        return turn

    return prepare


async def _exchange(scale: Scale) -> tuple[int, float]:
    """Serve the recording as fast as the client reads: reading, writing the messages and sending them."""
    from livepairs.venue import Playback, Setup, serve_venue

    wanted = min(scale.trades, MOST)
    setup = Setup(playback=Playback(waits_for_client=True))
    async with serve_venue(scale.recording, setup=setup, speed=float("inf")) as venue:
        with subprocess.Popen([sys.executable, "-c", READER, venue.ws.rpartition(":")[2]]) as reader:
            while not venue.venue.time.has_begun:
                await asyncio.sleep(0.001)
            started = time.process_time()
            client = venue.venue.audience.clients[0]
            while client.sent < wanted and not venue.is_over:
                await asyncio.sleep(0.001)
            seconds = time.process_time() - started
            reader.terminate()
        return client.sent, seconds


async def _websockets(scale: Scale) -> tuple[int, float]:
    """Send messages that were written beforehand, one by one, as a server made with the library alone does."""
    from websockets.asyncio.server import ServerConnection, serve

    fields = {"e": "aggTrade", "E": 1791382992488, "a": 3477868433, "s": BTC, "p": "83091.70", "q": "0.022"}
    rest = {"nq": "0.022", "f": 8153634393, "l": 8153634394, "T": 1791382992338, "m": False, "st": 1}
    message = json.dumps({"stream": "btcusdt@aggTrade", "data": fields | rest}, separators=(",", ":")).encode()
    wanted = min(scale.trades, MOST // 5)
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def handle(connection: ServerConnection) -> None:
        started = time.process_time()
        for _ in range(wanted):
            await connection.send(message, text=True)
        done.set_result(time.process_time() - started)

    async with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = server.sockets[0].getsockname()[1]
        with subprocess.Popen([sys.executable, "-c", READER, str(port)]) as reader:
            seconds = await done
            reader.terminate()
    return wanted, seconds


CONTEST = Contest(
    title="aggTrade messages served over a loopback websocket",
    unit=UNIT,
    contenders=(
        Contender("livepairs exchange", _measured(_exchange)),
        Contender("websockets, written beforehand", _measured(_websockets)),
    ),
    goals=(Goal(UNIT, ">", 150), Goal(UNIT, ">", "websockets, written beforehand")),
    notes="livepairs reads the recording and writes each message as well; the other side only sends.",
)
