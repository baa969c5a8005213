"""The hub gives each page its run: shared by id, private without one, one for a live source, and never too many."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
import streamz

from livepairs.clock import ManualClock
from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.hub import get_hub, start_hub, stop_hub
from livepairs.hub import installed as process
from livepairs.hub.opening import Opened
from livepairs.hub.registry import Hub
from livepairs.pairs.machine import PairParams
from livepairs.runparams import RunParams
from livepairs.schema import Pair
from tests.hub.counting_pipeline import CountingPipeline
from tests.hub.test_run import Ticker
from tests.memory_recording import START_US, MemoryRecording, Trade

WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,64}")


def make_params() -> RunParams:
    return RunParams(pairs=(Pair("BBB", "AAA"),), pair_params=PairParams(30, 20, 10))


def make_hub(settings: Settings | None = None, *, is_live: bool = False) -> Hub:
    trades = [Trade(START_US + n * 250_000, "ABC"[n % 3] * 3, n) for n in range(240)]
    params, clock = make_params(), ManualClock()
    if is_live:
        opened = Opened(label="ticker", params=params, live=Ticker)
    else:
        opened = Opened(label="memory", params=params, recording=MemoryRecording(trades))  # type: ignore[arg-type]
    return Hub(settings or Settings(), clock=clock, opened=opened, make_pipeline=CountingPipeline)  # type: ignore[arg-type]


@pytest.fixture
def hub() -> Iterator[Hub]:
    before = threading.active_count()
    hub = make_hub(Settings(max_runs=3))
    yield hub
    hub.close()
    assert threading.active_count() == before


def test_same_id_is_the_same_run(hub):
    assert hub.open("shared-link-1") is hub.open("shared-link-1")


def test_a_well_formed_id_nobody_knows_is_taken(hub):
    assert hub.open("shared-link-1").id == "shared-link-1"


@pytest.mark.parametrize(
    "run_id", [None, "", "short", "x" * 65, "../../etc/passwd", "<script>1234", "ünïcödé-id", "live"]
)
def test_any_other_id_gives_a_private_run(hub, run_id):
    first, second = hub.open(run_id), hub.open(run_id)
    assert first is not second
    assert WELL_FORMED.fullmatch(first.id)
    assert first.id != run_id


def test_only_the_legs_are_read_and_windows_are_full(hub):
    run = hub.open()
    assert run.tables is not None
    plan = run._setup.source._plan
    assert plan.symbols == ("AAA", "BBB")
    assert plan.warmup_us == 1_005 * 1_000_000 + 500_000
    assert plan.history_us == 600 * 1_000_000


def test_the_cap_spares_watched_runs_and_says_what_to_do(hub):
    for number in range(3):
        hub.open(f"watched-{number}").add_viewer()
    with pytest.raises(ConfigError, match=r"as many replays are being watched as may be \(3\); close a page"):
        hub.open()
    assert len(hub.runs) == 3


def test_the_cap_lets_the_run_go_that_was_alone_for_longest(hub):
    for number in range(3):
        hub._clock.advance(1)
        hub.open(f"run-number-{number}")
    hub.open("run-number-0").add_viewer()
    hub.open("run-number-3")
    assert [run.id for run in hub.runs] == ["run-number-0", "run-number-2", "run-number-3"]


def test_a_run_that_ended_is_replaced_under_its_id(hub):
    first = hub.open("shared-link-1")
    first.close()
    first.join(10)
    second = hub.open("shared-link-1")
    assert second is not first
    assert second.is_alive
    assert hub.runs == (second,)


def test_opening_a_failed_run_again_is_trying_again(hub, caplog):
    first = hub.open("shared-link-1")
    first.add_viewer()
    first._feeding.error = "it broke"
    second = hub.open("shared-link-1")
    assert second is not first
    assert second.state.status == "playing"
    assert first.is_alive  # it still tells its viewer why


def test_runs_that_ended_are_forgotten(hub):
    run = hub.open()
    run.close()
    run.join(10)
    assert hub.runs == ()


def test_twenty_visitors_leave_nothing_behind():
    before = threading.active_count()
    hub = make_hub(Settings(max_runs=20))
    for _ in range(20):
        hub.open().add_viewer()
    for run in hub.runs:
        run.remove_viewer()
        run.close()
        run.join(10)
    assert hub.runs == ()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("livepairs-run-")]
    hub.close()
    assert threading.active_count() == before


def test_runs_of_the_bundled_recording_leave_no_thread_and_no_streamz_node_behind():
    threads, sinks = threading.active_count(), len(streamz.sinks._global_sinks)
    hub = Hub(Settings(), clock=ManualClock())
    for _ in range(4):
        run = hub.open()
        run.control.pause()
    assert len(streamz.sinks._global_sinks) > sinks
    hub.close()
    assert threading.active_count() == threads
    assert len(streamz.sinks._global_sinks) == sinks


def test_a_live_source_has_one_run_for_all():
    hub = make_hub(is_live=True)
    run = hub.open("shared-link-1")
    assert run is hub.open(None)
    assert (run.id, run.kind, run.control) == ("live", "live", None)
    hub.close()


def test_a_closed_hub_opens_nothing():
    hub = make_hub()
    hub.close()
    with pytest.raises(ConfigError, match="the server is stopping"):
        hub.open()


@pytest.fixture
def installed(monkeypatch) -> Iterator[list[Settings]]:
    made: list[Settings] = []

    def make(settings: Settings) -> Hub:
        made.append(settings)
        return make_hub(settings)

    monkeypatch.setattr(process, "Hub", make)
    yield made
    stop_hub()


def test_the_process_has_one_hub_from_its_environment(installed, monkeypatch):
    monkeypatch.setenv("LIVEPAIRS_SPEED", "7")
    assert get_hub() is get_hub()
    assert [settings.speed for settings in installed] == [7.0]


def test_a_hub_started_with_settings_is_the_one_pages_get(installed):
    hub = start_hub(Settings(speed=3.0))
    assert get_hub() is hub
    with pytest.raises(ConfigError, match="serves a source already"):
        start_hub(Settings())


def test_many_threads_asking_first_get_the_same_hub(installed):
    hubs: list[Hub] = []
    threads = [threading.Thread(target=lambda: hubs.append(get_hub())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, hubs))) == 1
    assert len(installed) == 1
