"""Rules rehearsed over recordings: what would have fired is what fires, and a replay is made once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from livepairs.alerts.event import FIRED
from livepairs.alerts.rule import Rule
from livepairs.headless import play
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import RunParams
from livepairs.recorded_rows import Rows, replay_rows
from livepairs.rehearse_recording import rehearse
from livepairs.schema import Pair
from livepairs.stores.recording import open_recording

DEMO = Path(__file__).resolve().parents[1] / "recordings" / "demo"
PARAMS = RunParams(pairs=(Pair("ETHUSDT", "BTCUSDT"),), interval="5s", pair_params=PairParams(60, 60, 60))
ZSCORE = Rule(name="z-score", when="abs(z) >= 2.0", clear="abs(z) <= 0.5")


@pytest.fixture(scope="module")
def rows() -> Rows:
    return replay_rows(open_recording(DEMO), PARAMS)


def test_what_is_rehearsed_is_what_fires_in_a_replay(rows: Rows) -> None:
    events = play(open_recording(DEMO), PARAMS).events.to_pylist()
    fired = [(event["ts"], event["subject"], event["value"]) for event in events if event["kind"] == FIRED]
    found = rehearse(ZSCORE, [rows])
    told = [(event["ts"], event["subject"], event["value"]) for event in found.fired[0].events.to_pylist()]
    assert fired
    assert told == fired
    assert (found.whole.fired, found.whole.cleared) == (len(fired), len(events) - len(fired))


def test_a_rule_that_is_not_armed_is_rehearsed_all_the_same(rows: Rows) -> None:
    idle = Rule(name="z-score", when="abs(z) >= 2.0", clear="abs(z) <= 0.5", is_armed=False)
    assert rehearse(idle, [rows]).whole == rehearse(ZSCORE, [rows]).whole


def test_two_recordings_are_summed_and_told_apart(rows: Rows) -> None:
    one, two = rehearse(ZSCORE, [rows]), rehearse(ZSCORE, [rows, rows])
    assert two.whole.fired == 2 * one.whole.fired
    assert two.whole.per_day == pytest.approx(one.whole.per_day)
    assert [name for name, _ in two.each] == ["demo", "demo"]
    assert two.each[0][1] == one.whole


def test_costs_are_what_pain_in_money_begins_with(rows: Rows) -> None:
    free, dear = (rehearse(ZSCORE, [rows], costs_bps=costs).whole for costs in (0.0, 12.0))
    assert free.pain_bps_worst is not None
    assert dear.pain_bps_worst == pytest.approx(free.pain_bps_worst + 12.0)
    assert dear.pain_sigma_worst == free.pain_sigma_worst


def test_a_threshold_out_of_reach_never_fires(rows: Rows) -> None:
    found = rehearse(Rule(name="far", when="abs(z) >= 1e9"), [rows])
    assert (found.whole.fired, found.whole.back_share) == (0, None)
    assert np.isclose(found.whole.days, rows.span_us / 86_400e6)
