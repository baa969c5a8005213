"""Closes of every symbol, bar by bar: from a recording up to a moment, and from the bars a live run keeps."""

from __future__ import annotations

import numpy as np

from livepairs.hub.closes import KeptCloses, RecordedCloses
from livepairs.schema import BARS
from livepairs.tables.ring import Table
from tests.factories import make_bars
from tests.memory_recording import START_US, MemoryRecording, Trade

BAR_US = 1_000_000


def recorded(bars: int = 100) -> RecordedCloses:
    """A trade every half second of A, from 100 up; one of B every two and a half seconds."""
    trades = [Trade(START_US + n * 500_000, "AAA", n, price=100.0 + n) for n in range(40)]
    trades += [Trade(START_US + n * 2_500_000 + 1, "BBB", 100 + n, price=50.0 + n) for n in range(8)]
    recording = MemoryRecording(trades)
    return RecordedCloses(recording, interval_us=BAR_US, grace_us=500_000, bars=bars, healed=False)  # type: ignore[arg-type]


def upto(closes: RecordedCloses, seconds: float) -> tuple[int, np.ndarray]:
    while not closes.upto(START_US + int(seconds * 1e6)):
        pass
    first, matrix = closes.closed()
    return first - START_US // BAR_US, matrix


def test_a_bar_counts_once_its_grace_is_over():
    closes = recorded()
    assert upto(closes, 2.4)[1].shape == (2, 1)
    first, matrix = upto(closes, 5.6)
    assert first == 0
    assert matrix[0].tolist() == [101.0, 103.0, 105.0, 107.0, 109.0]
    assert matrix[1].tolist() == [50.0, 50.0, 51.0, 51.0, 51.0]


def test_steps_and_one_leap_give_the_same_closes():
    stepwise = recorded()
    for tenth in range(10, 160, 3):
        upto(stepwise, tenth / 10)
    np.testing.assert_array_equal(upto(stepwise, 16.0)[1], upto(recorded(), 16.0)[1])


def test_only_the_newest_bars_are_kept():
    first, matrix = upto(recorded(bars=4), 12.6)
    assert (first, matrix.shape) == (8, (2, 4))


def test_going_back_begins_anew_and_gives_what_was_there():
    closes = recorded()
    before = upto(closes, 6.6)[1]
    upto(closes, 15.0)
    restarts = closes.restarts
    np.testing.assert_array_equal(upto(closes, 6.6)[1], before)
    assert closes.restarts == restarts + 1


def test_a_leap_seeds_what_was_quiet_with_its_last_trade():
    first, matrix = upto(recorded(bars=2), 12.4)
    assert first == 9
    assert matrix[1].tolist() == [53.0, 54.0]


def test_a_live_runs_bars_are_joined_and_an_unfinished_one_is_left_out():
    table = Table(BARS, limit_rows=1000)
    closes = KeptCloses(table, 1_000_000, ("AAA", "BBB"), interval_us=5_000_000, bars=10)
    assert closes.upto(0)
    assert closes.closed()[1].shape[1] == 0
    table.append(make_bars({"AAA": [1.0, 2, 3, 4, 5, 6, 7], "BBB": [9.0] * 7}))
    closes.upto(0)
    assert closes.closed()[1].tolist() == [[5.0], [9.0]]
    table.append(make_bars({"AAA": [8.0, 9, 10], "BBB": [9.0] * 3}, first_bar=7))
    closes.upto(0)
    assert closes.closed()[1].tolist() == [[5.0, 10.0], [9.0, 9.0]]
    table.reset()
    closes.upto(0)
    assert closes.closed()[1].shape[1] == 0
