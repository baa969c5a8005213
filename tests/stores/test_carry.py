"""A recording taken away as one file is the same recording."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from livepairs.errors import RecordingError
from livepairs.schema import TRADES
from livepairs.stores.carry import FORMS, PIECE_BYTES, carried
from livepairs.stores.recording import Recording, RecordingWriter, open_recording
from tests.factories import make_trades

START_US = 1_700_000_000_000_000


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    with RecordingWriter(tmp_path / "small", source="import") as writer:
        for symbol in ("AAA", "BBB"):
            writer.append(make_trades(symbol, [START_US + n * 1_000 for n in range(500)]))
        writer.finish()
    return open_recording(tmp_path / "small")


def test_an_unpacked_zip_is_the_recording_again(recording: Recording, tmp_path: Path) -> None:
    content = b"".join(carried(recording, "zip", limit_bytes=1 << 30))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
    again = open_recording(tmp_path / "out" / "small")
    again.verify_files()
    assert again.manifest == recording.manifest


def test_parquet_is_all_trades_in_the_columns_of_trades(recording: Recording) -> None:
    content = b"".join(carried(recording, "parquet", limit_bytes=1 << 30))
    table = pq.read_table(pa.BufferReader(content))
    assert table.schema.names == TRADES.names
    assert table.to_pylist() == recording.trades().to_pylist()


@pytest.mark.parametrize("form", list(FORMS))
def test_pieces_are_no_larger_than_promised(bundled: Recording, form: str) -> None:
    sizes = [len(piece) for piece in carried(bundled, form, limit_bytes=1 << 30)]
    assert len(sizes) > 2
    assert set(sizes[:-1]) == {PIECE_BYTES}
    assert 0 < sizes[-1] <= PIECE_BYTES


def test_a_recording_over_the_limit_is_refused_before_the_first_byte(recording: Recording) -> None:
    with pytest.raises(RecordingError, match="raise the setting transfer_mb"):
        carried(recording, "zip", limit_bytes=100)


def test_a_file_that_went_away_is_an_error_of_ours(recording: Recording) -> None:
    pieces = carried(recording, "zip", limit_bytes=1 << 30)
    for entry in recording.manifest.files:
        (recording.path / entry.path).unlink()
    with pytest.raises(RecordingError, match="cannot be read"):
        list(pieces)


@pytest.fixture(scope="module")
def bundled() -> Recording:
    from livepairs.stores.bundled import bundled_recording

    return open_recording(bundled_recording())
