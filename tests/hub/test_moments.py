"""A link opens a run at its moment with its parameters, joins the run it names, or says what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.hub import Hub
from livepairs.hub.opening import measures_of
from livepairs.moment import Measures, Moment, read_moment, to_query
from livepairs.schema import Pair
from livepairs.stores.recording import RecordingWriter
from tests.factories import make_trades

START_US = 1_700_000_000_000_000
SECOND = 1_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the recordings ``one`` and ``two`` of a minute each."""
    path = tmp_path_factory.mktemp("shelf")
    for name, price in (("one", 100.0), ("two", 200.0)):
        with RecordingWriter(path / name, source="import", symbols=("AAA", "BBB")) as writer:
            times = [START_US + second * SECOND for second in range(60)]
            for symbol in ("AAA", "BBB"):
                writer.append(make_trades(symbol, times, price=price))
            writer.finish()
    return path


@pytest.fixture
def hub(folder: Path) -> Iterator[Hub]:
    hub = Hub(Settings(source=str(folder / "one"), recordings=str(folder)))
    yield hub
    hub.close()


def test_a_link_opens_a_run_paused_at_its_moment_with_its_parameters(hub):
    at_us = START_US + 41 * SECOND + 250_000
    asked = Moment(
        recording="two", at_us=at_us, pair=Pair("AAA", "BBB"), measures=Measures(bars="5s", hedge=20, z=10), speed=7.0
    )
    run = hub.open_moment(read_moment(dict(parse_qsl(to_query(asked)))))
    assert run.recording is not None
    assert (run.recording.name, run.listed) == ("two", "two")
    assert (run.state.now_us, run.state.status, run.state.speed) == (at_us, "paused", 7.0)
    assert (run.params.interval, run.params.pair_params.hedge_window) == ("5s", 20)
    assert Pair("AAA", "BBB") in run.params.pairs


def test_a_link_that_says_so_plays_on(hub):
    assert hub.open_moment(Moment(at_us=START_US + 20 * SECOND, plays=True)).state.status == "playing"


def test_a_link_that_leaves_everything_out_is_the_server_s_own_replay(hub):
    run = hub.open_moment(Moment())
    assert run.label == "one"
    assert run.state.status == "playing"


def test_the_moment_is_for_a_run_that_begins_and_the_id_finds_one_that_lives(hub):
    first = hub.open_moment(Moment(run="shared-run-1", at_us=START_US + 30 * SECOND))
    again = hub.open_moment(Moment(run="shared-run-1", recording="one", at_us=START_US + 10 * SECOND))
    assert again is first
    assert first.state.now_us == START_US + 30 * SECOND
    first.close()
    first.join(10)
    back = hub.open_moment(Moment(run="shared-run-1", recording="one", at_us=START_US + 10 * SECOND))
    assert back.id == "shared-run-1"
    assert back.state.now_us == START_US + 10 * SECOND


def test_other_parameters_are_another_run(hub):
    first = hub.open_moment(Moment(run="shared-run-1"))
    same = measures_of(first.params, healed=False)
    assert hub.open_moment(Moment(run="shared-run-1", measures=same)) is first
    other = hub.open_moment(Moment(run="shared-run-1", measures=replace(same, hedge=60)))
    assert other is not first
    assert other.params.pair_params.hedge_window == 60
    assert hub.open_moment(Moment(run="shared-run-1", measures=Measures(healed=True))).is_healed


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Moment(recording="three"), "no recording 'three' .*there are"),
        (Moment(recording="two", digest="00000000"), "recording 'two' with digest 00000000, and the one here has"),
        (Moment(pair=Pair("CCC", "AAA")), "symbol 'CCC' of pair 'CCC/AAA' is not in the source.*it has AAA, BBB"),
        (Moment(at_us=START_US - 1), "the link asks for 2023-11-14T22:13:19.999999Z, and recording 'one' goes from"),
        (Moment(measures=Measures(hedge=3)), "hedge window of 3 bars is out of range"),
        (Moment(measures=Measures(price="mid")), "price 'mid' is not known; use one of log, level"),
    ],
)
def test_a_link_that_cannot_be_shown_says_what_is_missing(hub, asked, said):
    with pytest.raises(ConfigError, match=said):
        hub.open_moment(asked)
    assert hub.runs == ()


def test_the_digest_of_the_recording_that_is_here_is_accepted(hub):
    assert hub.recording is not None
    assert hub.open_moment(Moment(digest=hub.recording.digest[:16])).label == "one"


def test_a_live_server_says_that_a_moment_needs_a_recording(folder):
    hub = Hub(Settings(source="synthetic:?seed=7", recordings=str(folder)))
    try:
        with pytest.raises(ConfigError, match="add recording=NAME to the address"):
            hub.open_moment(Moment(at_us=START_US))
        replayed = hub.open_moment(Moment(recording="two", at_us=START_US + 20 * SECOND))
        assert replayed.kind == "replay"
    finally:
        hub.close()
