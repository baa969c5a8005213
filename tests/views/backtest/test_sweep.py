"""The sweep on the backtest page: what its form reads, which set a cell stands for, and what is said of the best."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from livepairs.backtest.grid import Grid
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.sweep import TRIED
from livepairs.pairs.machine import PairParams
from livepairs.sweep_recording import SweepResult
from livepairs.views.backtest.backtestplan import Plan
from livepairs.views.backtest.sweepheat import MapAxes, cells_of, draw, widest
from livepairs.views.backtest.sweepjob import Swept
from livepairs.views.backtest.sweepplan import first_texts, read_grid
from livepairs.views.backtest.sweeptext import verdict, verdict_markup

PLAN = Plan(rules=BacktestParams(), windows=PairParams())
LEFT = {
    "sets": 8, "trials": 8, "traded": 8, "best_sharpe": 3.0, "expected_best_sharpe": 1.0, "deflated_sharpe": 0.99,
    "overfit_probability": 0.1, "walk_forward_return": 0.02,
}  # fmt: skip


def tried(*rows: tuple[float, float, float | None, float | None]) -> pa.Table:
    """A TRIED table of entry, exit, stop and Sharpe ratio."""
    made = []
    for entry, leave, stop, sharpe in rows:
        zeros = {field.name: 0 for field in TRIED}
        made.append({**zeros, "entry": entry, "exit": leave, "stop": stop, "sharpe": sharpe})
    return pa.Table.from_pylist(made, schema=TRIED)


def swept(**left: object) -> Swept:
    result = SweepResult(tried((1.0, 0.0, None, 1.0)), None, None, None, pa.table({}), {**LEFT, **left})
    return Swept(plan=PLAN, grid=Grid(), result=result, until_us=1_700_000_000_000_000, seconds=0.5)


def test_what_is_offered_at_first_can_be_read() -> None:
    grid, wrong = read_grid(first_texts(PLAN))
    assert wrong == {}
    assert grid is not None
    assert (grid.entry[0], grid.entry[-1], grid.stop, grid.z_window) == (1.0, 3.0, (4.0, None), (150, 300, 600))


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("sweep_entry", "one", "Entry 'one' cannot be read"),
        ("sweep_exit", "none", "only the stop may be none"),
        ("sweep_z_window", "1.5", "windows are whole bars"),
        ("sweep_entry", "0", "No combination is left"),
        ("sweep_entry", "1:3:0.0001", "use at most 20,000 here"),
        ("sweep_entry", "1," * 60, "use at most 80"),
    ],
)
def test_what_cannot_be_used_gets_a_sentence(field: str, text: str, said: str) -> None:
    grid, wrong = read_grid({**first_texts(PLAN), field: text})
    assert grid is None
    assert said in wrong[field if "combination" not in said else "sweep_entry"]


def test_a_cell_is_the_best_set_over_all_other_parameters() -> None:
    table = tried((1.0, 0.0, 4.0, 1.0), (1.0, 0.0, None, 2.0), (2.0, 0.0, None, None), (2.0, 0.0, 4.0, -1.0))
    cells = cells_of(table, MapAxes("entry", "exit", "sharpe"))
    assert list(zip(cells.across, cells.up, cells.rows, strict=True)) == [("1", "0", 1), ("2", "0", 3)]
    assert widest(table) == ("entry", "stop")


def test_a_combination_that_is_no_rule_has_a_place_and_picks_nothing() -> None:
    """The page once stopped here: HoloViews fills the gaps of a map, and the gap has no set."""
    picked: list[int] = []
    table = tried((1.0, 0.0, 4.0, 1.0), (2.0, 0.0, 4.0, 2.0), (2.0, 1.0, 4.0, 0.5))
    plot = draw(table, MapAxes("entry", "exit", "sharpe"), picked.append)
    source = plot.renderers[0].data_source
    assert (plot.x_range.factors, plot.y_range.factors) == (["1", "2"], ["0", "1"])
    place = list(zip(source.data["across"], source.data["up"], strict=True)).index(("1", "1"))
    assert source.data["total_return"][place] == "no rule"
    source.selected.indices = [place]
    assert picked == []


def test_a_click_on_the_map_picks_its_set() -> None:
    picked: list[int] = []
    table = tried((1.0, 0.0, 4.0, 1.0), (1.0, 0.5, 4.0, 2.0), (2.0, 0.0, 4.0, None), (2.0, 0.5, 4.0, -1.0))
    source = draw(table, MapAxes("entry", "exit", "sharpe"), picked.append).renderers[0].data_source
    place = list(zip(source.data["across"], source.data["up"], strict=True)).index(("2", "0.5"))
    assert source.data["sharpe"][place] == "-1"
    source.selected.indices = [place]
    assert picked == [3]


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({}, "stands after selection"),
        ({"overfit_probability": 0.6}, "Overfit"),
        ({"deflated_sharpe": 0.5}, "Not proven"),
        ({"best_sharpe": -1.0}, "even the best set loses"),
        ({"traded": 0}, "no set traded"),
        ({"deflated_sharpe": None}, "no set has a Sharpe ratio"),
        ({"overfit_probability": None}, "Too short"),
    ],
)
def test_what_is_left_is_said_in_a_sentence(left: dict[str, object], said: str) -> None:
    assert said in verdict(swept(**left))
    assert said in verdict_markup(swept(**left))


def test_nothing_known_is_not_a_number() -> None:
    unknown = replace(swept(), result=replace(swept().result, summary={**LEFT, "walk_forward_return": None}))
    assert "n/a" in verdict_markup(unknown)
