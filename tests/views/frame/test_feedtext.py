"""What the source chip and its panel say of a feed in each of its states."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from livepairs.hub.runparts import RunState
from livepairs.hub.taping import TapeState
from livepairs.schema import Gap
from livepairs.session import SessionState
from livepairs.sources.live_feed import FeedState, StreamState
from livepairs.views.frame.feedtext import feed_word, panel_of, tape_text, trouble_of

NOON_US = 1_700_049_600_000_000
SECOND_US = 1_000_000


def make_run(feed: FeedState | None, *, error: str | None = None, gaps: tuple[Gap, ...] = ()) -> Any:
    """Return as much of a run as the texts look at."""
    status = SimpleNamespace(
        trades=1234, late=5, rejected={"bad_price": 1}, trades_per_s={"A": 40.0, "B": 5.5}, now_us=NOON_US
    )
    state = RunState("failed" if error else "playing", NOON_US, 1.0, error, 0)
    line = None if feed is None else SimpleNamespace(feed=feed)
    return SimpleNamespace(line=line, label="binance-um:A,B", state=state, status=status, gaps=gaps, kind="live")


@pytest.mark.parametrize(
    ("feed", "kind", "word", "detail"),
    [
        (FeedState(), "waiting", "CONNECTING", "binance-um:A,B"),
        (FeedState(status="subscribed"), "waiting", "WAITING", "binance-um:A,B"),
        (FeedState(status="live"), "live", "LIVE", "binance-um:A,B"),
        (FeedState(status="rotating"), "live", "LIVE", "binance-um:A,B"),
        (FeedState(status="waiting", last_data_us=NOON_US), "waiting", "RECONNECTING", "since 12:00:00"),
        (FeedState(status="waiting"), "waiting", "NO CONNECTION", "binance-um:A,B"),
        (FeedState(status="stopped", last_data_us=NOON_US), "ended", "STOPPED", "since 12:00:00"),
        (FeedState(status="refused", sentence="from here it is not served"), "failed", "REFUSED", "binance-um:A,B"),
        (
            FeedState(
                status="silent", last_data_us=NOON_US, streams={"a@aggTrade": StreamState(NOON_US, 3, is_silent=True)}
            ),
            "failed", "SILENT", "a@aggTrade since 12:00:00",
        ),
    ],
)  # fmt: skip
def test_each_state_has_its_word(feed: FeedState, kind: str, word: str, detail: str) -> None:
    said = feed_word(make_run(feed))
    assert (said.kind, said.word, said.detail) == (kind, word, detail)


def test_a_run_that_failed_says_why_whatever_its_line_says() -> None:
    said = feed_word(make_run(FeedState(status="live"), error="no symbol 'X'"))
    assert (said.kind, said.word) == ("failed", "FAILED")
    assert "no symbol 'X'" in said.explanation


def test_only_a_feed_that_is_unwell_is_said_above_the_charts() -> None:
    assert trouble_of(make_run(FeedState(status="live"))) == ""
    assert trouble_of(make_run(FeedState(status="connecting"))) == ""
    assert trouble_of(make_run(None)) == ""
    refused = FeedState(status="refused", sentence="the venue does not serve this place (451).")
    assert trouble_of(make_run(refused)) == "The venue does not serve this place (451)."


def test_the_panel_names_the_stream_that_never_spoke() -> None:
    streams = {
        "a@aggTrade": StreamState(NOON_US, 1200),
        "b@aggTrade": StreamState(),
        "c@aggTrade": StreamState(NOON_US, 7, is_silent=True),
    }
    feed = FeedState(
        status="live", connected_since_us=NOON_US - 60 * SECOND_US, last_data_us=NOON_US, streams=streams,
        queue_depth=3, queue_limit=100, offset_us=-1_270_000, lag_us=152_400, rejected={"not_market": 2},
    )  # fmt: skip
    panel = panel_of(make_run(feed))
    assert panel["streams"] == [
        ["a@aggTrade", "last 12:00:00", "good", "1,200"],
        ["b@aggTrade", "subscribed, no data since 11:59:00", "quiet", "0"],
        ["c@aggTrade", "no data since 12:00:00", "bad", "7"],
    ]
    facts = {name: value for name, value, *_ in panel["facts"]}
    assert (facts["Event lag"], facts["Clock"], facts["Queue"]) == ("152 ms", "1,270 ms behind", "3 of 100")
    assert (facts["Trades"], facts["Rate"], facts["Late"], facts["Rejected"]) == ("1,234", "45.5 /s", "5", "3")
    assert panel["action"] == "stop"


def test_without_a_connection_no_rate_is_claimed_and_the_feed_can_be_started() -> None:
    panel = panel_of(make_run(FeedState(status="stopped", last_data_us=NOON_US)))
    assert {name: value for name, value, *_ in panel["facts"]}["Rate"] == "–"
    assert panel["action"] == "start"


def test_gaps_are_listed_newest_first_with_what_became_of_them() -> None:
    gaps = (
        Gap("A", NOON_US, NOON_US + 2 * SECOND_US, "connection lost", 20, is_healed=True, how="filled"),
        Gap(None, NOON_US + 9 * SECOND_US, NOON_US + 10 * SECOND_US, "too old", 3, how="unfillable"),
    )
    panel = panel_of(make_run(None, gaps=gaps))
    assert panel["gaps"] == [
        ["all", "12:00:09", "1 s", "3", "lost", "too old", "bad"],
        ["A", "12:00:00", "2 s", "20", "fetched", "connection lost", "good"],
    ]
    assert panel["gap_text"] == "2 gaps, 1 filled"
    assert panel["action"] == ""


def test_a_replay_lists_no_gap_it_has_not_come_to() -> None:
    gaps = tuple(Gap("A", NOON_US + n * SECOND_US, NOON_US + n * SECOND_US + 1) for n in (-60, 0, 60))
    run = make_run(None, gaps=gaps)
    run.kind = "replay"
    panel = panel_of(run)
    assert [row[1] for row in panel["gaps"]] == ["12:00:00", "11:59:00"]
    assert panel["gap_text"] == "2 gaps, 0 filled; 3 in the whole recording"


def test_the_record_button_says_how_long_how_much_and_what_keeps_it() -> None:
    session = SessionState(path=None, trades=4321)  # type: ignore[arg-type]
    tape = TapeState("recording", "take", NOON_US, session)
    assert tape_text(tape, now_us=NOON_US + 3_725 * SECOND_US) == "take: 1:02:05, 4,321 trades"
    stuck = TapeState("recording", "take", NOON_US, session, "the disk is full")
    assert "NOT WRITING: the disk is full" in tape_text(stuck, now_us=NOON_US)
    assert tape_text(TapeState(), now_us=0) == ""
    assert tape_text(TapeState("failed", "take", sentence="it is there"), now_us=0) == "take failed: it is there."
