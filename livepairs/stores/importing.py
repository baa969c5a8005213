"""Imports files into a recording: finds who can read each file, gathers the rows, writes them in order.

A format is one file ``import_NAME.py`` beside this one, found without being listed. It has

- ``PRECEDENCE``: the lower is asked first;
- ``recognises(file, options)``: whether the file is of this format;
- ``read(file, options, intake)``: hands every row to the intake, or raises ``InputError`` naming the line.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from livepairs import stores
from livepairs.errors import InputError
from livepairs.schema import Gap
from livepairs.stores.input_file import InputFile
from livepairs.stores.intake import ImportOptions, Intake
from livepairs.stores.manifest import FetchedFile, Manifest, Provenance
from livepairs.stores.staging import Heaps, Rows, marks_batch, numbered_trades, sorted_trades, trades_batch
from livepairs.stores.writer import RecordingWriter

__all__ = ["Format", "ImportReport", "format_of", "formats", "import_files"]

_MOST_GAPS: Final = 10_000
"""A ledger of more would be no ledger; the shortest are left out of it, and a warning says so."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


class Format(Protocol):
    """What a module ``import_NAME.py`` has."""

    PRECEDENCE: int

    def recognises(self, file: InputFile, options: ImportOptions) -> bool:
        """Return whether the file is of this format."""

    def read(self, file: InputFile, options: ImportOptions, intake: Intake) -> None:
        """Hand every row to the intake."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did; ``manifest`` is that of the recording made.

    ``trades_read`` is the sum of the trades in the recording, the duplicates and zero quantities among ``repaired``,
    and the rejected.
    """

    manifest: Manifest
    kinds: dict[str, str]
    trades_read: int
    skipped: dict[str, int]
    rejected: dict[str, int]
    repaired: dict[str, int]
    clock_offsets_us: dict[str, int]
    warnings: tuple[str, ...] = field(default=())


def formats() -> dict[str, Format]:
    """Return the formats found, by name, in the order in which they are asked."""
    names = [module.name for module in pkgutil.iter_modules(stores.__path__) if module.name.startswith("import_")]
    found = {name.removeprefix("import_"): cast("Format", import_module(f"{stores.__name__}.{name}")) for name in names}
    return dict(sorted(found.items(), key=lambda item: item[1].PRECEDENCE))


def import_files(
    paths: Sequence[str | Path],
    to: str | Path,
    *,
    options: ImportOptions | None = None,
    overwrite: bool = False,
    on_progress: Progress | None = None,
    fetched: tuple[FetchedFile, ...] = (),
) -> ImportReport:
    """Import files, of one format or several, into one recording.

    Parameters
    ----------
    paths
        Files in any order; they may overlap.
    to
        The recording to make.
    overwrite
        Whether a recording already there may be replaced.
    fetched
        Where the files came from, if from a venue's site; kept in the manifest.

    Raises
    ------
    InputError
        Naming the file, the line and what was expected. Nothing is left of the recording.
    RecordingError
        If there is something at ``to`` already.
    """
    options = options or ImportOptions()
    report = on_progress or _unwatched
    with RecordingWriter(to, source="import", overwrite=overwrite) as writer, closing(Heaps(writer.path)) as heaps:
        intake = Intake(heaps, options)
        _read_all(paths, options, intake, report)
        if not intake.kinds:
            raise _nothing_found(paths, intake)
        gaps = _write_all(heaps, intake, writer, report)
        manifest = writer.finish(_provenance(intake, gaps, fetched))
    return ImportReport(
        manifest,
        dict(sorted(intake.kinds.items())),
        intake.trades_read,
        dict(+intake.skipped),
        dict(+intake.rejected),
        dict(+intake.repairs),
        intake.clock_offsets_us(),
        tuple(intake.warnings),
    )


def _unwatched(_stage: str, _done: int, _total: int) -> None:
    """Do nothing with the progress made."""


def _read_all(paths: Sequence[str | Path], options: ImportOptions, intake: Intake, report: Progress) -> None:
    total = sum(InputFile(path).size for path in paths)
    done = 0
    for path in paths:
        before = done
        on_bytes = partial(_reached, report, before, total)
        file = InputFile(path, on_bytes=on_bytes, most_ratio=options.most_ratio)
        format_of(file, options).read(file, options, intake)
        done += file.size
        report("reading", done, total)


def _reached(report: Progress, before: int, total: int, at: int) -> None:
    report("reading", before + at, total)


def format_of(file: InputFile, options: ImportOptions) -> Format:
    """Return who can read a file.

    Raises
    ------
    InputError
        If nobody can.
    """
    for found in formats().values():
        if found.recognises(file, options):
            return found
    first = file.head.split(b"\n", 1)[0][:60].decode("utf-8", "replace")
    raise InputError(
        file.path,
        found=repr(first),
        expected="a raw websocket log, a Binance dump, or CSV or Parquet with columns of time, price and quantity",
        line=1,
    )


def _nothing_found(paths: Sequence[str | Path], intake: Intake) -> InputError:
    left_out = intake.skipped + intake.rejected
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in left_out.most_common(4))
    found = f"no trade to keep (left out: {kinds})" if kinds else "no trade"
    return InputError(", ".join(str(path) for path in paths), found=found, expected="trades or aggTrades")


def _write_all(heaps: Heaps, intake: Intake, writer: RecordingWriter, report: Progress) -> list[Gap]:
    gaps: list[Gap] = []
    offsets_us = intake.offsets_us()
    done = 0
    for symbol in heaps.symbols("trades"):
        hours = heaps.drain("trades", symbol, offsets_us)
        for rows in _ordered(hours, symbol, intake, gaps):
            writer.append(trades_batch(symbol, rows))
            done += len(rows)
            report("writing", done, intake.trades_read)
    for symbol in heaps.symbols("marks"):
        for rows in heaps.drain("marks", symbol, offsets_us):
            if symbol in intake.kinds:
                writer.append(marks=marks_batch(symbol, rows))
            else:
                intake.skipped["marks of symbols without trades"] += len(rows)
    return _largest(gaps, intake)


def _ordered(hours: Iterator[Rows], symbol: str, intake: Intake, gaps: list[Gap]) -> Iterator[Rows]:
    kind = intake.kinds[symbol]
    if kind == "unnumbered":
        return numbered_trades(hours)
    return sorted_trades(hours, symbol, is_contiguous=kind == "aggTrade", repairs=intake.repairs, gaps=gaps)


def _largest(gaps: list[Gap], intake: Intake) -> list[Gap]:
    if len(gaps) > _MOST_GAPS:
        kept = sorted(gaps, key=lambda gap: gap.missing or 0, reverse=True)[:_MOST_GAPS]
        intake.warnings.append(f"{len(gaps):,} gaps in the ids; the ledger lists the {_MOST_GAPS:,} largest")
        gaps = kept
    return sorted(gaps, key=lambda gap: (gap.start_us, gap.symbol or ""))


def _provenance(intake: Intake, gaps: list[Gap], fetched: tuple[FetchedFile, ...]) -> Provenance:
    rejected = {f"rejected: {reason}": count for reason, count in intake.rejected.items()}
    offsets = intake.clock_offsets_us()
    return Provenance(
        gaps=tuple(gaps),
        repairs=dict(sorted((+intake.repairs).items())),
        skipped=dict(sorted({**(+intake.skipped), **rejected}.items())),
        clock_offset_us=min(offsets.values()) if offsets else None,
        fetched=fetched,
    )
