"""A venue on loopback in a process of its own, as fast as a socket takes it: frames made beforehand, or at a pace.

It knows just enough of the protocol for a client to connect, ask for the time and the symbols, and be sent aggregated
trades. It ends with its standard input, so that none outlives the benchmark that started it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["SYMBOLS", "connected", "start"]

SYMBOLS = ("BTCUSDT", "ETHUSDT")
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
FRAMES_A_WRITE = 500
TURN_S = 0.005
PROJECT = Path(__file__).resolve().parent.parent


def start(*, frames: int = 0, per_s: int = 0) -> tuple[subprocess.Popen[str], int]:
    """Start a venue that sends so many frames at once to each client, or so many a second for ever; return its port."""
    command = [sys.executable, "-m", "benchmarks.wireserver", str(frames), str(per_s)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def connected(port: int) -> str:
    """Return the address of the stream."""
    names = "/".join(f"{symbol.lower()}@aggTrade" for symbol in SYMBOLS)
    return f"ws://127.0.0.1:{port}/market/stream?streams={names}"


def _message(number: int, time_ms: int) -> bytes:
    symbol = SYMBOLS[number % 2]
    data = {
        "e": "aggTrade",
        "E": time_ms,
        "a": 3_477_868_433 + number // 2,
        "s": symbol,
        "p": f"{83_091.7 + number % 13 / 10:.2f}",
        "q": "0.022",
        "nq": "0.022",
        "f": 8_153_634_393 + number,
        "l": 8_153_634_393 + number,
        "T": time_ms,
        "m": number % 3 == 0,
        "st": 1,
    }
    payload = json.dumps({"stream": f"{symbol.lower()}@aggTrade", "data": data}, separators=(",", ":")).encode()
    return b"\x81\x7e" + struct.pack(">H", len(payload)) + payload


class _Venue:
    def __init__(self, frames: int, per_s: int) -> None:
        self._per_s = per_s
        started_ms = int(time.time() * 1000)
        made = [_message(number, started_ms + number // 100) for number in range(frames)]
        self._blocks = [b"".join(made[at : at + FRAMES_A_WRITE]) for at in range(0, frames, FRAMES_A_WRITE)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            if b"websocket" in request.lower():
                await self._stream(request, writer)
            else:
                self._answer(request, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @staticmethod
    def _answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        body = json.dumps({"symbols": [{"symbol": name, "status": "TRADING"} for name in SYMBOLS]})
        if b"/time" in request.split(b"\r\n")[0]:
            body = json.dumps({"serverTime": int(time.time() * 1000)})
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write((head + body).encode())

    async def _stream(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        line = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(line.partition(b": ")[2] + MAGIC).digest())
        head = (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        )
        writer.write(head + accept + b"\r\n\r\n")
        for block in self._blocks:
            writer.write(block)
            await writer.drain()
        await self._pace(writer)

    async def _pace(self, writer: asyncio.StreamWriter) -> None:
        began, sent = time.perf_counter(), 0
        while True:
            due = int((time.perf_counter() - began) * self._per_s)
            now_ms = int(time.time() * 1000)
            writer.write(b"".join(_message(number, now_ms) for number in range(sent, due)))
            sent = due
            await writer.drain()
            await asyncio.sleep(TURN_S)


async def _main(frames: int, per_s: int) -> None:
    server = await asyncio.start_server(_Venue(frames, per_s).serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)  # clients may still be connected, and nobody is left to tell


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2])))
