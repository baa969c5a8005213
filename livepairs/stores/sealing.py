"""Turns the journal of a recording into Parquet, segment by segment, and in the end into a recording.

Each step ends with a new list of files made durable in one rename; what the list does not name is worthless and removed
at the next opening. So a crash at any moment costs the step under way and no row. Recovery is the same as finishing.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from livepairs.errors import RecordingError
from livepairs.schema import Gap
from livepairs.stores.journal import HOPS, MARK_COLUMNS, TRADE_COLUMNS, Page, has_pages_after, pages_of, segments_of
from livepairs.stores.layout import fsync_path, sha256_of
from livepairs.stores.manifest import (
    MANIFEST,
    SCHEMA_VERSION,
    CheckFile,
    FileEntry,
    LiveProof,
    Manifest,
    Origin,
    ProofParams,
    Provenance,
    Table,
    describe,
)
from livepairs.stores.parts import Rows, add_rows

__all__ = ["JOURNAL", "LISTING", "QUICK", "SMALL", "About", "Sealing", "begin_journal", "is_begun", "write_durably"]

_LOG = logging.getLogger(__name__)

JOURNAL: Final = "journal"
"""The folder in a recording that holds what is not in Parquet yet; a finished recording has none."""

SMALL: Final = 9
"""Level of compression where there is time for it."""

QUICK: Final = 3
"""Level of compression where the feed leaves no time: three times as quick, and 6 % larger."""

_DAMAGED: Final = "damaged"
"""Where segments go that hold pages which cannot be reached, because a page before them is damaged."""

_ABOUT: Final = "about.json"
LISTING: Final = "listing.json"
_CHECKS: Final = "proof/{}.u32"

_CORES: Final = min(4, os.cpu_count() or 1)

_TABLES: Final[tuple[tuple[Table, dict[str, str]], ...]] = (("trades", TRADE_COLUMNS), ("marks", MARK_COLUMNS))


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of a session before its first row."""

    source: str
    symbols: tuple[str, ...]
    is_synthetic: bool = False
    params: ProofParams | None = None
    version: str = ""
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """What is in Parquet, and what was known with the last page of it."""

    next_segment: int = 0
    next_page: int = 0
    files: tuple[FileEntry, ...] = ()
    checks: tuple[int, int, int] = (0, 0, 0)
    now_us: int = 0
    digest: str = ""
    gaps: tuple[Gap, ...] = ()
    notes: dict[str, Any]


def begin_journal(folder: Path, about: About) -> Path:
    """Make the journal of a recording, and return its folder."""
    journal = folder / JOURNAL
    shutil.rmtree(journal, ignore_errors=True)  # one that was cut short before its first segment
    journal.mkdir()
    write_durably(journal / _ABOUT, msgspec.json.format(msgspec.json.encode(about), indent=2))
    fsync_path(folder)
    return journal


def is_begun(folder: Path) -> bool:
    """Return whether a recorder has begun a journal in the folder, of which there may be rows."""
    return (folder / JOURNAL / _ABOUT).is_file()


