"""What is on disk of a recording that is being written can be read, proved, and disturbs nobody."""

from __future__ import annotations

import errno
import json
import tempfile
import time
from pathlib import Path

import pytest

from livepairs.__main__ import main
from livepairs.errors import RecordingError
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import RunParams
from livepairs.schema import Pair
from livepairs.session import Session
from livepairs.stores import snapshot as snapshot_room
from livepairs.stores.recorder import RecorderLimits
from livepairs.stores.recording import open_recording
from livepairs.stores.snapshot import is_being_recorded, snapshot
from livepairs.verification import verify
from tests.factories import make_chunk, make_trades
from tests.memory_recording import START_US

BTC, ETH = "BTCUSDT", "ETHUSDT"
SECOND = 1_000_000
PARAMS = RunParams((Pair(ETH, BTC),), pair_params=PairParams(5, 3, 3, 0))
LIMITS = RecorderLimits(turn_us=1_000, segment_bytes=2_000)
"""Segments of some twenty chunks, so that a snapshot finds some sealed and one that is not."""


def feed(session: Session, seconds: range) -> None:
    for number in seconds:
        at_us = START_US + number * SECOND
        legs = [make_trades(symbol, [at_us + 1_000], first_id=number, price=9.0 + number % 7) for symbol in (BTC, ETH)]
        session.update(make_chunk(at_us + SECOND - 1, *legs))
        session.flush()


def open_session(path: Path) -> Session:
    return Session(path, PARAMS, source="test", symbols=(BTC, ETH), limits=LIMITS)


def test_what_is_on_disk_can_be_proved_again_and_again_while_more_comes(tmp_path: Path) -> None:
    with open_session(tmp_path / "rec") as session:
        for second in range(0, 120, 40):
            feed(session, range(second, second + 40))
            with snapshot(tmp_path / "rec") as recording:
                assert (recording.name, recording.trade_count) == ("rec", 2 * (second + 40))
                verdict = verify(recording)
                assert verdict.is_proven, verdict.sentence
        digest = session.close().digest
    assert [path.name for path in tmp_path.iterdir()] == ["rec"]
    verdict = verify(open_recording(tmp_path / "rec"))
    assert (verdict.is_proven, verdict.digest, verdict.trades) == (True, digest, 240)


def test_only_one_that_is_being_written_is_looked_at_that_way(tmp_path: Path) -> None:
    assert not is_being_recorded(tmp_path)
    with open_session(tmp_path / "rec") as session:
        assert is_being_recorded(tmp_path / "rec")
        with pytest.raises(RecordingError, match="no trade was recorded"), snapshot(tmp_path / "rec"):
            pass
        feed(session, range(3))
        session.close()
    assert not is_being_recorded(tmp_path / "rec")
    assert [path.name for path in tmp_path.iterdir()] == ["rec"]


def test_rows_that_move_into_parquet_meanwhile_are_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_session(tmp_path / "rec") as session:
        feed(session, range(30))
        copy, copied = snapshot_room._copy, []

        def copy_while_it_moves(folder: Path, to: Path) -> None:
            copied.append(to)
            copy(folder, to)
            if len(copied) == 1:
                before = snapshot_room._listing(folder)
                feed(session, range(30, 90))
                while snapshot_room._listing(folder) == before:
                    time.sleep(0.001)

        monkeypatch.setattr(snapshot_room, "_copy", copy_while_it_moves)
        with snapshot(tmp_path / "rec") as recording:
            assert len(copied) > 1
            assert recording.trade_count == 180
        listings = (b"%d" % number for number in range(99))
        monkeypatch.setattr(snapshot_room, "_listing", lambda _folder: next(listings))
        with pytest.raises(RecordingError, match="too quickly"), snapshot(tmp_path / "rec"):
            pass
        session.close()


def test_the_commands_that_read_say_that_it_is_being_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rec = str(tmp_path / "rec")
    with open_session(tmp_path / "rec") as session:
        feed(session, range(30))
        assert main(["info", rec, "--json"]) == 0
        told = capsys.readouterr()
        found = json.loads(told.out)
        assert (found["path"], found["is_being_recorded"], found["trades"]) == (rec, True, 60)
        assert f"{rec} is being recorded right now; this is what was on disk, up to 2023-11-14T22:13:" in told.err
        assert main(["verify", rec, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["is_proven"]
        assert main(["replay", rec, "--pair", f"{ETH}/{BTC}", "--out", str(tmp_path / "out")]) == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["trades"] == 60
        session.close()
    assert main(["info", rec, "--json"]) == 0
    assert not json.loads(capsys.readouterr().out)["is_being_recorded"]


def test_where_there_is_no_room_beside_it_another_place_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    copy = snapshot_room._copy

    def refuse_beside(folder: Path, to: Path) -> None:
        if to.parent.parent == folder.parent:
            raise OSError(errno.ENOSPC, "No space left on device")
        copy(folder, to)

    monkeypatch.setattr(snapshot_room, "_copy", refuse_beside)
    with open_session(tmp_path / "rec") as session:
        feed(session, range(3))
        with snapshot(tmp_path / "rec") as recording:
            assert recording.trade_count == 6
            assert recording.path.parent.parent == tmp_path / "elsewhere"
        monkeypatch.setattr(
            snapshot_room, "_copy", lambda folder, _to: refuse_beside(folder, folder.parent / "x" / "y")
        )
        with pytest.raises(RecordingError, match=r"cannot be looked at \(No space left"), snapshot(tmp_path / "rec"):
            pass
        session.close()
    assert sorted(path.name for path in tmp_path.rglob("*snapshot*")) == []


def test_one_that_was_finished_this_moment_is_opened_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_session(tmp_path / "rec") as session:
        feed(session, range(3))

        def finish(_folder: Path, _to: Path) -> None:
            session.close()
            raise FileNotFoundError

        monkeypatch.setattr(snapshot_room, "_copy", finish)
        with snapshot(tmp_path / "rec") as recording:
            assert recording.path == tmp_path / "rec"
