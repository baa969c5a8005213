"""What rules read of a recording: replayed once, kept, and with how the feed came in where a rule asks for it."""

from __future__ import annotations

import numpy as np
import pytest

from livepairs.alerts.event import FIRED
from livepairs.alerts.reading import read_rules
from livepairs.errors import ConfigError
from livepairs.headless import play
from livepairs.pairs.lights import LIGHTS
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import RunParams
from livepairs.recorded_rows import KeptRows, Rows, replay_rows
from livepairs.rehearse_recording import rehearse
from livepairs.schema import Pair
from livepairs.stores.recording import Recording, RecordingWriter, open_recording
from tests.factories import make_trades

SHORT = RunParams(pairs=(Pair("AAA", "BBB"),), pair_params=PairParams(60, 20, 20))
START_US = 1_700_000_000_000_000
SECOND_US = 1_000_000

RULES = read_rules("""\
[[rule]]
name = "slow"
when = "lag_s > 0.4 and age_s < 30"

[[rule]]
name = "late"
when = "late_share > 1 / 100"

[[rule]]
name = "hole"
symbols = ["AAA"]
when = "gap_open"

[[rule]]
name = "silent"
symbols = ["*"]
when = "age_s > 10"

[[rule]]
name = "broken"
when = "health >= 2"
clear = "health < 1"
""")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Two walks of four minutes; of AAA ten trades come late, one never, and a while nothing comes at all."""
    rng = np.random.default_rng(4)
    path = tmp_path_factory.mktemp("recordings") / "live"
    with RecordingWriter(path, source="binance-um:AAA,BBB") as writer:
        for symbol in ("AAA", "BBB"):
            ts = [START_US + n * SECOND_US for n in range(240) if symbol == "BBB" or not 200 <= n < 220]
            late = dict.fromkeys(range(50, 60), 2 * SECOND_US) if symbol == "AAA" else {}
            recv = [at + late.get(n, 100_000) for n, at in enumerate(ts)]
            prices = np.round(100 * np.exp(np.cumsum(rng.normal(0, 1e-4, len(ts)))), 4)
            missing = 100 if symbol == "AAA" else len(ts)
            for rows in (slice(None, missing), slice(missing, None)):
                if ts[rows]:
                    first_id = 1 if rows.start is None else missing + 2
                    writer.append(
                        make_trades(symbol, ts[rows], recv_us=recv[rows], first_id=first_id, price=prices[rows])
                    )
        writer.finish()
    return open_recording(path)


@pytest.fixture(scope="module")
def rows(live: Recording) -> Rows:
    return replay_rows(live, SHORT, reads=[name for rule in RULES.rules for name in rule.columns])


def test_rules_of_the_feed_and_the_light_are_rehearsed_to_the_very_events_of_a_replay(
    live: Recording, rows: Rows
) -> None:
    replayed = play(live, RunParams(SHORT.pairs, pair_params=SHORT.pair_params, rules=RULES)).events.to_pylist()
    for rule in RULES.rules:
        expected = [event for event in replayed if event["rule"] == rule.name and event["kind"] == FIRED]
        assert expected, f"{rule.name} never fires, which shows nothing"
        assert rehearse(rule, [rows]).fired[0].events.to_pylist() == expected


def test_what_a_pair_has_of_the_feed_is_its_leg_worse_off(rows: Rows) -> None:
    assert rows.feed is not None
    fed = {(row["ts"], row["symbol"]): row for row in rows.feed.to_pylist()}
    pair, times = rows.of("AAA/BBB"), rows.pairs.column("ts").to_pylist()
    for place in (55, 130, 210, 215):
        legs = [fed[times[place], symbol] for symbol in ("AAA", "BBB")]
        assert pair["age_s"][place] == max(leg["age_s"] for leg in legs)
        assert pair["gap_open"][place] == max(leg["gap_open"] for leg in legs)
    assert set(np.unique(pair["health"][np.isfinite(pair["health"])])) <= set(LIGHTS.values())
    assert rows.of("AAA")["age_s"].max() > 10
    assert rows.of("CCC") == {} or not len(rows.of("CCC")["ts"])


def test_rows_without_the_feed_are_refused_for_a_rule_that_reads_it(live: Recording) -> None:
    plain = replay_rows(live, SHORT)
    assert plain.feed is None
    with pytest.raises(ConfigError, match=r"rule 'late' reads late_share, and the rows of 'live' were made without"):
        rehearse(RULES.rules[1], [plain])


def test_rows_without_times_of_receipt_say_so(live: Recording, rows: Rows) -> None:
    healed = replay_rows(live, SHORT, reads=["late_share"], healed=True)
    (remark,) = rehearse(RULES.rules[1], [healed]).remarks
    assert "late_share cannot tell anything: so it is in live" in remark
    assert rehearse(RULES.rules[1], [rows]).remarks == ()
    assert rehearse(RULES.rules[3], [rows]).remarks == ()


def test_a_recording_is_replayed_once_whatever_rule_is_asked_about(live: Recording) -> None:
    kept, told = KeptRows(), []
    first = kept.of(live, SHORT, tell=lambda *said: told.append(said))
    assert told
    told.clear()
    assert kept.of(live, SHORT, reads=["z"], tell=lambda *said: told.append(said)) is first
    assert not told
    assert kept.find(live, SHORT, healed=True) is None


def test_what_a_rule_reads_beside_is_added_to_what_is_kept(live: Recording) -> None:
    kept, told = KeptRows(), []
    kept.of(live, SHORT)
    assert kept.find(live, SHORT, reads=["health"]) is None
    lit = kept.of(live, SHORT, reads=["health"], tell=lambda stage, _share: told.append(stage))
    assert set(told) == {"Judging the health of live"}, "lights are made of the rows at hand, without a replay"
    fed = kept.of(live, SHORT, reads=["age_s"])
    assert fed.lights is lit.lights
    assert kept.find(live, SHORT, reads=["age_s", "health", "z"]) is fed


def test_what_is_kept_has_a_limit_and_the_newest_stays(live: Recording, rows: Rows) -> None:
    kept = KeptRows(most_cells=rows.pairs.num_rows * 14)
    other = RunParams(pairs=SHORT.pairs, pair_params=PairParams(30, 30, 30))
    kept.of(live, SHORT)
    newest = kept.of(live, other)
    assert kept.find(live, SHORT) is None
    assert kept.find(live, other) is newest
