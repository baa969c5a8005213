"""A recording on disk, turned this way and that through the hub, ends with the digest of the headless replay."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from livepairs.clock import ManualClock
from livepairs.config import Settings
from livepairs.headless import replay
from livepairs.hub import Hub, Run
from livepairs.stores.recording import Provenance, RecordingWriter
from tests.hub.test_run_shows_what_playing_shows import make_recording
from tests.memory_recording import START_US, trades_batch

SECOND = 1_000_000
WINDOWS = {"hedge_window": 12, "z_window": 8, "corr_window": 6, "entry": 1.2, "exit": 0.4}
WAIT_S = 20.0


@pytest.fixture
def recording_path(tmp_path: Path) -> Path:
    made = make_recording()
    with RecordingWriter(tmp_path / "made", source="test", is_synthetic=True) as writer:
        for symbol in made.symbols:
            writer.append(trades_batch([trade for trade in made._trades if trade.symbol == symbol]))
        writer.finish(Provenance(vouched_us=made.vouched_us))
    return tmp_path / "made"


def wait_for_arrival(run: Run) -> None:
    for _ in range(int(WAIT_S / 0.002)):
        if not run.state.is_seeking:
            return
        run.join(0.002)
    raise AssertionError(f"it never arrived: {run.state}")


@pytest.mark.parametrize("healed", [False, True])
def test_the_screen_s_run_and_the_headless_replay_agree_to_the_bit(recording_path, healed):
    settings = Settings(source=str(recording_path), pairs=("BBB/AAA",), healed=healed, **WINDOWS)
    expected = replay(recording_path, pairs=["BBB/AAA"], healed=healed, **WINDOWS)
    assert (expected.status.late == 0) == healed
    hub = Hub(settings, clock=ManualClock())
    run = hub.open("some-run-id")
    assert run.control is not None
    for offset_us in (50 * SECOND, 10 * SECOND + 123, 44 * SECOND):
        run.control.seek(START_US + offset_us)
        wait_for_arrival(run)
        run.control.step(-2)
        wait_for_arrival(run)
    run.control.seek(run.control.span_us[1])
    run.control.set_speed(math.inf)
    wait_for_arrival(run)
    assert run.state.status == "ended"
    hub.close()
    assert run.status.trades == expected.status.trades
    assert run.status.late == expected.status.late
    assert run._setup.pipeline.digest == expected.digest
