"""The tape: the same rows whatever they are taken from, and sources that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from livepairs.columns import ints_of
from livepairs.errors import ConfigError, RecordingError
from livepairs.stores.recording import open_recording
from livepairs.venue.tape import open_tape
from tests.factories import make_chunk


def taken(tape, step_us):
    """Return the ids of each symbol, taken step by step over five minutes."""
    tape.read_first()
    found = {symbol: [] for symbol in tape.symbols}
    for until_us in range(tape.start_us, tape.start_us + 300_000_000, step_us):
        while tape.horizon_us < until_us:
            tape.read_more()
        for symbol, rows in tape.take(until_us).items():
            assert rows.ts_us.max() <= until_us
            found[symbol] += rows.trade_id.tolist()
    return found


def test_recording_comes_whole_and_in_order_whatever_the_steps(root: Path):
    recording = open_recording(root / "recordings" / "demo")
    fine, coarse = (taken(open_tape(recording), step_us) for step_us in (1_700_000, 100_000_000))
    for symbol in recording.symbols:
        rows = recording.trades(symbols=[symbol], end_us=recording.start_us + 200_000_001)
        ids = np.concatenate([ints_of(part) for part in rows.column("trade_id").chunks]).tolist()
        assert fine[symbol][: len(ids)] == coarse[symbol][: len(ids)] == ids


def test_synthetic_market_has_neither_gap_nor_late_rows():
    tape = open_tape("synthetic:?seed=3&gap_min=1&gap_s=30&rate=20")
    found = taken(tape, 10_000_000)
    assert all(np.diff(ids).tolist() == [1] * (len(ids) - 1) for ids in found.values())


def test_marks_are_the_last_before_a_time(root: Path):
    recording = open_recording(root / "recordings" / "demo")
    tape = open_tape(recording)
    tape.read_first()
    until_us = tape.start_us + 10_000_000
    marks = recording.marks(symbols=["BTCUSDT"], end_us=until_us + 1)
    assert tape.take_marks(until_us)["BTCUSDT"].mark_price == marks.column("mark_price")[-1].as_py()
    assert tape.take_marks(until_us) == {}


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("binance-um:BTCUSDT", ConfigError, "a recording's path or synthetic"),
        ("synthetic:?sed=1", ConfigError, "did you mean 'seed'"),
        ("nowhere", RecordingError, "not a recording"),
        ([], ConfigError, "without a trade"),
        ([make_chunk(5)], ConfigError, "without a trade"),
    ],
)
def test_what_is_no_source_is_said(source, kind, message):
    with pytest.raises(kind, match=message):
        open_tape(source)
