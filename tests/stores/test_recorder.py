"""The recorder: nothing handed over is lost, whatever the disk does, and whatever is lost is in the ledger."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from livepairs.errors import RecordingError, SchemaError
from livepairs.schema import Chunk, Gap
from livepairs.stores import journal, parts, recovery, sealing
from livepairs.stores.lock import FolderLock
from livepairs.stores.manifest import MANIFEST
from livepairs.stores.recorder import About, Computed, Recorder, RecorderLimits
from livepairs.stores.recording import open_recording
from livepairs.stores.sealing import JOURNAL, Sealing
from tests.factories import make_chunk, make_marks, make_trades

BTC, ETH = "BTCUSDT", "ETHUSDT"
ABOUT = About(source="binance-um:BTCUSDT,ETHUSDT", symbols=(BTC, ETH))
QUICK = RecorderLimits(turn_us=1_000, retry_us=1_000)
TINY_SEGMENTS = RecorderLimits(turn_us=1_000, retry_us=1_000, segment_bytes=1)


def chunk(number: int, *, symbol: str = BTC, rows: int = 3) -> Chunk:
    """Return a chunk whose rows are at ``10 * number`` and on, numbered through."""
    times = range(10 * number, 10 * number + rows)
    return make_chunk(10 * number + 9, make_trades(symbol, times, first_id=rows * number, price=float(number + 1)))


def ids(path: Path, symbol: str = BTC) -> list[int]:
    return open_recording(path).trades(symbols=[symbol]).column("trade_id").to_pylist()


class Disk:
    """Stands in for the writes of the journal: it is full while ``is_full``, and counts what it refused."""

    def __init__(self) -> None:
        self.is_full = False
        self.refused = threading.Semaphore(0)
        self._write = os.write

    def write(self, file: int, content: memoryview) -> int:
        if self.is_full:
            self.refused.release()
            raise OSError(28, "No space left on device")
        return self._write(file, content)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(journal.os, "write", disk.write)
    return disk


@contextmanager
def crashed(path: Path) -> Iterator[Recorder]:
    """Make a recorder whose process "dies" at the end: what it wrote is there, nothing is finished."""
    with Recorder(path, ABOUT, limits=QUICK) as recorder:
        yield recorder


def test_what_is_recorded_is_what_was_handed_over(tmp_path: Path) -> None:
    both = make_chunk(39, make_trades(BTC, [30, 31], first_id=9), make_trades(ETH, [30, 35], first_id=1))
    marked = Chunk(both.trades, make_marks(ETH, [31]), 39)
    with Recorder(tmp_path / "rec", ABOUT, limits=QUICK) as recorder:
        for one in (chunk(0), chunk(1), chunk(2), marked):
            assert recorder.append(one)
        manifest = recorder.finish()
    recording = open_recording(tmp_path / "rec")
    assert recording.manifest == manifest
    assert ids(tmp_path / "rec") == list(range(11))
    assert ids(tmp_path / "rec", ETH) == [1, 2]
    assert recording.marks().num_rows == 1
    assert (recording.vouched_us, recording.is_final, recording.symbols) == (39, False, (BTC, ETH))
    assert sorted(path.name for path in (tmp_path / "rec").iterdir()) == [MANIFEST, "marks", "trades"]
    recording.verify_files()


def test_rows_fetched_after_a_gap_stand_where_they_belong_though_earlier_rows_are_sealed(tmp_path: Path) -> None:
    with Recorder(tmp_path / "rec", ABOUT, limits=TINY_SEGMENTS) as recorder:
        for number in (0, 1, 4, 2, 5, 3):
            recorder.append(chunk(number))
            recorder.flush()
        recorder.finish()
    assert ids(tmp_path / "rec") == list(range(18))


def test_what_is_known_besides_rows_is_in_the_manifest(tmp_path: Path) -> None:
    gap = Gap(BTC, 1, 5, "connection lost", 2, is_healed=True, from_id=3, to_id=4, how="filled")
    with Recorder(tmp_path / "rec", ABOUT, limits=QUICK) as recorder:
        recorder.append(chunk(0))
        recorder.set_gaps((Gap(BTC, 1, 5, "connection lost", 2, from_id=3, to_id=4, how="open"),))
        recorder.set_gaps((gap,))
        recorder.note(clock_offset_us=-1_270_000)
        recorder.note(skipped={"zero price": 2})
        manifest = recorder.finish()
    assert manifest.gaps == (gap,)
    assert manifest.clock_offset_us == -1_270_000
    assert manifest.skipped == {"zero price": 2}
    assert manifest.live_digest is None


def test_without_finish_opening_the_recording_recovers_all_of_it(tmp_path: Path) -> None:
    with crashed(tmp_path / "rec") as recorder:
        recorder.append(chunk(0))
        recorder.append(chunk(1), Computed("d" * 64, (b"abcd", b"", b"")))
    assert not (tmp_path / "rec" / MANIFEST).exists()
    assert ids(tmp_path / "rec") == list(range(6))
    assert open_recording(tmp_path / "rec").vouched_us == 19


def test_a_journal_cut_anywhere_recovers_to_what_had_been_written_by_some_moment(tmp_path: Path) -> None:
    with crashed(tmp_path / "rec") as recorder:
        for number in range(4):
            recorder.append(chunk(number))
            recorder.flush()
    (segment,) = journal.segments_of(tmp_path / "rec" / JOURNAL).values()
    ends = [page.end for page in journal.pages_of(segment, first_page=0) if page.head.trades]
    content = segment.read_bytes()
    about = (tmp_path / "rec" / JOURNAL / "about.json").read_bytes()
    for number, length in enumerate(range(ends[0], len(content), 97)):
        copy = tmp_path / f"cut{number}"
        (copy / JOURNAL).mkdir(parents=True)
        (copy / JOURNAL / "about.json").write_bytes(about)
        (copy / JOURNAL / segment.name).write_bytes(content[:length])
        whole = sum(end <= length for end in ends)
        assert ids(copy) == list(range(3 * whole))
        assert open_recording(copy).vouched_us == 10 * whole - 1


@pytest.mark.parametrize("moment", ["add_rows", "_append_checks", "_list", "_dispose", "describe", "rmtree"])
def test_a_crash_at_any_step_of_sealing_loses_and_doubles_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    with crashed(tmp_path / "rec") as recorder:
        for number in range(3):
            recorder.append(chunk(number), Computed("d" * 64, (b"%4d" % number, b"", b"")))
            recorder.flush()

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    owner = Sealing if moment.startswith("_") else sealing.shutil if moment == "rmtree" else sealing
    with monkeypatch.context() as patched:
        patched.setattr(owner, moment, die)
        with pytest.raises(KeyboardInterrupt):
            open_recording(tmp_path / "rec")
    recording = open_recording(tmp_path / "rec")
    recording.verify_files()
    assert ids(tmp_path / "rec") == list(range(9))
    assert len(list((tmp_path / "rec").glob("trades/*/*.parquet"))) == len(recording.manifest.files)
    assert not (tmp_path / "rec" / JOURNAL).exists()


def test_pages_behind_a_damaged_one_are_kept_aside(tmp_path: Path) -> None:
    with crashed(tmp_path / "rec") as recorder:
        for number in range(3):
            recorder.append(chunk(number))
            recorder.flush()
    (segment,) = journal.segments_of(tmp_path / "rec" / JOURNAL).values()
    content = bytearray(segment.read_bytes())
    first = next(page.end for page in journal.pages_of(segment, first_page=0))
    content[first + 40] ^= 1
    segment.write_bytes(content)
    assert ids(tmp_path / "rec") == [0, 1, 2]
    assert open_recording(tmp_path / "rec").manifest.repairs == {"journal bytes not whole": len(content) - first}
    assert (tmp_path / "rec" / "damaged" / segment.name).read_bytes() == content


def test_a_second_recorder_is_refused_and_told_who_records(tmp_path: Path) -> None:
    with Recorder(tmp_path / "rec", ABOUT, limits=QUICK) as recorder:
        with pytest.raises(RecordingError, match=f"recorded right now by process {os.getpid()}"):
            Recorder(tmp_path / "rec", ABOUT)
        with pytest.raises(RecordingError, match="recorded right now"):
            open_recording(tmp_path / "rec")
        recorder.append(chunk(0))
        recorder.finish()
    with pytest.raises(RecordingError, match="exists; choose another name"):
        Recorder(tmp_path / "rec", ABOUT)


def test_the_refused_recorder_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "letter.txt").write_text("dear")
    with pytest.raises(RecordingError, match="is not a recording"):
        Recorder(tmp_path / "rec", ABOUT)
    assert [path.name for path in (tmp_path / "rec").iterdir()] == ["letter.txt"]


def test_an_interrupted_recording_is_not_recorded_over(tmp_path: Path) -> None:
    with crashed(tmp_path / "rec") as recorder:
        recorder.append(chunk(0))
    with pytest.raises(RecordingError, match=r"was interrupted; 'livepairs info .*' recovers it"):
        Recorder(tmp_path / "rec", ABOUT)
    assert ids(tmp_path / "rec") == [0, 1, 2]


def test_a_lock_whose_holder_removed_the_file_is_taken_anew(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    first.release()
    second = FolderLock(tmp_path)
    with pytest.raises(RecordingError, match="recorded right now"):
        FolderLock(tmp_path)
    second.release()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="cannot be made"):
        Recorder(tmp_path / "file" / "rec", ABOUT)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("livepairs.stores.lock.os.open", refuse)
    with pytest.raises(RecordingError, match=r"cannot be written to \(Permission denied"):
        Recorder(tmp_path / "rec", ABOUT)


def test_a_journal_in_a_folder_that_cannot_be_written_to_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with crashed(tmp_path / "rec") as recorder:
        recorder.append(chunk(0))

    def refuse(_: Path) -> Sealing:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(recovery, "Sealing", refuse)
        with pytest.raises(RecordingError, match=r"cannot be recovered yet \(Read-only"):
            open_recording(tmp_path / "rec")
    assert ids(tmp_path / "rec") == [0, 1, 2]


def test_a_full_disk_is_said_and_once_it_has_room_nothing_is_missing(tmp_path: Path, disk: Disk) -> None:
    with Recorder(tmp_path / "rec", ABOUT, limits=QUICK) as recorder:
        recorder.append(chunk(0))
        recorder.flush()
        disk.is_full = True
        recorder.append(chunk(1))
        recorder.append(chunk(2))
        assert disk.refused.acquire(timeout=10)
        assert disk.refused.acquire(timeout=10)  # what the first one meant is known by the second
        assert recorder.state.problem == "the disk is full"
        disk.is_full = False
        recorder.flush()
        assert recorder.state.problem is None
        manifest = recorder.finish()
    assert ids(tmp_path / "rec") == list(range(9))
    assert manifest.gaps == ()


def test_what_does_not_fit_while_the_disk_is_full_is_left_out_whole_and_in_the_ledger(
    tmp_path: Path, disk: Disk
) -> None:
    limits = RecorderLimits(turn_us=1_000, retry_us=1_000, queue_bytes=1_000)
    with Recorder(tmp_path / "rec", ABOUT, limits=limits) as recorder:
        recorder.append(chunk(0))
        recorder.flush()
        disk.is_full = True
        taken = [recorder.append(chunk(number)) for number in range(1, 8)]
        assert taken == [True, True, False, False, False, False, False]
        assert not recorder.has_room(chunk(8))
        assert recorder.state.dropped == 15
        disk.is_full = False
        recorder.flush()
        assert recorder.append(chunk(8))
        (gap,) = recorder.finish().gaps
    assert ids(tmp_path / "rec") == [*range(9), 24, 25, 26]
    assert (gap.symbol, gap.start_us, gap.end_us, gap.missing, gap.is_healed) == (None, 30, 80, 15, False)
    assert gap.cause.startswith("not recorded: the disk")


def test_a_disk_that_stays_full_costs_only_what_came_last(tmp_path: Path, disk: Disk) -> None:
    with Recorder(tmp_path / "rec", ABOUT, limits=QUICK) as recorder:
        recorder.append(chunk(0))
        recorder.flush()
        disk.is_full = True
        recorder.append(chunk(1))
        assert disk.refused.acquire(timeout=10)
        manifest = recorder.finish()
        assert recorder.state.dropped == 3
    assert manifest.vouched_us == 9
    assert ids(tmp_path / "rec") == [0, 1, 2]


def test_sealing_that_fails_is_tried_again_and_the_journal_keeps_the_rows_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = parts.open_parquet, []

    def refuse(*args: object, **more: object) -> object:
        tries.append(1)
        if len(tries) < 3:
            raise OSError(28, "No space left on device")
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(parts, "open_parquet", refuse)
    with Recorder(tmp_path / "rec", ABOUT, limits=TINY_SEGMENTS) as recorder:
        for number in range(4):
            recorder.append(chunk(number), Computed("d" * 64, (b"%4d" % number, b"", b"")))
            recorder.flush()
        recorder.finish()
    assert len(tries) >= 3
    assert ids(tmp_path / "rec") == list(range(12))


def test_what_cannot_be_sealed_at_the_end_is_recovered_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, Recorder(tmp_path / "rec", ABOUT, limits=QUICK) as recorder:
        patched.setattr(parts, "open_parquet", refuse)
        recorder.append(chunk(0))
        with pytest.raises(RecordingError, match=r"could not be sealed .*safe in its journal"):
            recorder.finish()
    assert ids(tmp_path / "rec") == [0, 1, 2]


def test_a_recording_without_a_trade_is_not_kept(tmp_path: Path) -> None:
    with Recorder(tmp_path / "rec", ABOUT, limits=QUICK) as recorder:
        recorder.append(make_chunk(5))
        with pytest.raises(RecordingError, match="no trade was recorded"):
            recorder.finish()
    assert not (tmp_path / "rec").exists()
    with crashed(tmp_path / "dead"):
        pass
    with pytest.raises(RecordingError, match="no trade was recorded"):
        open_recording(tmp_path / "dead")


def test_a_batch_of_other_columns_and_a_symbol_that_leaves_its_folder_are_refused(tmp_path: Path) -> None:
    with Recorder(tmp_path / "rec", ABOUT, limits=QUICK) as recorder, pytest.raises(SchemaError):
        recorder.append(Chunk(make_marks(BTC, [1]), make_marks(BTC, [1]), 1))
    with pytest.raises(RecordingError, match="cannot be recorded"):
        Recorder(tmp_path / "other", About(source="x", symbols=("../x",)))
