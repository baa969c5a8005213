"""A recording as one file to take away, made piece by piece in bounded memory, whatever its size.

``zip`` is the folder as it is: unpacked, it is the recording again, to the byte. ``parquet`` is one table of all
trades, symbol by symbol and each in the order of time, for whoever wants the numbers only.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Final

import pyarrow as pa

from livepairs.errors import RecordingError
from livepairs.schema import TRADES
from livepairs.stores.layout import open_parquet
from livepairs.stores.recording import Recording

__all__ = ["FORMS", "PIECE_BYTES", "carried"]

PIECE_BYTES: Final = 1 << 20
"""Bytes of a piece, at most; the last one may be smaller."""


class _Drain(io.RawIOBase):
    """A file that can only be written to, and is emptied as it fills."""

    def __init__(self) -> None:
        self._pieces = bytearray()
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: object) -> int:
        added = memoryview(data).cast("B")  # type: ignore[arg-type]  # whatever has a buffer: bytes, Arrow's own
        self._pieces += added
        self._at += len(added)
        return len(added)

    def taken(self, *, is_last: bool = False) -> Iterator[bytes]:
        """Yield what has come together, in whole pieces, and at last the rest."""
        while len(self._pieces) >= PIECE_BYTES or (is_last and self._pieces):
            piece = bytes(self._pieces[:PIECE_BYTES])
            del self._pieces[:PIECE_BYTES]
            yield piece


def _zipped(recording: Recording) -> Iterator[bytes]:
    drain = _Drain()
    # Stored, not deflated: Parquet is compressed already. The dates say nothing, so that the same recording always
    # makes the same bytes.
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:
        for name in recording.manifest.paths:
            about = zipfile.ZipInfo(f"{recording.name}/{name}")
            with (recording.path / name).open("rb") as file, archive.open(about, "w", force_zip64=True) as member:
                while data := file.read(PIECE_BYTES):
                    member.write(data)
                    yield from drain.taken()
    yield from drain.taken(is_last=True)


def _parquet(recording: Recording) -> Iterator[bytes]:
    drain = _Drain()
    with open_parquet(pa.PythonFile(drain, "w"), TRADES) as writer:
        for symbol in recording.symbols:
            for chunk in recording.chunks(symbols=[symbol]):
                if chunk.trades.num_rows:
                    writer.write_batch(chunk.trades)
                    yield from drain.taken()
    yield from drain.taken(is_last=True)


FORMS: Final[dict[str, tuple[str, str, Callable[[Recording], Iterator[bytes]]]]] = {
    "zip": (".zip", "application/zip", _zipped),
    "parquet": ("-trades.parquet", "application/vnd.apache.parquet", _parquet),
}
"""How a file's name ends, its type, and what makes its bytes, by form."""


def carried(recording: Recording, form: str, *, limit_bytes: int) -> Iterator[bytes]:
    """Yield the bytes of a recording in one of ``FORMS``, in pieces of ``PIECE_BYTES``.

    Parameters
    ----------
    recording
        What is taken away.
    form
        ``"zip"`` or ``"parquet"``.
    limit_bytes
        How large the recording may be on disk.

    Raises
    ------
    RecordingError
        If it is larger, or a file cannot be read; the second possibly in the middle.
    KeyError
        If there is no such form.
    """
    size = sum(entry.bytes for entry in recording.manifest.files)
    if size > limit_bytes:
        raise RecordingError(
            f"recording {recording.name!r} has {size / 1e6:,.0f} MB and a browser may take {limit_bytes / 1e6:,.0f} "
            f"MB; copy the folder {str(recording.path)!r} itself, or raise the setting transfer_mb"
        )
    return _guarded(FORMS[form][2](recording), recording)


def _guarded(pieces: Iterator[bytes], recording: Recording) -> Iterator[bytes]:
    try:
        yield from pieces
    except OSError as error:
        raise RecordingError(f"recording {recording.name!r} cannot be read ({error.strerror or error})") from error
