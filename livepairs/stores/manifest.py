"""The manifest of a recording: what is in the folder, how far it is vouched for, and how it came about.

This file says what a manifest holds and turns it into JSON and back; it reads no Parquet. ``recording`` opens what the
manifest describes and ``writer`` makes it. All times are microseconds since the epoch, UTC.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import msgspec

from livepairs.errors import RecordingError
from livepairs.schema import Gap, Marker

__all__ = ["MANIFEST", "SCHEMA_VERSION", "FileEntry", "Manifest", "Provenance", "Table", "read_manifest"]

MANIFEST: Final = "manifest.json"
SCHEMA_VERSION: Final = 1

Table = Literal["trades", "marks"]


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One Parquet file: ``path`` is relative to the recording, with forward slashes."""

    path: str
    table: Table
    symbol: str
    rows: int
    first_us: int
    last_us: int
    max_lag_us: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the maker of a recording knows besides its rows; given to ``RecordingWriter.finish``.

    Parameters
    ----------
    vouched_us
        Time up to which the source vouches that nothing is missing; None for the last row.
    is_final
        Whether nothing can follow (imports, synthetic data), so that the last bar closes with what it has.
    gaps, markers
        The gap ledger, and the moments worth jumping to.
    repairs, skipped
        What was mended or left out while importing, and how often; for example ``{"duplicate rows": 3}``.
    clock_offset_us
        Local clock minus exchange clock as estimated while recording; None for imports.
    live_digest
        Digest of what the pipeline computed while the recording was live; None for imports.
    """

    vouched_us: int | None = None
    is_final: bool = True
    gaps: tuple[Gap, ...] = ()
    markers: tuple[Marker, ...] = ()
    repairs: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    clock_offset_us: int | None = None
    live_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The content of ``manifest.json``; the fields shared with ``Provenance`` are explained there.

    Parameters
    ----------
    source
        ``"import"``, ``"synthetic:?seed=7"``, ``"binance-um:BTCUSDT,ETHUSDT"`` ...
    is_synthetic
        Whether the rows were generated rather than traded; to be shown wherever the recording is.
    symbols
        In the order in which they are listed and drawn.
    start_us, end_us
        First and last trade time.
    completeness
        Share of the span and symbols that no open gap covers, from 0 to 1.
    """

    schema_version: int
    source: str
    is_synthetic: bool
    symbols: tuple[str, ...]
    start_us: int
    end_us: int
    vouched_us: int
    is_final: bool
    clock_offset_us: int | None
    completeness: float
    live_digest: str | None
    gaps: tuple[Gap, ...]
    markers: tuple[Marker, ...]
    repairs: dict[str, int]
    skipped: dict[str, int]
    files: tuple[FileEntry, ...]

    def entries(self, table: Table) -> tuple[FileEntry, ...]:
        """Return the files of one table, in the order of time within a symbol."""
        return tuple(entry for entry in self.files if entry.table == table)

    @property
    def digest(self) -> str:
        """Identity of the recorded rows: sha256 over the digests of the files, in hexadecimal."""
        lines = (f"{entry.sha256}  {entry.path}\n" for entry in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def to_json(self) -> bytes:
        """Return the manifest as indented JSON that does not depend on the order of any set or time of day."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


class _Version(msgspec.Struct):
    schema_version: int


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a recording.

    Raises
    ------
    RecordingError
        If the folder holds none, or it is damaged or of another version.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError:
        raise RecordingError(
            f"{str(folder)!r} is not a recording: there is no readable {MANIFEST} in it; "
            "name the folder of a finished recording, or import the data again"
        ) from None
    _check_version(folder, content)
    try:
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(folder, error) from error


def _check_version(folder: Path, content: bytes) -> None:
    try:
        version = msgspec.json.decode(content, type=_Version).schema_version
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(folder, error) from error
    if version != SCHEMA_VERSION:
        raise RecordingError(
            f"recording {str(folder)!r} has schema version {version}; this livepairs reads version {SCHEMA_VERSION}; "
            "open it with the livepairs that wrote it, or import the data again"
        )


def _damaged(folder: Path, error: Exception) -> RecordingError:
    return RecordingError(
        f"{MANIFEST} of recording {str(folder)!r} is damaged ({error}); "
        "restore it from a copy, or import the data again"
    )
