"""Stepping finds the nearest tick, alert, gap and marker on either side, and says so where there is none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from livepairs.clock import ManualClock
from livepairs.errors import ConfigError
from livepairs.hub.reel import Reel
from livepairs.hub.run import Run
from livepairs.hub.runparts import RunSetup
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import Gap, Marker, Pair
from livepairs.sources.replay import Replay, ReplayPlan
from livepairs.stores.recording import Provenance, Recording, RecordingWriter, open_recording
from tests.factories import make_trades

START_US = 1_700_000_000_000_000
SECOND = 1_000_000
SHOCK_S = (60, 100)
PARAMS = RunParams(
    pairs=(Pair("BBB", "AAA"),), pair_params=PairParams(hedge_window=12, z_window=8, corr_window=6), entry=1.9, exit=0.4
)


def price_at(second: int) -> float:
    wave = (0.0, 0.01, 0.02, 0.01, -0.01, 0.005)[second % 6]
    return 50.0 + wave + (3.0 if second in SHOCK_S else 0.0)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Return two minutes of two symbols, each with a trade a second, two shocks, a gap and a planted marker."""
    path = tmp_path_factory.mktemp("steps") / "steps"
    seconds = range(120)
    marker, gap = Marker(START_US + 50 * SECOND, "planted"), Gap(None, START_US + 80 * SECOND, START_US + 81 * SECOND)
    with RecordingWriter(path, source="import", symbols=("AAA", "BBB")) as writer:
        times = [START_US + second * SECOND for second in seconds]
        writer.append(make_trades("AAA", times, price=[100.0 + 0.01 * (second % 5) for second in seconds]))
        later = [moment + 400_000 for moment in times]
        writer.append(make_trades("BBB", later, price=[price_at(second) for second in seconds]))
        writer.finish(Provenance(markers=(marker,), gaps=(gap,)))
    return open_recording(path)


@pytest.fixture
def run(recording: Recording) -> Iterator[Run]:
    """Return a paused replay of it, computed ahead as a whole, half a minute in."""
    clock = ManualClock()
    replay = Replay(recording, clock, ReplayPlan(history_us=0))
    replay.control.pause()
    replay.control.seek(START_US + 30 * SECOND)
    reel = Reel(recording, recording.symbols, spacing=20)
    reel.wind(Pipeline(recording.symbols, PARAMS), lambda: True)
    pipeline = Pipeline(recording.symbols, PARAMS)
    setup = RunSetup(
        id="steps-run", label="steps", source=replay, pipeline=pipeline, params=PARAMS, recording=recording,
        reel=lambda _params, _symbols, _healed: reel,
    )  # fmt: skip
    run = Run(setup, clock)
    run.start()
    yield run
    run.close()
    run.join(10)


def at(run: Run, second: float) -> None:
    assert run.control is not None
    run.control.seek(START_US + round(second * SECOND))
    deadline = time.monotonic() + 30
    while run.state.is_seeking and time.monotonic() < deadline:
        time.sleep(0.001)


def second_of(time_us: int) -> float:
    return (time_us - START_US) / SECOND


def test_ticks_are_the_next_and_last_trade_of_either_leg(run):
    at(run, 30)
    assert second_of(run.landmarks.step("tick", 1)) == 30.4
    assert second_of(run.landmarks.step("tick", -1)) == 29.4
    at(run, 30.4)
    assert second_of(run.landmarks.step("tick", -1)) == 30.0


def test_the_alerts_ahead_are_those_that_playing_will_make(run):
    """They are stepped to when their bar closes: the moment they show."""
    at(run, 119)
    played = run.tables.events.since(None).rows.column("ts").cast("int64").to_pylist()
    at(run, 30)
    assert run.landmarks.alerts_us()[: len(played)] == [moment + 1_500_000 for moment in sorted(set(played))]
    step_us = run.landmarks.step("alert", 1)
    assert second_of(step_us) > 30
    at(run, second_of(step_us) - 0.000001)
    before = len(run.tables.events)
    at(run, second_of(step_us))
    assert len(run.tables.events) > before


def test_the_alerts_have_the_same_stamp_while_they_are_the_same(run):
    known, events = run.landmarks.alerts_stamp(), run.tables.events
    assert (known[0], known[1]) == (run.ahead, len(run.landmarks.alerts_us()))
    assert run.landmarks.alerts_stamp() == known
    run._setup = replace(run._setup, reel=lambda *_: None)
    assert run.landmarks.alerts_stamp() == (None, events.total_rows, run.state.generation)


def test_gaps_and_markers_are_stepped_to_either_way(run):
    assert second_of(run.landmarks.step("gap", 1)) == 80
    assert second_of(run.landmarks.step("marker", 1)) == 50
    added = Marker(START_US + 40 * SECOND, "added", "by hand")
    run.landmarks.book.put(added)
    assert second_of(run.landmarks.step("marker", 1)) == 40
    at(run, 50)
    assert second_of(run.landmarks.step("marker", -1)) == 40
    assert [marker.label for marker in run.landmarks.markers()] == ["added", "planted"]
    run.landmarks.book.remove(added)


@pytest.mark.parametrize(
    ("kind", "direction", "said"),
    [
        ("gap", -1, "there is no gap before this moment"),
        ("marker", -1, "there is no marker before this moment"),
        ("bar", 1, "use bar, tick, alert, gap, marker in a replay"),
    ],
)
def test_where_there_is_none_it_says_so(run, kind, direction, said):
    with pytest.raises(ConfigError, match=said):
        run.landmarks.step(kind, direction)


def test_without_a_recording_computed_ahead_the_past_is_known_and_the_future_is_not(run):
    at(run, 119)
    run._setup = replace(run._setup, reel=lambda _params, _symbols, _healed: None)
    assert run.landmarks.step("alert", -1) < run.state.now_us
    with pytest.raises(ConfigError, match="they are being computed, try again"):
        run.landmarks.step("alert", 1)
