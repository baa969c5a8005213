"""How a recording lies on disk: folder names, Parquet encodings and safe writing of a single file.

The layout is a hive of one series of files a symbol, with the symbol column also inside, so that pandas, DuckDB and
Polars read a folder or a single file as it is.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from livepairs.errors import RecordingError
from livepairs.stores.manifest import Table

__all__ = ["ROW_GROUP_ROWS", "check_symbol", "fsync_path", "open_parquet", "part_path", "replace_file", "sha256_of"]

ROW_GROUP_ROWS: Final = 131_072
"""Large enough to decode at full speed, small enough for push-down and bounded memory."""

_LONGEST_SYMBOL: Final = 64

# Times and ids climb in small steps, so their differences pack well; prices and quantities are few ticks and lots, so
# a dictionary of them stays small. One that outgrows its page falls back to plain floats: hence the large limit.
_DELTA: Final = ("ts", "recv_ts", "trade_id", "next_funding_ts")
_DICTIONARY: Final = ("symbol", "price", "qty", "mark_price", "index_price", "funding_rate")
_DICTIONARY_BYTES: Final = 8 << 20
_HIGH: Final = 3


def check_symbol(symbol: str) -> str:
    """Return the symbol if it can name a folder on any system and for any reader.

    Letters and digits of any script, ``_``, ``-`` and ``.`` are allowed, the first being a letter, digit or ``_``.

    Raises
    ------
    RecordingError
        For anything else, such as ``"../x"`` or ``"a/b"``.
    """
    is_plain = all(letter.isalnum() or letter in "_-." for letter in symbol)
    if not is_plain or not symbol or symbol[0] in "-." or len(symbol) > _LONGEST_SYMBOL:
        raise RecordingError(
            f"symbol {symbol!r} cannot be recorded; letters and digits of any script, '_', '-' and '.' are allowed, "
            f"at most {_LONGEST_SYMBOL} of them and not starting with '-' or '.'; rename the symbol"
        )
    return symbol


def part_path(table: Table, symbol: str, part: int) -> str:
    """Return where a part of a symbol's series lies, relative to the recording."""
    return f"{table}/symbol={symbol}/part-{part:05d}.parquet"


def open_parquet(path: Path | pa.NativeFile, schema: pa.Schema, *, level: int = 1) -> pq.ParquetWriter:
    """Open a Parquet file for writing with the encodings that suit each column, compressed at a level from 1 to 9."""
    # The stubs of pyarrow know one choice for all columns only.
    # At a high level zstd finds more in prices as they are than in their places in a dictionary.
    plain = ("price",) if level > _HIGH else ()
    dictionary: Any = [name for name in schema.names if name in _DICTIONARY and name not in plain]
    encoding: Any = {name: "DELTA_BINARY_PACKED" for name in schema.names if name in _DELTA}
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=level,
        use_dictionary=dictionary,
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
        column_encoding=encoding,
    )


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fsync_path(path: Path) -> None:
    """Force a file or a folder's list of names to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes) -> None:
    """Put a small file that anybody may write in its place whole; writers do not meet, the last one wins.

    Raises
    ------
    OSError
        If it cannot be written; what was there is left.
    """
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except OSError:
            with suppress(OSError):
                os.unlink(file.name)
            raise
    fsync_path(path.parent)
