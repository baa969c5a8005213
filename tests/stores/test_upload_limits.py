"""An upload that is larger inside than outside: refused before it has filled the disk, and nothing is left of it."""

from __future__ import annotations

import gzip
import zipfile
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livepairs.errors import InputError
from livepairs.stores import input_file
from livepairs.stores.importing import import_files
from livepairs.stores.intake import ImportOptions
from livepairs.stores.preview import preview

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


def forged(path: Path) -> None:
    """Have the end of a Parquet file say that its pages unpack to next to nothing."""
    said = pq.read_metadata(path).row_group(0)
    data = path.read_bytes()
    ends = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    foot = data[ends:]
    for size in {said.total_byte_size, *(said.column(number).total_uncompressed_size for number in range(4))}:
        foot = foot.replace(varint(2 * size, 0), varint(2, len(varint(2 * size, 0))))
    path.write_bytes(data[:ends] + foot)
    assert pq.read_metadata(path).row_group(0).total_byte_size == 1


def varint(value: int, length: int) -> bytes:
    """Return a number as Thrift writes it, in so many bytes at least."""
    digits = [value & 127]
    while (value := value >> 7) or len(digits) < length:
        digits.append(value & 127)
    return bytes([digit | 128 for digit in digits[:-1]] + digits[-1:])


def test_a_parquet_file_that_says_it_is_small_is_not_believed(tmp_path: Path) -> None:
    path = packed(tmp_path, "parquet")
    forged(path)
    with pytest.raises(InputError, match="unpacked from"):
        import_files([path], tmp_path / "made", options=LIMITED)
    assert import_files([path], tmp_path / "whole").trades_read == 9_000


def test_looking_at_an_upload_has_the_same_limits(tmp_path: Path) -> None:
    blanks = tmp_path / "blanks.csv.gz"
    blanks.write_bytes(gzip.compress(b"time,symbol,price,qty\n" + b"\n" * 100_000))
    for path in (blanks, packed(tmp_path, "parquet")):
        assert "unpacked from" in preview(path, LIMITED).problem


def test_a_text_that_every_row_names_is_not_unpacked_for_each(tmp_path: Path) -> None:
    path = tmp_path / "trades.parquet"
    rows = 5_000
    table = pa.table(
        {"ts": [1_723_075_200_000] * rows, "symbol": ["A" * 2_000] * rows, "price": [1.5] * rows, "qty": [1.0] * rows}
    )
    pq.write_table(table, path)
    with pytest.raises(InputError, match="a text of 2,000 bytes"):
        import_files([path], tmp_path / "made")


def test_a_list_in_place_of_a_value_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "trades.parquet"
    pq.write_table(pa.table({"ts": [1_723_075_200_000], "price": [[1.5] * 1_000], "qty": [1.0]}), path)
    with pytest.raises(InputError, match="column 'price' of list"):
        import_files([path], tmp_path / "made", options=ImportOptions(symbol="AAA"))
    assert preview(path).names == ("ts", "qty")


def test_a_zip_of_a_million_names_is_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "trades.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1_500):
            archive.writestr(f"{number:060}", "")
    with pytest.raises(InputError, match="long list of files"):
        import_files([path], tmp_path / "made", options=LIMITED)
    with pytest.raises(InputError, match="a zip of 1500 files"):
        import_files([path], tmp_path / "made")


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_refused_in_words_whatever_is_damaged(tmp_path: Path, data: st.DataObject) -> None:
    path = packed(tmp_path, data.draw(st.sampled_from(["gzip", "zip", "parquet"])))
    whole = bytearray(path.read_bytes())
    places = st.integers(0, len(whole) - 1)
    for place in data.draw(st.lists(places | places.map(lambda place: len(whole) - 1 - place % 400), min_size=1)):
        whole[place] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    preview(path, LIMITED)
    with suppress(InputError):
        import_files([path], tmp_path / "made", options=LIMITED, overwrite=True)
