"""Fetches one file at a time from a site of dumps: resumed where it broke off, tried again with patience, verified.

The site is asked politely: a few connections at most, no file twice, and whatever it says about waiting is obeyed. A
file is kept under another name until its checksum agrees, so that a file under its own name is whole.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar

from livepairs import __version__
from livepairs.clock import Clock
from livepairs.errors import InputError, LivepairsError, RecordingError
from livepairs.exchanges import WireError
from livepairs.exchanges.binance_archive import ArchiveFile, read_checksum
from livepairs.exchanges.binance_rest import read_refusal
from livepairs.sources.live_wire import is_loopback

if TYPE_CHECKING:
    import aiohttp

__all__ = ["DownloadError", "DumpSite", "SiteLimits", "sha256_of", "writing"]

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_CHUNK: Final = 1 << 18
_SMALL: Final = 4096
_PARTIAL, _WHOLE, _ABSENT, _PAST_END = 206, 200, 404, 416


class DownloadError(LivepairsError):
    """The site could not be reached, or would not serve; what has been fetched is kept."""


class _PassingError(Exception):
    """What may be over at the next try; ``wait_s`` is how long the site asked to wait."""

    def __init__(self, reason: str, *, wait_s: float | None = None) -> None:
        self.reason, self.wait_s = reason, wait_s
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLimits:
    """How patient and how polite a download is.

    Parameters
    ----------
    tries
        Attempts at a file without a single byte gained before it is given up.
    backoff_us, backoff_most_us
        The first wait between attempts, which doubles up to the second; microseconds.
    connect_s, silence_s
        How long a connection may take to open, and how long it may be silent; seconds.
    """

    tries: int = 6
    backoff_us: int = 1_000_000
    backoff_most_us: int = 60_000_000
    connect_s: float = 30
    silence_s: float = 60


class DumpSite:
    """A site in the layout of ``exchanges.binance_archive``; used as an asynchronous context.

    Parameters
    ----------
    base
        Scheme, host and port.
    connections
        Open at the same time at most.
    """

    def __init__(self, base: str, *, clock: Clock, connections: int, limits: SiteLimits | None = None) -> None:
        self._base, self._clock, self._connections = base, clock, connections
        self._limits = limits or SiteLimits()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        import aiohttp  # a tenth of a second, and of use to downloads only

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=self._limits.connect_s, sock_read=self._limits.silence_s
            ),
            # A zip as it is: a server that packed it once more would make resuming impossible.
            headers={"User-Agent": f"livepairs/{__version__}", "Accept-Encoding": "identity"},
            trust_env=not is_loopback(self._base),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def checksum(self, file: ArchiveFile) -> str | None:
        """Return the SHA-256 the site gives for a file; None if it has no such file, which is all it says of it.

        Raises
        ------
        DownloadError
            If the site does not answer, or with something else than a checksum.
        """
        body = await self._patiently(file, lambda: self._small(file.path + ".CHECKSUM"))
        if body is None:
            return None
        try:
            return read_checksum(body, file.name)
        except WireError as error:
            raise DownloadError(f"{self._base}{file.path}.CHECKSUM: {error}") from error

    async def fetch(self, file: ArchiveFile, sha256: str, to: Path, on_bytes: Callable[[int, int], None]) -> None:
        """Fetch a file, going on where an earlier attempt broke off.

        Parameters
        ----------
        sha256
            What its bytes must come to.
        to
            Where it is put once they do; what is not whole yet is kept beside it as ``NAME.part``.
        on_bytes
            Called with the bytes there are and their number in all, as far as known.

        Raises
        ------
        InputError
            If the bytes do not come to the checksum, although fetched afresh.
        DownloadError
            If the site does not serve them.
        RecordingError
            If they cannot be written.
        """
        part = to.with_name(to.name + ".part")
        was_begun = _size(part) > 0
        found = await self._fetch_whole(file, part, on_bytes)
        if found != sha256 and was_begun:
            # Begun on an older issue of the file, most likely: once more, from its first byte.
            _LOG.info("%s: the part kept belongs to another issue of it; fetching it afresh", file.name)
            part.unlink()
            found = await self._fetch_whole(file, part, on_bytes)
        if found != sha256:
            part.unlink()
            raise InputError(
                self._base + file.path,
                found=f"bytes whose SHA-256 is {found}",
                expected=f"{sha256}, as its .CHECKSUM says; it is damaged on its way or on the site: try again later",
            )
        part.replace(to)

    async def _fetch_whole(self, file: ArchiveFile, part: Path, on_bytes: Callable[[int, int], None]) -> str:
        await self._patiently(file, lambda: self._fetch_rest(file, part, on_bytes), progress=lambda: _size(part))
        return await asyncio.to_thread(sha256_of, part)

    async def _fetch_rest(self, file: ArchiveFile, part: Path, on_bytes: Callable[[int, int], None]) -> None:
        start = _size(part)
        headers = {"Range": f"bytes={start}-"} if start else {}
        async with self._get(file.path, headers) as response:
            if response.status == _PAST_END and start:
                # All of it is here already, or more than all; the checksum tells.
                return
            if response.status not in (_WHOLE, _PARTIAL):
                self._refuse(response.status, response.headers, await response.content.read(_SMALL))
            if response.status == _WHOLE:
                start = 0
            total = start + int(response.headers.get("Content-Length", 0))
            await _write(part, start, response.content.iter_chunked(_CHUNK), lambda done: on_bytes(done, total))

    async def _small(self, path: str) -> bytes | None:
        async with self._get(path, {}) as response:
            body = await response.content.read(_SMALL)
            if response.status == _ABSENT:
                return None
            if response.status != _WHOLE:
                self._refuse(response.status, response.headers, body)
            return body

    def _get(self, path: str, headers: dict[str, str]) -> aiohttp.client._RequestContextManager:
        from yarl import URL

        assert self._session is not None, "used outside its context"
        return self._session.get(URL(self._base + path, encoded=True), headers=headers)

    def _refuse(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Raise what an answer other than success comes to."""
        refusal = read_refusal(status, headers, body)
        if refusal.kind in ("wait", "retry"):
            raise _PassingError(f"HTTP {status}", wait_s=refusal.retry_after_s)
        if refusal.is_fatal:
            raise DownloadError(f"{self._base}: {refusal.sentence}")
        raise DownloadError(f"{self._base} answered HTTP {status}; check the address of the dumps (binance_dumps)")

    async def _patiently(
        self, file: ArchiveFile, ask: Callable[[], Awaitable[T]], progress: Callable[[], int] = lambda: 0
    ) -> T:
        """Ask until there is an answer; attempts that gained bytes do not count against the file."""
        import aiohttp

        tries, wait_us = self._limits.tries, self._limits.backoff_us
        while True:
            before = progress()
            try:
                return await ask()
            except _PassingError as error:
                reason, said_s = error.reason, error.wait_s
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                reason, said_s = _cause(error), None
            if progress() > before:
                tries, wait_us = self._limits.tries, self._limits.backoff_us
            tries -= 1
            if not tries:
                raise DownloadError(
                    f"{self._base}{file.path} could not be fetched in {self._limits.tries} tries ({reason}); "
                    "what is there is kept: give the same command again to go on"
                )
            delay_us = max(wait_us, int((said_s or 0) * 1e6))
            _LOG.info("%s: %s; trying again in %.0f s", file.name, reason, delay_us / 1e6)
            await self._clock.sleep(delay_us)
            wait_us = min(2 * wait_us, self._limits.backoff_most_us)


async def _write(part: Path, start: int, chunks: AsyncIterator[bytes], on_bytes: Callable[[int], None]) -> None:
    """Write what comes behind the ``start`` bytes there are, or in place of all."""
    done = start
    with writing(part):
        out = part.open("ab" if start else "wb", buffering=0)
    with out:
        async for chunk in chunks:
            # Not around the whole: what the connection raises is an OSError as well.
            with writing(part):
                rest = memoryview(chunk)
                while rest:
                    rest = rest[out.write(rest) :]
            done += len(chunk)
            on_bytes(done)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an error of the disk, which no further try mends, into one for the user."""
    try:
        yield
    except OSError as error:
        raise RecordingError(
            f"{str(path)!r} cannot be written ({error.strerror}); free some space or name another folder"
        ) from error


def _cause(error: Exception) -> str:
    import aiohttp

    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return "the connection broke off"
    return str(error) or type(error).__name__


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
