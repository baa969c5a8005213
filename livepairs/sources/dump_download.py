"""Fetches many files of a site of dumps, a few at a time, and says which of them there are none of.

A month whose file is not there is asked for day by day: months come out later than days. What has been fetched stays
in the folder, whole or in part, so the same call goes on where an earlier one was interrupted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from livepairs.clock import Clock
from livepairs.exchanges.binance_archive import ArchiveFile
from livepairs.sources.dump_site import DumpSite, SiteLimits, sha256_of, writing

__all__ = ["CONNECTIONS", "Download", "FetchProgress", "Fetched", "download"]

CONNECTIONS: Final = 4
"""Files fetched at the same time: enough to fill most lines, few enough for a site that gives its data away."""


@dataclass(frozen=True, slots=True, order=True)
class Fetched:
    """A file that is whole: what it holds, where it is now, where it was, its size in bytes and its SHA-256."""

    file: ArchiveFile
    path: Path
    url: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far a download is: files done and in all, bytes there and known of so far."""

    files: int
    files_in_all: int
    bytes: int
    bytes_known: int


@dataclass(frozen=True, slots=True)
class Download:
    """What came of a download, by symbol and time: the files that are whole, and the days the site has none of."""

    fetched: tuple[Fetched, ...]
    absent: tuple[ArchiveFile, ...]


@dataclass(slots=True)
class _Tally:
    """Adds up the progress of files that are fetched side by side."""

    tell: Callable[[FetchProgress], None]
    files_in_all: int
    files: int = 0
    there: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)

    def on_bytes(self, name: str, done: int, total: int) -> None:
        self.there[name], self.known[name] = done, max(done, total)
        self._tell()

    def on_file(self, *, more: int = 0) -> None:
        self.files += 1
        self.files_in_all += more
        self._tell()

    def _tell(self) -> None:
        self.tell(FetchProgress(self.files, self.files_in_all, sum(self.there.values()), sum(self.known.values())))


async def download(
    files: Sequence[ArchiveFile],
    folder: Path,
    base: str,
    *,
    clock: Clock,
    limits: SiteLimits | None = None,
    on_progress: Callable[[FetchProgress], None] = lambda _: None,
) -> Download:
    """Fetch files into a folder and verify each.

    Parameters
    ----------
    folder
        Made if it is not there. Files whole already are only verified.
    base
        Scheme, host and port of the site.

    Raises
    ------
    InputError
        If a file does not come to its checksum.
    DownloadError
        If the site cannot be reached or will not serve.
    RecordingError
        If the folder cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    tally = _Tally(on_progress, len(files))
    fetched: list[Fetched] = []
    absent: list[ArchiveFile] = []
    slots = asyncio.Semaphore(CONNECTIONS)

    async def obtain(file: ArchiveFile) -> None:
        async with slots:
            found = await _fetch(site, file, folder, base, tally)
        days = file.days() if found is None and file.is_monthly else ()
        tally.on_file(more=len(days))
        if found is not None:
            fetched.append(found)
        elif not days:
            absent.append(file)
        for day in days:
            group.create_task(obtain(day))

    try:
        async with (
            DumpSite(base, clock=clock, connections=CONNECTIONS, limits=limits) as site,
            asyncio.TaskGroup() as group,
        ):
            for file in files:
                group.create_task(obtain(file))
    except ExceptionGroup as errors:
        # The first one ended the others, which have nothing to add.
        raise errors.exceptions[0] from None
    return Download(tuple(sorted(fetched)), tuple(sorted(absent)))


async def _fetch(site: DumpSite, file: ArchiveFile, folder: Path, base: str, tally: _Tally) -> Fetched | None:
    sha256 = await site.checksum(file)
    if sha256 is None:
        return None
    path = folder / file.name
    if not path.exists() or await asyncio.to_thread(sha256_of, path) != sha256:
        await site.fetch(file, sha256, path, lambda done, total: tally.on_bytes(file.name, done, total))
    size = path.stat().st_size
    tally.on_bytes(file.name, size, size)
    return Fetched(file, path, base + file.path, size, sha256)
