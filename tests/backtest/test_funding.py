"""Funding events are where the data says they were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from livepairs.backtest.engine import run_backtest
from livepairs.backtest.funding import funding_from_marks, known_funding
from livepairs.backtest.funding_table import funding_from_table
from livepairs.errors import InputError
from livepairs.schema import MARKS
from tests.backtest.pair_rows import PAIR, START_US, bars_table, make_bars, pairs_table

HOUR = 3_600_000_000
DATA = Path(__file__).parents[3] / "shared" / "data" / "closes_1m"


def marks_table(rows: Sequence[tuple[int, float, float, int]], symbol: str = PAIR.y) -> pa.Table:
    """Rows of (ts, mark price, rate, next funding)."""
    made = [
        {"ts": ts, "recv_ts": ts, "symbol": symbol, "mark_price": mark, "index_price": mark}
        | {"funding_rate": rate, "next_funding_ts": due}
        for ts, mark, rate, due in rows
    ]
    return pa.Table.from_pylist(made, schema=MARKS)


def events_of(rows: Sequence[tuple[int, float, float, int]]) -> list[tuple[int, float, float]]:
    events = funding_from_marks(marks_table(rows)).events
    times = events.column("ts").cast(pa.int64()).to_pylist()
    return list(zip(times, events.column("rate").to_pylist(), events.column("mark_price").to_pylist(), strict=True))


def test_an_event_is_where_the_next_funding_time_moves_on() -> None:
    rows = [(7 * HOUR, 100.0, 0.1, 8 * HOUR), (8 * HOUR - 1, 101.0, 0.2, 8 * HOUR), (8 * HOUR, 102.0, 0.3, 16 * HOUR)]
    assert events_of(rows) == [(8 * HOUR, 0.2, 101.0)]


def test_a_next_time_that_moves_before_it_came_is_a_change_of_plan() -> None:
    """LAYERUSDT's interval went from 4 h to 1 h: what was due at 16:00 came at 14:00 instead."""
    rows = [
        (13 * HOUR, 1.0, 0.1, 16 * HOUR),
        (13 * HOUR + 1, 1.1, 0.2, 14 * HOUR),
        (14 * HOUR + 1, 1.2, 0.3, 15 * HOUR),
        (15 * HOUR + 1, 1.3, 0.4, 16 * HOUR),
    ]
    assert events_of(rows) == [(14 * HOUR, 0.2, 1.1), (15 * HOUR, 0.3, 1.2)]


def test_no_scheduled_funding_is_no_event() -> None:
    assert events_of([(HOUR, 1.0, 0.0, 0), (2 * HOUR, 1.0, 0.1, 8 * HOUR), (3 * HOUR, 1.0, 0.0, 0)]) == []
    assert funding_from_marks(MARKS.empty_table()).known == {}


def test_known_says_from_when_to_when_each_symbol_has_marks() -> None:
    funding = funding_from_marks(marks_table([(HOUR, 1.0, 0.0, 8 * HOUR), (3 * HOUR, 1.0, 0.0, 8 * HOUR)]))
    assert funding.known == {PAIR.y: (HOUR, 3 * HOUR)}


def test_the_venues_rest_answer_is_read() -> None:
    """Rows of /fapi/v1/fundingRate as on the wire in October 2026; old rows have an empty mark price."""
    rows = [
        {"symbol": "BTCUSDT", "fundingTime": 1791302400000, "fundingRate": "0.00002245", "markPrice": "85675.20000000"},
        {"symbol": "BTCUSDT", "fundingTime": 1791331200002, "fundingRate": "-0.00000743", "markPrice": ""},
    ]
    funding = funding_from_table(pa.Table.from_pylist(rows), file="rest.json")
    events = funding.events.to_pylist()
    assert [event["rate"] for event in events] == [0.00002245, -0.00000743]
    assert events[0]["mark_price"] == 85675.2
    assert math.isnan(events[1]["mark_price"])
    assert events[1]["ts"].microsecond == 2_000
    assert funding.known == {"BTCUSDT": (1791302400000000, 1791331200002000 + 28_800_002_000)}


def test_the_venues_dump_file_is_read_for_the_symbol_named() -> None:
    table = pa.table({"calc_time": [1_700_000_000_000], "funding_interval_hours": [8], "last_funding_rate": [1e-4]})
    assert funding_from_table(table, file="d.csv", symbol="ENAUSDT").events.column("symbol").to_pylist() == ["ENAUSDT"]
    with pytest.raises(InputError, match=r"d\.csv: found columns calc_time, .*; expected a column 'symbol'"):
        funding_from_table(table, file="d.csv")


def test_an_empty_or_unreadable_value_names_the_row() -> None:
    table = pa.table({"ts": [1, 2], "symbol": ["A", "B"], "rate": [0.1, None]})
    with pytest.raises(InputError, match=r"f, line 2: found an empty rate; expected a value in every row"):
        funding_from_table(table, file="f")
    with pytest.raises(InputError, match="found a rate that cannot be read"):
        funding_from_table(pa.table({"ts": [1], "symbol": ["A"], "rate": ["much"]}), file="f")


def test_events_given_go_before_marks_and_borrow_their_price() -> None:
    given = funding_from_table(pa.table({"ts": [8 * HOUR // 1000], "symbol": [PAIR.y], "rate": [0.5]}), file="f")
    rows = [(7 * HOUR, 99.0, 0.1, 8 * HOUR), (9 * HOUR, 102.0, 0.3, 16 * HOUR)]
    marks = pa.concat_tables([marks_table(rows), marks_table(rows, PAIR.x)])
    joined = known_funding(given, marks)
    assert joined is not None
    assert [(e["symbol"], e["rate"], e["mark_price"]) for e in joined.events.to_pylist()] == [
        (PAIR.x, 0.1, 99.0),
        (PAIR.y, 0.5, 99.0),
    ]
    assert set(joined.known) == {PAIR.y, PAIR.x}
    assert known_funding(None, None) is None
    assert known_funding(given, MARKS.empty_table()) is given


def test_a_trade_outside_the_known_span_is_noted() -> None:
    bars = make_bars([0, 3.0, 1.0, 0.0, 0.0])
    known = [(START_US, 100.0, 0.0, START_US + HOUR), (START_US + 2_500_000, 100.0, 0.0, START_US + HOUR)]
    marks = pa.concat_tables([marks_table(known), marks_table(known, PAIR.x)])
    notes = run_backtest(pairs_table(bars), bars_table(bars), marks=marks).notes
    assert sum("outside it counts as zero" in note for note in notes) == 2


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data/closes_1m, which is not part of a clone")
def test_real_funding_events_are_read_with_their_changing_intervals() -> None:
    file = DATA / "funding_LAYERUSDT.parquet"
    events = funding_from_table(pq.read_table(file), file=file.name).events
    assert events.num_rows == 984
    times = events.column("ts").cast(pa.int64()).to_numpy()
    hours = {round(gap / HOUR) for gap in times[1:] - times[:-1]}
    assert {1, 4} <= hours
