"""The z-score rule, which is there without a rules file, against a plain loop."""

from __future__ import annotations

import math
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livepairs.alerts.machine import RuleMachine
from livepairs.alerts.rule import default_rules
from livepairs.errors import ConfigError, SchemaError
from livepairs.schema import BARS, EVENTS, PAIRS, Pair, empty
from tests.bits import same_bits

Z = st.one_of(
    st.sampled_from([0.0, -0.0, 0.5, -0.5, 2.0, -2.0, math.nextafter(2.0, 0.0), math.nextafter(0.5, 1.0), math.nan]),
    st.floats(min_value=-4.0, max_value=4.0),
)
NAMES = ("Y/X", "X/Y", "A/B")
ROWS = st.lists(st.tuples(st.sampled_from(NAMES), Z), max_size=40)


def pairs_batch(rows: list[tuple[str, float]]) -> pa.RecordBatch:
    """Return PAIRS rows one second apart; only pair and z matter to the rule."""
    columns = {field.name: pa.array([0.0] * len(rows)) for field in PAIRS}
    columns["ts"] = pa.array([place * 1_000_000 for place in range(len(rows))], PAIRS.field("ts").type)
    columns["pair"] = pa.array([pair for pair, _ in rows], pa.string())
    columns["z"] = pa.array([z for _, z in rows], pa.float64())
    columns["is_ready"] = pa.array([True] * len(rows), pa.bool_())
    return pa.RecordBatch.from_arrays([columns[name] for name in PAIRS.names], schema=PAIRS)


def z_machine(entry: float = 2.0, back: float = 0.5) -> RuleMachine:
    return RuleMachine(default_rules(entry, back), [Pair.parse(name) for name in NAMES])


def plain_loop(rows: list[tuple[str, float]], entry: float, back: float) -> list[tuple]:
    is_out: dict[str, bool] = {}
    events = []
    for place, (pair, z) in enumerate(rows):
        if not is_out.get(pair, False) and abs(z) >= entry:
            is_out[pair] = True
            events.append((place * 1_000_000, pair, "fired", z))
        elif is_out.get(pair, False) and abs(z) <= back:
            is_out[pair] = False
            events.append((place * 1_000_000, pair, "cleared", z))
    return events


@given(ROWS)
@example([("Y/X", 2.0), ("Y/X", 0.5), ("Y/X", -2.0), ("Y/X", -0.5)])
def test_events_are_those_of_a_plain_loop(rows: list[tuple[str, float]]) -> None:
    events = z_machine().update(pairs_batch(rows))
    assert events.schema.equals(EVENTS)
    times = events.column("ts").cast(pa.int64())
    found = [events.column(name).to_pylist() for name in ("subject", "kind", "value")]
    assert list(zip(times.to_pylist(), *found, strict=True)) == plain_loop(rows, 2.0, 0.5)


@given(ROWS, st.sets(st.integers(0, 40)))
def test_slicing_rows_otherwise_changes_no_bit(rows: list[tuple[str, float]], cuts: set[int]) -> None:
    batch = pairs_batch(rows)
    machine = z_machine()
    edges = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]
    parts = [machine.update(batch.slice(begin, end - begin)) for begin, end in pairwise(edges)]
    assert same_bits(pa.Table.from_batches(parts, EVENTS), z_machine().update(batch))


def test_an_event_says_what_happened() -> None:
    fired, cleared = z_machine().update(pairs_batch([("Y/X", -2.5), ("Y/X", 0.25)])).to_pylist()
    assert (fired["rule"], fired["level"], fired["message"]) == ("z-score", "warning", "Y/X z -2.50 is beyond 2")
    assert cleared["message"] == "Y/X z +0.25 is back within 0.5"


def test_nan_neither_fires_nor_clears() -> None:
    kinds = z_machine().update(pairs_batch([("Y/X", z) for z in (math.nan, 3.0, math.nan, 1.0, 3.0, math.nan)]))
    assert kinds.column("kind").to_pylist() == ["fired"]


def test_reset_forgets_what_has_fired() -> None:
    machine = z_machine()
    assert machine.update(pairs_batch([("Y/X", 3.0)])).num_rows == 1
    assert machine.update(pairs_batch([("Y/X", 3.0)])).num_rows == 0
    machine.reset()
    assert machine.update(pairs_batch([("Y/X", 3.0)])).num_rows == 1


def test_no_rows_make_no_events_and_other_rows_are_refused() -> None:
    assert z_machine().update(empty(PAIRS)).equals(empty(EVENTS))
    with pytest.raises(SchemaError, match="column 'pair' is missing"):
        z_machine().update(empty(BARS))


@pytest.mark.parametrize(("entry", "back"), [(2.0, 2.0), (0.5, 2.0), (2.0, -0.1), (math.nan, 0.5), (2.0, math.nan)])
def test_the_return_must_be_below_the_entry(entry: float, back: float) -> None:
    with pytest.raises(ConfigError, match="the return must be below it"):
        z_machine(entry, back)
