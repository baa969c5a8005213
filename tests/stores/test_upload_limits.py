"""An upload that is larger inside than outside: refused before it has filled the disk, and nothing is left of it."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from livepairs.errors import InputError
from livepairs.stores import input_file
from livepairs.stores.importing import import_files
from livepairs.stores.intake import ImportOptions

ROWS = "time,symbol,price,qty\n" + "".join(f"{1_723_075_200_000 + row},AAAUSDT,1.5,2\n" for row in range(2_000))
LIMITED = ImportOptions(most_rows=50_000_000, most_ratio=5)


@pytest.fixture(autouse=True)
def nothing_is_always_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_file, "_ALWAYS_BYTES", 1_000)


def packed(folder: Path, kind: str) -> Path:
    if kind == "gzip":
        path = folder / "trades.csv.gz"
        path.write_bytes(gzip.compress(ROWS.encode()))
    elif kind == "zip":
        path = folder / "trades.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("trades.csv", ROWS)
    else:
        path = folder / "trades.parquet"
        same = {"symbol": ["AAAUSDT"] * 9_000, "price": [1.5] * 9_000, "qty": [2.0] * 9_000}
        table = pa.table({"ts": [1_723_075_200_000] * 9_000, **same})
        pq.write_table(table, path, compression="zstd", use_dictionary=False)
    return path


@pytest.mark.parametrize("kind", ["gzip", "zip", "parquet"])
def test_a_file_that_unpacks_to_many_times_its_size_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InputError, match="unpacked from"):
        import_files([packed(tmp_path, kind)], tmp_path / "made", options=LIMITED)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == "" or path.name.startswith(".")] == []


def test_a_file_of_too_many_trades_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than 1,999 trades"):
        import_files([packed(tmp_path, "gzip")], tmp_path / "made", options=ImportOptions(most_rows=1_999))


def test_what_the_user_imports_on_the_command_line_has_no_such_limit(tmp_path: Path) -> None:
    assert import_files([packed(tmp_path, "gzip")], tmp_path / "made").trades_read == 2_000
