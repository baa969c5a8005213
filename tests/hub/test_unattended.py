"""A feed that is recorded without a page: its alerts are in history and on their way, and end as the command does."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from livepairs.clock import SystemClock
from livepairs.config import Settings
from livepairs.hub.unattended import Unattended
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import RunParams
from livepairs.schema import MARKS, Chunk, Pair, empty
from livepairs.stores.history import History
from livepairs.stores.history_rows import Wanted
from livepairs.stores.outbox import Outbox
from livepairs.stores.recording import RecordingWriter, open_recording
from tests.factories import make_trades

START_US = 1_764_000_000_000_000
SECOND_US = 1_000_000
PARAMS = RunParams((Pair("AAA", "BBB"),), pair_params=PairParams(20, 15, 15), entry=1.2, exit=0.4)
RULES = """
[channels.desk]

[[rule]]
name = "out"
when = "abs(z) >= 1.2"
clear = "abs(z) <= 0.4"
notify = ["desk"]
"""


def walk(count: int = 120) -> list[Chunk]:
    """A chunk a second, of two random walks."""
    rng = np.random.default_rng(3)
    prices = np.round(100 * np.exp(np.cumsum(rng.normal(0, 1e-4, (2, count)), axis=1)), 4)
    chunks = []
    for n in range(count):
        at = START_US + n * SECOND_US
        for symbol, price in zip(("AAA", "BBB"), prices[:, n], strict=True):
            trades = make_trades(symbol, [at], first_id=n + 1, price=price)
            chunks.append(Chunk(trades, empty(MARKS), at))
    return chunks


def opened(folder: Path, **changed: object) -> Unattended:
    url = f"sqlite:///{folder / 'history.db'}"
    settings = Settings(source="binance-um:AAA,BBB", database_url=url, **changed)  # type: ignore[arg-type]
    return Unattended(settings, PARAMS, ("AAA", "BBB"), SystemClock(), folder=folder)


def kept(folder: Path) -> History:
    return History(f"sqlite:///{folder / 'history.db'}")


def test_events_are_kept_beside_the_recording_and_can_be_replayed_once_it_is_made(tmp_path: Path) -> None:
    chunks = walk()
    unattended = opened(tmp_path)
    for chunk in chunks:
        unattended.update(chunk, "tuesday")
    with RecordingWriter(tmp_path / "tuesday", source="binance-um:AAA,BBB") as writer:
        for chunk in chunks:
            writer.append(chunk.trades)
        writer.finish()
    unattended.recorded(tmp_path / "tuesday")
    unattended.close()
    history = kept(tmp_path)
    rows = history.page(Wanted()).rows
    history.close()
    assert rows
    assert {(row.origin.run_kind, row.origin.source) for row in rows} == {("live", "binance-um:AAA,BBB")}
    digest = open_recording(tmp_path / "tuesday").digest
    assert {row.recorded.digest for row in rows if row.recorded is not None} == {digest}


def test_rules_that_change_meanwhile_are_taken_and_their_channels_told(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text('[[rule]]\nname = "never"\nwhen = "abs(z) > 99"\n', "utf-8")
    unattended = opened(tmp_path, recordings=str(tmp_path))
    chunks = walk()
    for chunk in chunks[:100]:
        unattended.update(chunk, "tuesday")
    (tmp_path / "rules.toml").write_text(RULES, "utf-8")
    unattended._rulebook.look()
    for chunk in chunks[100:]:
        unattended.update(chunk, "tuesday")
    unattended.close()
    history = kept(tmp_path)
    assert {row.rule for row in history.page(Wanted()).rows} == {"out"}
    (channel,) = Outbox(history.database).counts()
    assert (channel.channel, channel.waiting + channel.dead > 0) == ("desk", True)
    history.close()


def test_an_error_of_ours_ends_the_alerts_and_never_the_recording(tmp_path: Path) -> None:
    unattended = opened(tmp_path)
    unattended.update("no chunk", "tuesday")  # type: ignore[arg-type]
    unattended.update(walk()[0], "tuesday")
    assert "ended the alerts" in unattended.problem
    unattended.close()


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_command_that_is_told_to_stop_leaves_every_event_it_made(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "rules.toml").write_text('[[rule]]\nname = "up"\nwhen = "y_close > 0"\n', "utf-8")
    command = [sys.executable, "-m", "livepairs", "record", "synthetic:?seed=3", "--to", "recordings/rec"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        database = tmp_path / "recordings" / "history.db"
        while process.poll() is None and not database.is_file():
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert json.loads(out.splitlines()[-1])["trades"] > 0
    history = kept(tmp_path / "recordings")
    (row,) = history.page(Wanted()).rows
    history.close()
    assert (row.rule, row.origin.recording) == ("up", "rec")
    assert row.recorded is not None
    assert row.recorded.digest == open_recording(tmp_path / "recordings" / "rec").digest
