"""Opens a recording and reads it: lazily, in event time, in bounded memory.

Opening reads the manifest alone. Rows come from Parquet by row group, those outside the span asked for are never read.
``RecordingWriter`` makes what is opened here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import pyarrow as pa

from livepairs.card import card
from livepairs.errors import ConfigError, RecordingError, did_you_mean
from livepairs.moment import to_iso
from livepairs.schema import MARKS, TRADES, Chunk, Gap, Marker
from livepairs.stores.layout import sha256_of
from livepairs.stores.manifest import FileEntry, Manifest, Provenance, Table, read_manifest
from livepairs.stores.merge import merge
from livepairs.stores.recovery import recover
from livepairs.stores.rowgroups import RowGroup, row_groups_of
from livepairs.stores.scan import EVER_US, Scan, Span, projection, times_of
from livepairs.stores.writer import RecordingWriter

__all__ = ["FileEntry", "Manifest", "Provenance", "Recording", "RecordingWriter", "open_recording"]

_SCHEMAS: Final = {"trades": TRADES, "marks": MARKS}


def open_recording(path: str | Path) -> Recording:
    """Open a recording by its folder; no row is read yet. One whose recorder was killed is recovered first.

    Raises
    ------
    RecordingError
        If it is no recording, being recorded right now, damaged, of another version, or a file is missing or cut off.
    """
    folder = Path(path)
    if folder.name.startswith(".") and ".partial-" in folder.name:
        raise RecordingError(f"recording {str(folder)!r} was never finished; record or import it again")
    recover(folder)
    recording = Recording(folder, read_manifest(folder))
    for entry in recording.manifest.files:
        _check_file(folder, entry)
    return recording


class Recording:
    """A finished recording; made by ``open_recording``.

    It may be read by several threads, and any number of iterators may be open on it.

    Attributes
    ----------
    path
        The folder.
    manifest
        What is in it and how it came about.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path, self.manifest = path, manifest
        self._name = path.resolve().name
        self._footers: dict[str, tuple[RowGroup, ...]] = {}

    def __repr__(self) -> str:
        return f"Recording({self.name!r}: {self.trade_count:,} trades of {', '.join(self.symbols)})"

    def _repr_html_(self) -> str:
        span = f"{to_iso(self.start_us)} – {to_iso(self.end_us)}"
        made = f"{self.source} (synthetic)" if self.is_synthetic else self.source
        rows = [
            ("symbols", ", ".join(self.symbols)), ("trades", self.trade_count), ("span", span), ("source", made),
            ("gaps", len(self.gaps)), ("markers", len(self.markers)), ("digest", self.digest[:12]),
        ]  # fmt: skip
        return card(f"Recording {self.name}", rows)

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self._name

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols, in the order in which they are listed and drawn."""
        return self.manifest.symbols

    @property
    def start_us(self) -> int:
        """Time of the first trade."""
        return self.manifest.start_us

    @property
    def end_us(self) -> int:
        """Time of the last trade."""
        return self.manifest.end_us

    @property
    def vouched_us(self) -> int:
        """Time up to which the source vouched that nothing is missing."""
        return self.manifest.vouched_us

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow, so that the last bar closes with what it has."""
        return self.manifest.is_final

    @property
    def is_synthetic(self) -> bool:
        """Whether the rows were generated rather than traded."""
        return self.manifest.is_synthetic

    @property
    def source(self) -> str:
        """Where the rows came from."""
        return self.manifest.source

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The spans the source could not vouch for."""
        return self.manifest.gaps

    @property
    def markers(self) -> tuple[Marker, ...]:
        """The moments worth jumping to."""
        return self.manifest.markers

    @cached_property
    def max_lag_us(self) -> int:
        """The largest receipt delay of any trade; one no greater than the grace means that no trade can be late."""
        return max(entry.max_lag_us for entry in self.manifest.entries("trades"))

    @cached_property
    def trade_count(self) -> int:
        """The number of trades."""
        return sum(entry.rows for entry in self.manifest.entries("trades"))

    @cached_property
    def digest(self) -> str:
        """Identity of the recorded rows, in hexadecimal; its first characters serve in links."""
        return self.manifest.digest

    def chunks(
        self,
        *,
        symbols: Sequence[str] | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        batch_rows: int = 131_072,
        columns: Sequence[str] | None = None,
        healed: bool = False,
    ) -> Iterator[Chunk]:
        """Yield what was recorded as a source would, in event time and bounded memory.

        Parameters
        ----------
        symbols
            Only these; all if None.
        start_us, end_us
            Only rows with ``start_us <= ts < end_us``.
        batch_rows
            At most that many trades a chunk. A chunk holds trades of one symbol.
        columns
            TRADES columns to read; ``ts`` and ``symbol`` are always there. None reads all.
        healed
            Whether rows fetched after a gap are shown as it truly was: ``recv_ts`` is ``ts`` for every row.

        Yields
        ------
        Chunk
            ``now_us`` is the time up to which all the symbols asked for are complete. Marks come with the first chunk
            that vouches for their time. The last chunk, which may be without rows, vouches for the whole span.

        Raises
        ------
        ConfigError
            If a symbol or column is not in the recording.
        RecordingError
            If a file cannot be read.
        """
        if batch_rows < 1:
            raise ConfigError(f"batch_rows is {batch_rows}; it must be 1 or more")
        span = self._span(symbols, start_us, end_us)
        trades = Scan(self._groups("trades", span), span, projection(TRADES, columns), healed=healed)
        marks = Scan(self._groups("marks", span), span, MARKS, healed=healed)
        last_us = self.vouched_us if end_us is None else min(self.vouched_us, end_us - 1)
        return merge(trades, marks, batch_rows=batch_rows, last_us=last_us)

    def trades(
        self,
        *,
        symbols: Sequence[str] | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Return the trades with ``start_us <= ts < end_us`` as one table, symbol by symbol, each in its order."""
        return self._table("trades", self._span(symbols, start_us, end_us), columns)

    def marks(
        self,
        *,
        symbols: Sequence[str] | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Return the marks with ``start_us <= ts < end_us`` as one table, symbol by symbol, each in its order."""
        return self._table("marks", self._span(symbols, start_us, end_us), columns)

    def last_trade_before(self, symbol: str, ts_us: int) -> tuple[int, float] | None:
        """Return time and price of the symbol's last trade before a time; None if there is none."""
        span = self._span([symbol], None, ts_us)
        scan = Scan(self._groups("trades", span), span, projection(TRADES, ["price"]))
        if not scan.groups:
            return None
        rows = scan.read(scan.groups[-1])
        return int(times_of(rows)[-1]), float(rows.column("price")[-1].as_py())

    def verify_files(self) -> None:
        """Compare every file with the manifest.

        Raises
        ------
        RecordingError
            Naming the first file whose sha256 is another.
        """
        for entry in self.manifest.files:
            _check_file(self.path, entry)
            found = sha256_of(self.path / entry.path)
            if found != entry.sha256:
                raise RecordingError(
                    f"file {entry.path!r} of recording {str(self.path)!r} was changed: its sha256 is {found}, "
                    f"the manifest says {entry.sha256}; restore it from a copy"
                )

    def _span(self, symbols: Sequence[str] | None, start_us: int | None, end_us: int | None) -> Span:
        for symbol in symbols or ():
            if symbol not in self.symbols:
                hint = did_you_mean(symbol, self.symbols)
                raise ConfigError(
                    f"no symbol {symbol!r} in recording {self.name!r}{hint}; there are {', '.join(self.symbols)}"
                )
        chosen = self.symbols if symbols is None else tuple(dict.fromkeys(symbols))
        return Span(chosen, -EVER_US if start_us is None else start_us, EVER_US if end_us is None else end_us)

    def _groups(self, table: Table, span: Span) -> Iterator[RowGroup]:
        """Yield the row groups of files that may hold rows of the span; each footer is read once."""
        for entry in self.manifest.entries(table):
            if entry.symbol in span.symbols and span.covers(entry.first_us, entry.last_us):
                if entry.path not in self._footers:
                    self._footers[entry.path] = row_groups_of(self.path, entry)
                yield from self._footers[entry.path]

    def _table(self, table: Table, span: Span, columns: Sequence[str] | None) -> pa.Table:
        scan = Scan(self._groups(table, span), span, projection(_SCHEMAS[table], columns))
        order = [scan.groups.index(group) for symbol in span.symbols for group in scan.groups if group.symbol == symbol]
        batches = list(scan.batches())
        return pa.Table.from_batches([batches[place] for place in order], scan.schema).unify_dictionaries()


def _check_file(folder: Path, entry: FileEntry) -> None:
    try:
        found = (folder / entry.path).stat().st_size
    except OSError:
        raise RecordingError(
            f"file {entry.path!r} of recording {str(folder)!r} is missing; restore it from a copy, or import again"
        ) from None
    if found != entry.bytes:
        raise RecordingError(
            f"file {entry.path!r} of recording {str(folder)!r} has {found} bytes, the manifest says {entry.bytes}; "
            "restore it from a copy, or import again"
        )
