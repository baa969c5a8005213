"""The rule machine against a plain loop, bar by bar and rule by rule, however its rows are cut."""

from __future__ import annotations

import math
from copy import deepcopy
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.alerts.machine import RuleMachine, Standing
from livepairs.alerts.reading import read_rules
from livepairs.alerts.rule import Rule, RuleSet
from livepairs.errors import SchemaError
from livepairs.schema import EVENTS, PAIRS, Pair, empty
from tests.alerts.rows import feed_rows, pair_rows
from tests.bits import same_bits

NAMES = ("Y/X", "A/X", "A/Y")
PAIR_LIST = [Pair.parse(name) for name in NAMES]
VALUES = st.sampled_from([0.0, 1.0, 1.5, 2.0, 2.5, -2.0, math.nan])
RULE = st.builds(
    Rule,
    name=st.just("r"),
    when=st.sampled_from(["abs(z) >= 2", "abs(z) >= 1.5", "z > 1", "not z < 1", "crosses(z, 1.2)", "rises(z, 2)"]),
    clear=st.sampled_from([None, "abs(z) < 1.2", "abs(z) < 0.5", "falls(z, 2)"]),
    pairs=st.sampled_from([("*",), ("*/X",), ("A/Y", "Y/*"), ("none",)]),
    for_bars=st.integers(1, 3),
    cooldown_us=st.sampled_from([0, 1_000_000, 2_500_000, 60_000_000]),
    is_armed=st.sampled_from([True, True, True, False]),
)
RULES = st.lists(RULE, min_size=1, max_size=5).map(
    lambda rules: RuleSet(rules=tuple(_named(rule, place) for place, rule in enumerate(rules)))
)


def _named(rule: Rule, place: int) -> Rule:
    return deepcopy(rule).__class__(**{name: getattr(rule, name) for name in rule.__slots__} | {"name": f"r{place}"})


def truth(text: str, z: float, before: float) -> bool | None:
    """Return what a condition of RULE says of one row, as a reader would."""
    words = {
        "abs(z) >= 2": lambda: abs(z) >= 2,
        "abs(z) >= 1.5": lambda: abs(z) >= 1.5,
        "z > 1": lambda: z > 1,
        "not z < 1": lambda: z >= 1,
        "abs(z) < 1.2": lambda: abs(z) < 1.2,
        "abs(z) < 0.5": lambda: abs(z) < 0.5,
    }
    if text in words:
        return None if math.isnan(z) else words[text]()
    rises = {"rises(z, 2)": (2.0, "up"), "falls(z, 2)": (2.0, "down"), "crosses(z, 1.2)": (1.2, "both")}
    level, way = rises[text]
    parts = []
    if way in ("up", "both"):
        parts.append(_and(_known(z, z >= level), _known(before, before < level)))
    if way in ("down", "both"):
        parts.append(_and(_known(z, z <= level), _known(before, before > level)))
    return parts[0] if len(parts) == 1 else _or(*parts)


def _known(value: float, said: bool) -> bool | None:
    return None if math.isnan(value) else said


def _and(a: bool | None, b: bool | None) -> bool | None:
    return False if a is False or b is False else None if a is None or b is None else True


def _or(a: bool | None, b: bool | None) -> bool | None:
    return True if a or b else None if a is None or b is None else False


def plain_loop(rules: RuleSet, bars: list[tuple[float, ...]]) -> list[tuple]:
    """Return (time, rule, pair, kind, value) as the documentation of rules says, one thing after the other."""
    found = []
    state: dict[tuple[str, str], dict] = {}
    for bar, values in enumerate(bars):
        before = bars[bar - 1] if bar else (math.nan,) * len(NAMES)
        for rule in rules.rules:
            for pair, z, earlier in zip(NAMES, values, before, strict=True):
                if not rule.is_armed or not rule.watches(pair):
                    continue
                mine = state.setdefault((rule.name, pair), {"held": 0, "on": False, "fired": -math.inf})
                when = truth(rule.when, z, earlier)
                mine["held"] = mine["held"] + 1 if when else 0
                over = when is False if rule.clear is None else truth(rule.clear, z, earlier)
                if mine["on"]:
                    if over:
                        mine["on"] = False
                        found.append((bar * 1_000_000, rule.name, pair, "cleared", z))
                elif mine["held"] >= rule.for_bars and bar * 1_000_000 - mine["fired"] >= rule.cooldown_us:
                    mine["on"], mine["fired"] = True, bar * 1_000_000
                    found.append((bar * 1_000_000, rule.name, pair, "fired", z))
    return found


