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

__all__ = [
    "MANIFEST",
    "SCHEMA_VERSION",
    "CheckFile",
    "FetchedFile",
    "FileEntry",
    "LiveProof",
    "Manifest",
    "Origin",
    "ProofParams",
    "Provenance",
    "Table",
    "describe",
    "read_manifest",
]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofParams:
    """What the live digest was computed with; whoever replays the recording with it must reach the same digest.

    Parameters
    ----------
    pairs
        As ``"Y/X"``, in the order of their rows.
    interval, grace_us, hedge_window, z_window, corr_window, adf_lags, price, entry, exit, hedge
        As in ``livepairs.pipeline.RunParams``.
    rules
        The text of the rules file that made the events; None where ``entry`` and ``exit`` alone did.
    """

    pairs: tuple[str, ...]
    interval: str
    grace_us: int
    hedge_window: int
    z_window: int
    corr_window: int
    adf_lags: int
    price: str
    entry: float
    exit: float
    rules: str | None = None
    hedge: str = "ols"


@dataclass(frozen=True, slots=True)
class CheckFile:
    """A file of four bytes for each row of a hop, by which the first row that differs is found.

    ``path`` is relative to the recording; ``hop`` is ``bars``, ``pairs`` or ``events``.
    """

    path: str
    hop: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveProof:
    """What the pipeline computed while the recording was live, and how to compute it again.

    Parameters
    ----------
    digest
        SHA-256 over every closed row of BARS, PAIRS and EVENTS, 64 hexadecimal digits.
    bars, pairs, events
        Closed rows.
    params
        What they were computed with.
    version
        The livepairs that computed them.
    checks
        The files that say which row differs.
    """

    digest: str
    bars: int
    pairs: int
    events: int
    params: ProofParams
    version: str
    checks: tuple[CheckFile, ...] = ()


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file fetched from a venue's site and imported: where it was, its bytes, and the SHA-256 they came to.

    Sites issue files anew after mistakes are found, so this is what tells which issue is in a recording.
    """

    url: str
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
    proof
        That digest with what it was computed with; None for imports.
    fetched
        The files that were fetched from a venue's site for it, in the order they were imported.
    """

    vouched_us: int | None = None
    is_final: bool = True
    gaps: tuple[Gap, ...] = ()
    markers: tuple[Marker, ...] = ()
    repairs: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    clock_offset_us: int | None = None
    live_digest: str | None = None
    proof: LiveProof | None = None
    fetched: tuple[FetchedFile, ...] = ()


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
    proof: LiveProof | None = None
    fetched: tuple[FetchedFile, ...] = ()

    def entries(self, table: Table) -> tuple[FileEntry, ...]:
        """Return the files of one table, in the order of time within a symbol."""
        return tuple(entry for entry in self.files if entry.table == table)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file of the recording, this one first, relative to its folder."""
        checks = () if self.proof is None else self.proof.checks
        return (MANIFEST, *(entry.path for entry in self.files), *(entry.path for entry in checks))

    @property
    def digest(self) -> str:
        """Identity of the recorded rows: sha256 over the digests of the files, in hexadecimal."""
        lines = (f"{entry.sha256}  {entry.path}\n" for entry in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def to_json(self) -> bytes:
        """Return the manifest as indented JSON that does not depend on the order of any set or time of day."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a recording's rows come from: ``source``, ``symbols`` in their order, and whether they were generated."""

    source: str
    symbols: tuple[str, ...]
    is_synthetic: bool = False


def describe(origin: Origin, files: tuple[FileEntry, ...], provenance: Provenance) -> Manifest:
    """Return the manifest of these files; at least one must hold trades."""
    trades = [entry for entry in files if entry.table == "trades"]
    start_us, end_us = min(entry.first_us for entry in trades), max(entry.last_us for entry in trades)
    last_us = max(entry.last_us for entry in files)
    # What a live source vouched for is kept as it was, though rows may run ahead of it: a replay must not close a
    # bar that was never closed live.
    vouched_us = last_us if provenance.vouched_us is None else provenance.vouched_us
    return Manifest(
        schema_version=SCHEMA_VERSION,
        source=origin.source,
        is_synthetic=origin.is_synthetic,
        symbols=origin.symbols,
        start_us=start_us,
        end_us=end_us,
        vouched_us=vouched_us,
        is_final=provenance.is_final,
        clock_offset_us=provenance.clock_offset_us,
        completeness=_completeness(origin.symbols, start_us, max(last_us, vouched_us), provenance.gaps),
        live_digest=provenance.live_digest,
        gaps=provenance.gaps,
        markers=provenance.markers,
        repairs=provenance.repairs,
        skipped=provenance.skipped,
        files=files,
        proof=provenance.proof,
        fetched=provenance.fetched,
    )


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


def _completeness(symbols: tuple[str, ...], start_us: int, end_us: int, gaps: tuple[Gap, ...]) -> float:
    """Return the share of the span, averaged over the symbols, that no open gap covers."""
    span_us = end_us - start_us + 1
    missing_us = 0
    for symbol in symbols:
        covered_us = start_us
        own = (gap for gap in gaps if gap.symbol in (symbol, None) and not gap.is_healed)
        for gap in sorted(own, key=lambda gap: gap.start_us):
            first_us, last_us = max(gap.start_us, covered_us), min(gap.end_us, end_us + 1)
            missing_us += max(0, last_us - first_us)
            covered_us = max(covered_us, last_us)
    return round(1 - missing_us / (span_us * len(symbols)), 6)