def write_durably(path: Path, content: bytes) -> None:
    """Put a file in its place whole: it is on disk, with its name, when this returns."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    fsync_path(path.parent)


class Sealing:
    """Works off the journal of one recording; the caller holds the folder's lock.

    Opening it removes the traces of a step that a crash cut short.

    Parameters
    ----------
    folder
        The recording.

    Raises
    ------
    RecordingError
        If the journal does not say what it is of.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._journal = folder, folder / JOURNAL
        self._about = _read(self._journal / _ABOUT, About)
        listing = self._journal / LISTING
        self._listing = _read(listing, _Listing) if listing.is_file() else _Listing(notes={})
        self._remove_strays()

    @property
    def bytes(self) -> int:
        """Size of what is in Parquet."""
        return sum(entry.bytes for entry in self._listing.files)

    def take(self, segment: Path, *, level: int = SMALL) -> None:
        """Move the pages of the next segment into Parquet, and remove the segment."""
        pages = list(pages_of(segment, first_page=self._listing.next_page))
        before = self._listing.files
        files = self._with_rows(pages, level)
        self._append_checks(pages)
        end = pages[-1].end if pages else 0
        self._list(pages, files, lost=segment.stat().st_size - end)
        for entry in set(before) - set(files):
            (self._folder / entry.path).unlink()
        self._dispose(segment, end)

    def finish(self, *, level: int = SMALL) -> Manifest:
        """Work off what is left, the last segment at that level, and make the folder a recording.

        Raises
        ------
        RecordingError
            If there is no trade in it; the folder is then empty.
        """
        left = list(segments_of(self._journal).values())
        for segment in left:
            self.take(segment, level=level if segment is left[-1] else QUICK)
        self._remove_strays()
        listing, about = self._listing, self._about
        if not any(entry.table == "trades" for entry in listing.files):
            self._remove_all()
            raise RecordingError(
                f"no trade was recorded to {str(self._folder)!r}, so nothing is kept there; record again"
            )
        named = dict.fromkeys([*about.symbols, *(entry.symbol for entry in listing.files)])
        origin = Origin(about.source, tuple(named), about.is_synthetic)
        place = {symbol: number for number, symbol in enumerate(named)}
        files = sorted(listing.files, key=lambda entry: (entry.table != "trades", place[entry.symbol], entry.first_us))
        manifest = describe(origin, tuple(files), self._provenance())
        write_durably(self._folder / MANIFEST, manifest.to_json())
        shutil.rmtree(self._journal)
        fsync_path(self._folder)
        return manifest

    def _provenance(self) -> Provenance:
        listing = self._listing
        proof = self._proof()
        return Provenance(
            vouched_us=listing.now_us,
            is_final=False,
            gaps=listing.gaps,
            repairs=dict(listing.notes.get("repairs", {})),
            skipped=dict(listing.notes.get("skipped", {})),
            clock_offset_us=listing.notes.get("clock_offset_us"),
            live_digest=None if proof is None else proof.digest,
            proof=proof,
        )

    def _proof(self) -> LiveProof | None:
        listing, about = self._listing, self._about
        if not listing.digest or about.params is None:
            return None
        bars, pairs, events = listing.checks
        checks = tuple(
            CheckFile(_CHECKS.format(hop), hop, rows, sha256_of(self._folder / _CHECKS.format(hop)))
            for hop, rows in zip(HOPS, listing.checks, strict=True)
            if rows
        )
        return LiveProof(
            digest=listing.digest,
            bars=bars,
            pairs=pairs,
            events=events,
            params=about.params,
            version=about.version,
            checks=checks,
        )

    def _with_rows(self, pages: list[Page], level: int) -> tuple[FileEntry, ...]:
        """Write the rows of some pages, and return the files as they are then.

        Where there is no time a symbol is written beside the next, on as many cores as there are; else on one, for the
        feed has the first claim on them.
        """
        kept: dict[tuple[Table, str], list[FileEntry]] = {}
        for entry in self._listing.files:
            kept.setdefault((entry.table, entry.symbol), []).append(entry)

        def write(key: tuple[Table, str], rows: Rows) -> list[FileEntry]:
            return add_rows(self._folder, kept.get(key, []), *key, rows=rows, level=level)

        cores = _CORES if level == QUICK else 1
        with ThreadPoolExecutor(cores, thread_name_prefix="livepairs-sealing") as pool:
            made = {}
            for table, columns in _TABLES:
                for symbol, rows in _by_symbol(pages, table, columns):
                    made[table, symbol] = pool.submit(write, (table, symbol), rows)
            kept |= {key: future.result() for key, future in made.items()}
        return tuple(entry for entries in kept.values() for entry in entries)

    def _append_checks(self, pages: list[Page]) -> None:
        for place, hop in enumerate(HOPS):
            content = b"".join(page.checks[place] for page in pages)
            if content:
                path = self._folder / _CHECKS.format(hop)
                path.parent.mkdir(exist_ok=True)
                with path.open("ab") as file:
                    file.truncate(4 * self._listing.checks[place])  # an earlier try may have failed half-way
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())

    def _list(self, pages: list[Page], files: tuple[FileEntry, ...], *, lost: int) -> None:
        """Make the new list of files durable: from here on, it is what counts."""
        old = self._listing
        notes = next((page.head.notes for page in reversed(pages) if page.head.notes is not None), old.notes)
        if lost:
            repairs = dict(notes.get("repairs", {}))
            repairs["journal bytes not whole"] = repairs.get("journal bytes not whole", 0) + lost
            notes = {**notes, "repairs": repairs}
        gaps = next((page.head.gaps for page in reversed(pages) if page.head.gaps is not None), old.gaps)
        rows = [sum(page.head.checks[place] for page in pages) for place in range(len(HOPS))]
        listing = _Listing(
            next_segment=old.next_segment + 1,
            next_page=old.next_page + len(pages),
            files=files,
            checks=(old.checks[0] + rows[0], old.checks[1] + rows[1], old.checks[2] + rows[2]),
            now_us=max([old.now_us, *(page.head.now_us for page in pages)]),
            digest=next((page.head.digest for page in reversed(pages) if page.head.digest), old.digest),
            gaps=gaps,
            notes=notes,
        )
        for folder in {(self._folder / entry.path).parent for entry in files}:
            fsync_path(folder)
            fsync_path(folder.parent)
        fsync_path(self._folder)
        write_durably(self._journal / LISTING, msgspec.json.encode(listing))
        self._listing = listing

    def _dispose(self, segment: Path, end: int) -> None:
        """Remove a segment that was read up to there, unless whole pages follow on a damaged one: they are evidence."""
        if segment.stat().st_size > end and has_pages_after(segment, end):
            kept = self._folder / _DAMAGED
            kept.mkdir(exist_ok=True)
            segment.replace(kept / segment.name)
            _LOG.warning(
                "the journal of %s is damaged in %s; what follows is kept in %s", self._folder, segment.name, kept
            )
        else:
            segment.unlink()

    def _remove_strays(self) -> None:
        listed = {entry.path for entry in self._listing.files}
        for table in ("trades", "marks"):
            for path in self._folder.glob(f"{table}/*/*.parquet"):
                if path.relative_to(self._folder).as_posix() not in listed:
                    path.unlink()
        for hop, rows in zip(HOPS, self._listing.checks, strict=True):
            path = self._folder / _CHECKS.format(hop)
            if path.is_file():
                os.truncate(path, 4 * rows)
        for number, segment in segments_of(self._journal).items():
            if number < self._listing.next_segment:
                segment.unlink()

    def _remove_all(self) -> None:
        for name in ("trades", "marks", "proof", JOURNAL):
            shutil.rmtree(self._folder / name, ignore_errors=True)


def _by_symbol(pages: list[Page], table: Table, columns: dict[str, str]) -> Iterator[tuple[str, Rows]]:
    """Yield the rows of each symbol in some pages, in the order they came."""
    places: dict[str, int] = {}
    found: list[Rows] = []
    for page in pages:
        rows: Rows = getattr(page, table)
        if len(rows["ts"]):
            own = np.array([places.setdefault(symbol, len(places)) for symbol in page.head.symbols], np.uint16)
            found.append({**rows, "symbol": own[rows["symbol"]]})
    if not found:
        return
    joined = {name: np.concatenate([rows[name] for rows in found]) for name in columns}
    codes = joined.pop("symbol")
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(places) + 1))
    for symbol, place in places.items():
        own_rows = order[edges[place] : edges[place + 1]]
        if len(own_rows):
            yield symbol, {name: values[own_rows] for name, values in joined.items()}


def _read(path: Path, kind: type[Any]) -> Any:  # an instance of kind
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordingError(
            f"the journal of {str(path.parent.parent)!r} cannot be read ({path.name}: {error}); "
            "its segments are left as they are; restore that file from a copy, or remove the folder"
        ) from error
