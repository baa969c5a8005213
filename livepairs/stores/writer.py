"""Writes a recording: rows go in, and a whole recording stands there in the end, or nothing.

Everything is written into a hidden sibling folder ``.{name}.partial-*``, forced to disk and renamed into place by
``finish``. The files depend on the rows alone, never on the batches they came in.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from livepairs.errors import RecordingError
from livepairs.schema import MARKS, TRADES, check
from livepairs.stores.layout import check_symbol, fsync_path
from livepairs.stores.manifest import MANIFEST, Manifest, Origin, Provenance, describe
from livepairs.stores.series import Series

__all__ = ["RecordingWriter"]


class RecordingWriter:
    """Writes one recording; use it as a context manager and call ``finish`` at the end.

    Leaving the context without ``finish``, by an error or otherwise, removes what was written.

    Parameters
    ----------
    path
        The folder to make.
    source
        Where the rows come from: ``"import"``, ``"synthetic:?seed=7"``, ``"binance-um:BTCUSDT"`` ...
    is_synthetic
        Whether the rows are generated rather than traded.
    symbols
        The order in which symbols are listed; symbols not named follow in the order in which they appear.
    overwrite
        Whether a recording already at ``path`` may be replaced. Anything else there is never touched.

    Raises
    ------
    RecordingError
        If there is something at ``path`` that may not be replaced, or nothing can be written beside it.

    Examples
    --------
    ::

        with RecordingWriter("recordings/monday", source="import") as writer:
            for trades in batches:
                writer.append(trades)
            writer.finish(Provenance(repairs={"duplicate rows": 3}))
    """

    def __init__(
        self,
        path: str | Path,
        *,
        source: str,
        is_synthetic: bool = False,
        symbols: tuple[str, ...] = (),
        overwrite: bool = False,
    ) -> None:
        self.path = Path(path).absolute()
        self._source, self._is_synthetic, self._overwrite = source, is_synthetic, overwrite
        self._check_target()
        self._partial = _partial_beside(self.path)
        self._series: dict[str, tuple[Series, Series]] = {}
        self.is_finished = False
        for symbol in symbols:
            self._of(symbol)

    def append(self, trades: pa.RecordBatch | None = None, marks: pa.RecordBatch | None = None) -> None:
        """Add rows; those of a symbol must follow on what was appended before.

        Parameters
        ----------
        trades
            A TRADES batch, of any symbols, sorted by (ts, trade_id) within a symbol.
        marks
            A MARKS batch, sorted by ts within a symbol.

        Raises
        ------
        SchemaError
            If a batch has other columns or breaks the order.
        RecordingError
            If a symbol cannot name a folder.
        """
        for batch, schema, which in ((trades, TRADES, 0), (marks, MARKS, 1)):
            if batch is not None:
                for symbol, rows in _by_symbol(check(batch, schema)):
                    self._of(symbol)[which].append(rows)

    def finish(self, provenance: Provenance | None = None) -> Manifest:
        """Write what is buffered and the manifest, and move the recording into its place.

        Raises
        ------
        RecordingError
            If no trade was appended, or something has come to stand at the path meanwhile.
        """
        files = [entry for pair in self._series.values() for entry in pair[0].close()]
        if not files:
            raise RecordingError(f"recording {str(self.path)!r} would hold no trade; check what it is made from")
        files += [entry for pair in self._series.values() for entry in pair[1].close()]
        origin = Origin(self._source, tuple(self._series), self._is_synthetic)
        manifest = describe(origin, tuple(files), provenance or Provenance())
        (self._partial / MANIFEST).write_bytes(manifest.to_json())
        for folder, _, names in os.walk(self._partial, topdown=False):
            for name in names:
                fsync_path(Path(folder, name))
            fsync_path(Path(folder))
        self._move_into_place()
        self.is_finished = True
        return manifest

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self.is_finished:
            for pair in self._series.values():
                for series in pair:
                    series.abandon()
            shutil.rmtree(self._partial, ignore_errors=True)

    def _of(self, symbol: str) -> tuple[Series, Series]:
        if symbol not in self._series:
            check_symbol(symbol)
            self._series[symbol] = (Series(self._partial, "trades", symbol), Series(self._partial, "marks", symbol))
        return self._series[symbol]

    def _check_target(self) -> None:
        if not os.path.lexists(self.path):
            return
        if self.path.is_dir() and not any(self.path.iterdir()):
            return
        if not (self.path / MANIFEST).is_file():
            raise RecordingError(f"{str(self.path)!r} exists and is not a recording; choose another name")
        if not self._overwrite:
            raise RecordingError(f"recording {str(self.path)!r} exists; choose another name or remove it first")

    def _move_into_place(self) -> None:
        self._check_target()
        if (self.path / MANIFEST).is_file():
            replaced = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.partial-", dir=self.path.parent))
            os.rename(self.path, replaced / self.path.name)
            os.rename(self._partial, self.path)
            shutil.rmtree(replaced, ignore_errors=True)
        else:
            os.rename(self._partial, self.path)
        fsync_path(self.path.parent)


def _partial_beside(path: Path) -> Path:
    """Make the hidden folder that is written into, which has to be on the disk of the one it becomes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.partial-", dir=path.parent))
    except OSError as error:
        raise RecordingError(
            f"folder {str(path)!r} cannot be made ({os.strerror(error.errno or 0)}); name one that can be"
        ) from error
    partial.chmod(0o755)  # mkdtemp makes folders only their owner can read; a recording is no secret
    return partial


def _by_symbol(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Cut a batch by symbol, in the order of first appearance; a batch of one symbol is not copied."""
    column = batch.column("symbol")
    assert isinstance(column, pa.DictionaryArray)
    indices = column.indices
    present = indices.unique().to_pylist()
    for index in present:
        symbol = column.dictionary[index].as_py()
        yield symbol, batch if len(present) == 1 else batch.filter(pa.array(indices.to_numpy() == index))
