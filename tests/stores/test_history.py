"""The history of events, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.alerts.event import Event, event_batch
from livepairs.errors import ConfigError, HistoryError
from livepairs.stores import history_query
from livepairs.stores.database import Database
from livepairs.stores.history import COUNTED, History
from livepairs.stores.history_rows import Count, Cursor, Keep, Origin, Wanted
from livepairs.stores.history_tables import VERSION, meta

START_US = 1_764_000_000_000_000
MINUTE = 60_000_000
LIVE = Origin(run_kind="live", source="binance-um:BTCUSDT,ETHUSDT", rule_version="abc", rules="[[rule]]\n# ü\n")
REPLAY = Origin(run_kind="replay", source="demo", recording="20261122T160000Z", digest="d" * 64, params='{"z": 3}')


def make_event(number: int, **changed: object) -> Event:
    values = {
        "ts_us": START_US + number * MINUTE,
        "rule": "z-score",
        "subject": "ETHUSDT/BTCUSDT",
        "kind": "cleared" if number % 2 else "fired",
        "level": "warning",
        "value": float(number),
        "message": f"event number {number}",
    } | changed
    return Event(**values)  # type: ignore[arg-type]


def make_batch(*numbers: int, **changed: object) -> pa.RecordBatch:
    return event_batch([make_event(number, **changed) for number in numbers])


@pytest.fixture
def history(database_url: str) -> Iterator[History]:
    store = History(database_url)
    yield store
    store.close()


def numbers(history: History, wanted: Wanted | None = None, **asked: object) -> list[int]:
    rows = history.page(wanted or Wanted(**asked)).rows  # type: ignore[arg-type]
    return [(row.ts_us - START_US) // MINUTE for row in rows]


def test_an_event_comes_back_as_it_went_in(history: History):
    assert history.add(make_batch(7), LIVE, now_us=99) == 1
    (row,) = history.page(Wanted()).rows
    event = make_event(7)
    names = ("id", "ts_us", "rule", "subject", "kind", "level", "value", "message")
    assert [getattr(row, name) for name in names] == [getattr(event, name) for name in names]
    assert row == history.find(event.id)
    assert (row.origin.key, row.recorded, row.acknowledged) == (LIVE.key, None, None)
    assert history.rules_text("abc") == LIVE.rules
    assert history.rules_text("other") is None
    assert history.find("nothing") is None


def test_a_value_that_is_not_a_number_comes_back_as_such(history: History):
    history.add(make_batch(1, value=math.nan), LIVE, now_us=0)
    (row,) = history.page(Wanted()).rows
    assert math.isnan(row.value)


def test_the_same_id_twice_is_one_row(history: History):
    assert history.add(make_batch(1, 2, 3), LIVE, now_us=0) == 3
    assert history.add(make_batch(2, 3, 4), LIVE, now_us=1) == 1
    assert history.add(make_batch(), LIVE, now_us=1) == 0
    assert numbers(history) == [4, 3, 2, 1]


def test_an_event_that_a_recording_has_too_says_from_which_to_replay_it(history: History):
    history.add(make_batch(1), LIVE, now_us=0)
    history.add(make_batch(1), REPLAY, now_us=0)
    history.add(make_batch(1), Origin(run_kind="replay", source="copy", recording="copy"), now_us=0)
    (row,) = history.page(Wanted()).rows
    assert row.origin.run_kind == "live"
    assert row.recorded == REPLAY


def test_pages_put_together_are_all_events_newest_first(history: History):
    history.add(make_batch(*range(25)), LIVE, now_us=0)
    history.add(make_batch(*range(25), rule="other"), LIVE, now_us=0)  # two events at each time
    seen, after = [], None
    while True:
        page = history.page(Wanted(), after=after, limit=7)
        seen += [(row.ts_us, row.id) for row in page.rows]
        assert page.total == (50 if after is None else None)
        if page.next is None:
            break
        after = Cursor.parse(str(page.next))
    assert len(set(seen)) == 50
    assert seen == sorted(seen, reverse=True)


def test_new_events_do_not_shift_the_pages_below(history: History):
    history.add(make_batch(*range(10)), LIVE, now_us=0)
    first = history.page(Wanted(), limit=5)
    history.add(make_batch(10, 11), LIVE, now_us=0)
    assert history.page(Wanted(), after=first.next, limit=5).rows[0].message == "event number 4"


FILTERS: list[tuple[dict[str, object], list[int]]] = [
    ({"pair": "SOLUSDT/BTCUSDT"}, [5]),
    ({"pair": "nothing"}, []),
    ({"rule": "weit draußen 🚀"}, [4]),
    ({"level": "critical"}, [3]),
    ({"kind": "fired"}, [4, 2, 0]),
    ({"kind": "fired", "level": "critical"}, []),
    ({"start_us": START_US + 2 * MINUTE, "end_us": START_US + 4 * MINUTE}, [3, 2]),
    ({"is_acknowledged": True}, [1]),
    ({"is_acknowledged": False}, [5, 4, 3, 2, 0]),
    ({"run_kind": "replay"}, [5]),
    ({"run_kind": "live", "kind": "cleared"}, [3, 1]),
    ({"text": "NUMBER 2"}, [2]),
    ({"text": "sol"}, [5]),
    ({"text": "draußen"}, [4]),
    ({"text": "100%_done"}, [1]),
    ({"text": "%"}, [1]),
    ({"text": "_x"}, []),
    ({"text": "number", "level": "critical"}, [3]),
    ({"text": "'; drop table"}, []),
]


def test_each_filter_leaves_what_fits(history: History):
    history.add(make_batch(0, 1, 2), LIVE, now_us=0)
    history.add(make_batch(3, level="critical"), LIVE, now_us=0)
    history.add(make_batch(4, rule="weit draußen 🚀"), LIVE, now_us=0)
    history.add(make_batch(5, subject="SOLUSDT/BTCUSDT"), REPLAY, now_us=0)
    history.acknowledge([make_event(1).id], who="ann", note="100%_done", now_us=8)
    for asked, expected in FILTERS:
        assert numbers(history, **asked) == expected, asked
        counts = history.counts(Wanted(**asked))  # type: ignore[arg-type]
        assert sum(count.fired + count.cleared for count in counts) == len(expected), asked


def test_a_search_for_text_stops_after_so_many_events_and_goes_on_from_there(
    history: History, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(history_query, "SEARCHED", 4)
    history.add(make_batch(0, 9, message="needle"), LIVE, now_us=0)
    history.add(make_batch(*range(1, 9)), LIVE, now_us=0)
    first = history.page(Wanted(text="needle"))
    assert ([row.value for row in first.rows], first.is_cut, first.total) == ([9.0], True, None)
    second = history.page(Wanted(text="needle"), after=first.next)
    assert (second.rows, second.is_cut) == ((), True)
    third = history.page(Wanted(text="needle"), after=second.next)
    assert ([row.value for row in third.rows], third.is_cut, third.next) == ([0.0], False, None)


def test_counting_stops_at_a_limit(history: History, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("livepairs.stores.history.COUNTED", 5)
    history.add(make_batch(*range(9)), LIVE, now_us=0)
    assert history.page(Wanted(), limit=3).total == 6
    assert COUNTED == 10_000


def test_counts_over_time_are_by_level_and_kind(history: History):
    history.add(make_batch(0, 1, 2, 9), LIVE, now_us=0)
    history.add(make_batch(9, level="critical"), REPLAY, now_us=0)
    wanted = Wanted(start_us=START_US, end_us=START_US + 10 * MINUTE)
    assert history.counts(wanted, bins=2) == (
        Count(START_US, "warning", 2, 1),
        Count(START_US + 5 * MINUTE, "critical", 0, 1),
        Count(START_US + 5 * MINUTE, "warning", 0, 1),
    )
    assert history.counts(Wanted(pair="nothing")) == ()


@settings(max_examples=8)
@given(
    chosen=st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["info", "critical"])), unique=True, min_size=1),
    seen=st.sets(st.integers(0, 50)),
    bins=st.integers(1, 9),
    is_acknowledged=st.sampled_from([None, True, False]),
)
def test_counting_by_index_and_row_by_row_agree(
    chosen: list[tuple[int, str]], seen: set[int], bins: int, is_acknowledged: bool | None
):
    history = History("sqlite://")
    for number, level in chosen:
        history.add(make_batch(number, level=level), LIVE if number % 3 else REPLAY, now_us=0)
    history.acknowledge([make_event(at, level=level).id for at, level in chosen if at in seen], who="", now_us=0)
    by_index = history.counts(Wanted(is_acknowledged=is_acknowledged), bins=bins)
    row_by_row = history.counts(Wanted(is_acknowledged=is_acknowledged, rule="z-score"), bins=bins)
    history.close()
    assert by_index == row_by_row
    expected = [1 for at, _ in chosen if is_acknowledged is None or (at in seen) == is_acknowledged]
    assert sum(count.fired + count.cleared for count in by_index) == sum(expected)


def test_acknowledging_says_who_and_why_and_a_later_note_replaces_it(history: History):
    history.add(make_batch(1, 2), LIVE, now_us=0)
    ids = [make_event(1).id, make_event(1).id, "unknown"]
    assert history.acknowledge(ids, who="ann", note="looked", now_us=5) == 1
    assert history.acknowledge(ids, who="bob", note="funding", now_us=6) == 1
    assert history.acknowledge([], who="bob", now_us=6) == 0
    row = history.find(make_event(1).id)
    assert row is not None
    assert row.acknowledged is not None
    assert (row.acknowledged.who, row.acknowledged.note, row.acknowledged.at_us) == ("bob", "funding", 6)


def test_only_names_that_occur_are_offered_as_filters(history: History):
    assert history.names() == {"pair": (), "rule": ()}
    history.add(make_batch(1, 2, rule="b"), LIVE, now_us=0)
    history.add(make_batch(3, subject="A/B", rule="a"), LIVE, now_us=0)
    assert history.names() == {"pair": ("A/B", "ETHUSDT/BTCUSDT"), "rule": ("a", "b")}


def test_old_events_go_by_age_and_by_number_but_not_what_is_still_to_be_told(history: History):
    told = {make_event(0).id: ("desk",)}
    history.add(make_batch(*range(10)), LIVE, now_us=0, to=told)
    assert history.prune(Keep(), now_us=START_US) == 0
    assert history.prune(Keep(age_us=5 * MINUTE), now_us=START_US + 8 * MINUTE) == 2
    assert numbers(history) == [9, 8, 7, 6, 5, 4, 3, 0]
    assert history.prune(Keep(rows=3), now_us=0) == 4
    assert numbers(history) == [9, 8, 7, 0]


def test_what_a_recording_of_long_ago_made_stays_as_long_as_what_is_live(history: History):
    history.add(make_batch(1, 2), LIVE, now_us=START_US + 90 * MINUTE)
    assert history.prune(Keep(age_us=30 * MINUTE), now_us=START_US + 100 * MINUTE) == 0
    assert history.prune(Keep(age_us=30 * MINUTE), now_us=START_US + 130 * MINUTE) == 2


def test_pruning_many_events_is_done_in_steps(history: History, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("livepairs.stores.history_pruning.STEP", 4)
    history.add(make_batch(*range(30)), LIVE, now_us=0)
    assert history.prune(Keep(rows=1), now_us=0) == 29


def test_what_add_returned_for_is_there_when_the_database_is_opened_anew(database_url: str):
    first = History(database_url)
    first.add(make_batch(1), LIVE, now_us=0)
    first.close()
    second = History(database_url)
    assert numbers(second) == [1]
    second.close()


def test_two_writers_and_a_reader_at_once_lose_nothing(history: History):
    def write(rule: str) -> None:
        for number in range(20):
            history.add(make_batch(number, rule=rule), LIVE, now_us=0)

    threads = [threading.Thread(target=write, args=(rule,)) for rule in ("one", "two")]
    for thread in threads:
        thread.start()
    seen = [len(history.page(Wanted()).rows) for _ in range(5)]
    for thread in threads:
        thread.join()
    assert len(history.page(Wanted()).rows) == 40
    assert seen == sorted(seen)


def test_a_database_of_a_later_livepairs_is_refused_and_not_written_to(database_url: str):
    database = Database(database_url)
    with database.connected() as connection:
        connection.execute(meta.update().values(version=VERSION + 1))
    database.close()
    history = History(database_url)
    with pytest.raises(HistoryError, match="made by a later livepairs"):
        history.add(make_batch(1), LIVE, now_us=0)
    history.close()


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_page_of_a_wrong_length_is_refused(limit: int):
    with pytest.raises(ConfigError, match="ask for 1 to 10,000"):
        History("sqlite://").page(Wanted(), limit=limit)


@pytest.mark.parametrize("text", ["", "x", "1-", "-a", "1-a'", "99999999999999999999-a", "１-a", "1 -a"])
def test_a_cursor_that_is_not_ours_is_refused(text: str):
    with pytest.raises(ConfigError, match="not one of ours"):
        Cursor.parse(text)