def told(events: pa.RecordBatch) -> list[tuple]:
    columns = [
        events.column("ts").cast(pa.int64()),
        *(events.column(name) for name in ("rule", "subject", "kind", "value")),
    ]
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


def batch_of(bars: list[tuple[float, ...]]) -> pa.RecordBatch:
    return pair_rows({"z": [z for values in bars for z in values]}, pairs=NAMES)


BARS = st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=25)


@given(RULES, BARS)
def test_events_are_those_of_a_plain_loop(rules: RuleSet, bars: list[tuple[float, ...]]) -> None:
    events = RuleMachine(rules, PAIR_LIST).update(batch_of(bars))
    assert [str(row) for row in told(events)] == [str(row) for row in plain_loop(rules, bars)]


@given(RULES, BARS, st.sets(st.integers(1, 24)))
def test_any_slicing_makes_the_same_events(rules: RuleSet, bars: list[tuple[float, ...]], cuts: set[int]) -> None:
    batch = batch_of(bars)
    machine = RuleMachine(rules, PAIR_LIST)
    edges = [0, *sorted(cut for cut in cuts if cut < len(bars)), len(bars)]
    parts = [machine.update(batch.slice(3 * begin, 3 * (end - begin))) for begin, end in pairwise(edges)]
    whole = RuleMachine(rules, PAIR_LIST).update(batch)
    assert same_bits(pa.Table.from_batches(parts, EVENTS), whole)


@given(RULES, BARS, st.integers(1, 25))
def test_cutting_off_the_future_changes_no_event_before(
    rules: RuleSet, bars: list[tuple[float, ...]], cut: int
) -> None:
    whole = RuleMachine(rules, PAIR_LIST).update(batch_of(bars))
    known = [row for row in told(whole) if row[0] < cut * 1_000_000]
    assert [str(row) for row in told(RuleMachine(rules, PAIR_LIST).update(batch_of(bars[:cut])))] == list(
        map(str, known)
    )


def machine_of(text: str, pairs: tuple[str, ...] = ("Y/X",)) -> RuleMachine:
    return RuleMachine(read_rules(text), [Pair.parse(name) for name in pairs])


def test_events_of_one_bar_are_in_the_order_of_the_rules_and_then_of_the_pairs() -> None:
    machine = machine_of('[[rule]]\nname="b"\nwhen="z > 1"\n[[rule]]\nname="a"\nwhen="z > 0"\n', NAMES)
    events = machine.update(pair_rows({"z": [2.0, 2.0, 2.0]}, pairs=NAMES))
    assert [(rule, pair) for _, rule, pair, _, _ in told(events)] == [
        ("b", "Y/X"), ("b", "A/X"), ("b", "A/Y"), ("a", "Y/X"), ("a", "A/X"), ("a", "A/Y")
    ]  # fmt: skip


def test_an_event_carries_the_first_column_and_the_filled_template() -> None:
    machine = machine_of(
        '[[rule]]\nname="über ✓"\nlevel="critical"\nwhen="coint_p > 0.1 and abs(z) >= 2"\n'
        'message="{pair} {rule} {level}: {coint_p:.1%}, z {z:+.2f} {{half}} {is_ready}"\n'
    )
    rows = pair_rows({"z": [-2.5, math.nan, 0.0], "coint_p": [0.25, 0.5, 0.05], "is_ready": [1, 1, 1]})
    fired, cleared = machine.update(rows).to_pylist()
    assert fired["message"] == "Y/X über ✓ critical: 25.0%, z -2.50 {half} yes"
    assert (fired["level"], fired["value"], fired["rule"]) == ("critical", 0.25, "über ✓")
    assert cleared["message"] == "Y/X über ✓ is over: coint_p 0.05"
    assert cleared["ts"].second == 2


