"""Any column of PAIRS can be drawn: every one that is a number, from the oldest row there is."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
from bokeh.models import NumeralTickFormatter

from livepairs.schema import PAIRS, Pair
from livepairs.tables.ring import Table
from livepairs.views.charts.addedchart import ADDED, AddedChart
from livepairs.views.charts.timeaxis import TimeAxis

PAIR = Pair("Y", "X")


def rows(first: int, count: int, pair: str = "Y/X") -> pa.RecordBatch:
    columns = {
        field.name: np.arange(first, first + count, dtype=float) for field in PAIRS if pa.types.is_floating(field.type)
    }
    columns["ts"] = pa.array(np.arange(first, first + count) * 1_000_000).cast(PAIRS.field("ts").type)
    columns["pair"] = pa.array([pair] * count).cast(PAIRS.field("pair").type)
    columns["is_ready"] = [True] * count
    return pa.RecordBatch.from_arrays([pa.array(columns[field.name], field.type) for field in PAIRS], schema=PAIRS)


def make_chart() -> tuple[AddedChart, Table]:
    table = Table(PAIRS, limit_rows=1_000)
    run = SimpleNamespace(tables=SimpleNamespace(pairs=table))
    chart = AddedChart(run, PAIR, TimeAxis(interval_us=1_000_000, end_us=0), NumeralTickFormatter())
    return chart, table


def test_every_number_of_pairs_can_be_picked() -> None:
    assert set(ADDED) == set(PAIRS.names) - {"ts", "pair", "is_ready"}


def test_a_picked_column_is_drawn_from_the_oldest_row_and_grows() -> None:
    chart, table = make_chart()
    table.append(rows(0, 5))
    chart.refresh()
    assert len(chart.source.data["ts"]) == 0
    chart.pick.value = "beta"
    assert list(chart.source.data["value"]) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert chart.source.tags == ["Hedge ratio β"]
    table.append(rows(5, 1, pair="A/B"))
    table.append(rows(6, 2))
    chart.refresh()
    assert list(chart.source.data["value"])[-2:] == [6.0, 7.0]
    assert chart.chart.visible


def test_a_jump_in_time_begins_the_chart_anew_and_the_first_entry_takes_it_away() -> None:
    chart, table = make_chart()
    table.append(rows(0, 5))
    chart.show("z")
    table.reset()
    table.append(rows(100, 2))
    chart.refresh()
    assert list(chart.source.data["value"]) == [100.0, 101.0]
    chart.show("")
    assert chart.source.tags == []
    assert not chart.chart.visible
    chart.show("no such column")
    assert not chart.chart.visible
