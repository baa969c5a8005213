"""A loopback copy of the layout of Binance's dump site, with the troubles such a site gives."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from livepairs.exchanges.binance_archive import ArchiveFile

HEADER = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
TRADES_A_DAY = 24


@dataclass
class Site:
    """What is served, by path; and what goes wrong."""

    files: dict[str, bytes] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    ranges: list[str] = field(default_factory=list)
    cut_after: dict[str, list[int]] = field(default_factory=dict)
    """Bytes after which each request for a path is broken off, in turn."""
    refusals: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    """Answers given in place of the file, in turn."""
    has_ranges: bool = True
    busiest: int = 0
    """How many requests were answered at the same time, at least."""
    meeting: threading.Barrier | None = None
    """Where the first requests wait for each other."""
    base: str = ""
    _open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def publish(self, file: ArchiveFile, content: bytes | None = None, *, checksum: str | None = None) -> bytes:
        """Put a dump and its checksum there, and return the zip."""
        zipped = zipped_csv(file, content or rows_of(file))
        self.files[unquote(file.path)] = zipped
        digest = checksum or hashlib.sha256(zipped).hexdigest()
        self.files[unquote(file.path) + ".CHECKSUM"] = f"{digest}  {file.name}\n".encode()
        return zipped

    def enter(self, path: str, span: str | None) -> None:
        with self._lock:
            self.requests[path] += 1
            self._open += 1
            self.busiest = max(self.busiest, self._open)
            if span:
                self.ranges.append(span)
            is_early = self.meeting is not None and self.requests.total() <= self.meeting.parties
        if is_early and self.meeting is not None:
            self.meeting.wait(timeout=30)

    def leave(self) -> None:
        with self._lock:
            self._open -= 1


def rows_of(file: ArchiveFile) -> bytes:
    """Return a trade an hour of the file's days, whose ids go on from day to day."""
    lines = [HEADER] if file.market == "um" else []
    for day in file.days():
        number = (day.first - date(2024, 1, 1)).days * TRADES_A_DAY
        for hour in range(TRADES_A_DAY):
            time = datetime(day.first.year, day.first.month, day.first.day, hour, tzinfo=UTC)
            ms = int(time.timestamp() * 1000)
            lines.append(f"{number + hour},{60000 + hour}.10,0.5,{number + hour},{number + hour},{ms},true\n")
    return "".join(lines).encode()


def zipped_csv(file: ArchiveFile, content: bytes) -> bytes:
    """Return the zip of one CSV of the same name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(file.name.replace(".zip", ".csv")), content)
    return out.getvalue()


def daily(symbol: str, first: str, count: int = 1) -> list[ArchiveFile]:
    """Return the files of consecutive days."""
    start = date.fromisoformat(first)
    return [ArchiveFile(symbol, start + timedelta(days=at)) for at in range(count)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        path = unquote(self.path)
        self.site.enter(path, self.headers.get("Range"))
        self.site.leave()  # before the answer, after which the client may come again at once
        self._answer(path)

    def _answer(self, path: str) -> None:
        content = self.site.files.get(path)
        refusals = self.site.refusals.get(path)
        if refusals:
            status, headers = refusals.pop(0)
            self._send(status, b"", headers)
        elif content is None:
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>", {})
        else:
            self._send_file(path, content)

    def _send_file(self, path: str, content: bytes) -> None:
        span = self.headers.get("Range") if self.site.has_ranges else None
        start = int(span.removeprefix("bytes=").partition("-")[0]) if span else 0
        if start >= len(content):
            self._send(416, b"", {})
            return
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if span else {}
        cuts = self.site.cut_after.get(path)
        cut = cuts.pop(0) if cuts else None
        self._send(206 if span else 200, content[start:], headers, cut=cut)

    def _send(self, status: int, body: bytes, headers: dict[str, str], cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve the site on a free port of loopback."""
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    site.base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