def test_a_thousand_rules_that_differ_in_their_numbers_are_each_their_own() -> None:
    text = "".join(f'[[rule]]\nname="r{n}"\nwhen="abs(z) >= {n / 100} and {n} * corr < 600"\n' for n in range(1000))
    events = machine_of(text).update(pair_rows({"z": [-5.0], "corr": [2.0]}))
    assert events.column("rule").to_pylist() == [f"r{n}" for n in range(300)]


def test_a_rule_of_pairs_sees_the_worse_of_the_two_legs_and_a_rule_of_symbols_each() -> None:
    machine = machine_of(
        '[[rule]]\nname="quiet"\nwhen="age_s > 5"\n[[rule]]\nname="leg"\nsymbols=["X"]\nwhen="age_s > 5 or gap_open"\n'
    )
    feed = feed_rows({"age_s": [1.0, 2.0, 9.0, 0.0, 1.0, 6.0], "gap_open": [0, 0, 0, 1, 0, 0]})
    events = machine.update(pair_rows({"z": [0.0, 0.0, 0.0]}), feed)
    assert told(events) == [
        (1_000_000, "quiet", "Y/X", "fired", 9.0),
        (1_000_000, "leg", "X", "fired", 0.0),
    ]
    assert machine.standing == (Standing("quiet", "Y/X", 1_000_000), Standing("leg", "X", 1_000_000))


def test_a_pair_whose_light_turns_red_fires() -> None:
    machine = machine_of('[[rule]]\nname="broke"\nwhen="health >= 2"\nmessage="{pair} light {health:.0f}"\n')
    rows = pair_rows({"z": [0.0] * 5})
    events = machine.update(rows, None, np.array([math.nan, 1.0, 2.0, 2.0, 0.0]))
    assert [(kind, value) for _, _, _, kind, value in told(events)] == [("fired", 2.0), ("cleared", 0.0)]
    assert machine.update(pair_rows({"z": [0.0]}, first_bar=5)).num_rows == 0


def test_what_is_not_known_of_the_feed_is_never_true() -> None:
    machine = machine_of('[[rule]]\nname="a"\nwhen="not gap_open"\n[[rule]]\nname="b"\nwhen="not age_s > 5"\n')
    assert machine.update(pair_rows({"z": [0.0]})).num_rows == 0


def test_a_machine_that_takes_over_goes_on_where_the_other_stands() -> None:
    same, changed = '[[rule]]\nname="same"\nwhen="z > 1"\n', '[[rule]]\nname="other"\nwhen="z > {}"\n'
    old = machine_of(same + changed.format(1))
    assert old.update(pair_rows({"z": [2.0]})).num_rows == 2
    new = machine_of(changed.format(1.5) + same)
    new.take_over(old)
    events = new.update(pair_rows({"z": [2.0, 0.0]}, first_bar=1))
    assert [(rule, kind) for _, rule, _, kind, _ in told(events)] == [
        ("other", "fired"), ("other", "cleared"), ("same", "cleared")
    ]  # fmt: skip


def test_a_copy_goes_its_own_way() -> None:
    machine = machine_of('[[rule]]\nname="a"\nwhen="z > 1"\nfor_bars=2\n')
    machine.update(pair_rows({"z": [2.0]}))
    other = deepcopy(machine)
    assert machine.update(pair_rows({"z": [2.0]}, first_bar=1)).num_rows == 1
    assert other.update(pair_rows({"z": [0.0]}, first_bar=1)).num_rows == 0
    assert other.update(pair_rows({"z": [2.0]}, first_bar=2)).num_rows == 0


def test_rows_of_a_pair_nobody_named_are_our_own_mistake() -> None:
    machine = machine_of('[[rule]]\nname="a"\nwhen="z > 1"\n')
    with pytest.raises(SchemaError, match="a pair that the rules were not told of"):
        machine.update(pair_rows({"z": [2.0]}, pairs=("A/B",)))
    assert machine.update(empty(PAIRS)).equals(empty(EVENTS))
