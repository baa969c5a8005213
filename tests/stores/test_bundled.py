"""The recording that comes with livepairs: small, labelled, and made again bit for bit by its command."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from livepairs.__main__ import main
from livepairs.errors import RecordingError
from livepairs.stores import bundled
from livepairs.stores.bundled import bundled_recording
from livepairs.stores.recording import open_recording


def files_of(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_it_is_whole_small_and_labelled_as_synthetic() -> None:
    recording = open_recording(bundled_recording())
    recording.verify_files()
    assert recording.is_synthetic
    assert recording.source == "synthetic:?seed=7"
    assert 2 <= len(recording.symbols) <= 4
    assert 3 * 3_600_000_000 - 1_000_000 < recording.vouched_us - recording.start_us < 4 * 3_600_000_000
    assert sum(path.stat().st_size for path in recording.path.rglob("*")) < 10_000_000


def test_it_has_one_break_one_gap_and_a_few_late_trades() -> None:
    recording = open_recording(bundled_recording())
    assert [marker.label for marker in recording.markers].count("break") == 1
    assert {(gap.start_us, gap.end_us) for gap in recording.gaps} == {(1767604500_000_000, 1767604520_000_000)}
    assert {gap.symbol for gap in recording.gaps} == set(recording.symbols)
    assert recording.max_lag_us > 1_500_000


def test_the_command_makes_it_again_bit_for_bit(tmp_path: Path) -> None:
    """Parquet files name the library that wrote them, so the bits hold for the version pinned in constraints.txt."""
    demo = bundled_recording()
    footer = pq.read_metadata(demo / open_recording(demo).manifest.files[0].path)
    if footer.created_by != f"parquet-cpp-arrow version {pa.__version__}":
        pytest.skip(f"the bundled recording was written by {footer.created_by}, here is pyarrow {pa.__version__}")
    assert main(["synthesize", "--to", str(tmp_path / "again")]) == 0
    assert files_of(tmp_path / "again") == files_of(demo)


def test_without_it_the_message_says_how_to_make_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled.livepairs, "__file__", str(tmp_path / "livepairs" / "__init__.py"))
    with pytest.raises(RecordingError, match="make it with 'livepairs synthesize --to"):
        bundled_recording()


def test_an_installed_package_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "livepairs" / "_recordings" / "demo").mkdir(parents=True)
    monkeypatch.setattr(bundled.livepairs, "__file__", str(tmp_path / "livepairs" / "__init__.py"))
    assert bundled_recording() == tmp_path / "livepairs" / "_recordings" / "demo"
