"""A thousand alert rules over a hundred pairs at each closed bar."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale

RULES, PAIRS = 1_000, 100
BARS_A_TURN = 5
UNIT = "ms a bar"
CPU = "ms of CPU a bar"
EVENTS = "events a bar"

SHAPES = (
    "abs(z) >= {} and coint_p < {}",
    "crosses(z, {}) and half_life < {}00",
    "z > {} and not corr < {}",
    "abs(spread - mean) / std > {} and beta > -{}",
    "max(abs(z), {}) > 3 and corr > -{}",
)
"""Conditions as people write them; a thousand rules of an account are these few with other numbers."""


def few_shapes(scale: Scale) -> Callable[[], Outcome]:
    """Five conditions with two hundred sets of numbers each."""
    count = _count(scale)
    return _timed([SHAPES[n % len(SHAPES)].format(2 + n / count, 1 + n % 7) for n in range(count)], scale)


def all_different(scale: Scale) -> Callable[[], Outcome]:
    """No two conditions of one form: each joins other clauses, so that nothing is shared but columns."""
    clauses = ("abs(z) > 3.5", "coint_p < 0.001", "corr < -0.9", "beta > 5", "half_life < 1", "y_close > 1e9", "z < -4")
    joins = ("and", "or", "and not", "or not")
    random = np.random.default_rng(3)
    texts: dict[str, None] = {}
    while len(texts) < _count(scale):
        parts = [clauses[n] for n in random.integers(0, len(clauses), 4)]
        words = [joins[n] for n in random.integers(0, 2, 3)]
        text = parts[0] + "".join(f" {word} {part}" for word, part in zip(words, parts[1:], strict=True))
        texts.setdefault(text)
    return _timed(list(texts), scale)


def with_pandas(scale: Scale) -> Callable[[], Outcome]:
    """`DataFrame.eval` of as many conditions, without any state: what is true, and nothing more."""
    conditions = [f"abs(z) >= {2 + n / RULES} and coint_p < {1 + n % 7}" for n in range(_count(scale))]
    bars = _bars(scale)

    def turn() -> Outcome:
        frame = next(bars).to_pandas()
        started, cpu = time.perf_counter(), time.process_time()
        for condition in conditions:
            frame.eval(condition)
        seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
        return Outcome(seconds * 1e3, {CPU: cpu_s * 1e3})

    return turn


def _count(scale: Scale) -> int:
    return 40 if scale.is_quick else RULES


def _timed(conditions: list[str], scale: Scale) -> Callable[[], Outcome]:
    from livepairs.alerts.machine import RuleMachine
    from livepairs.alerts.reading import read_rules
    from livepairs.schema import Pair

    text = "".join(f'[[rule]]\nname = "rule {n}"\nwhen = "{when}"\n' for n, when in enumerate(conditions))
    machine = RuleMachine(read_rules(text), [Pair.parse(name) for name in _names()])
    bars = _bars(scale)
    # What holds at the start fires at once for all pairs; a run is not timed by its first bar.
    machine.update(next(bars))

    def turn() -> Outcome:
        rows = [next(bars) for _ in range(BARS_A_TURN)]
        started, cpu = time.perf_counter(), time.process_time()
        events = sum(machine.update(batch).num_rows for batch in rows)
        seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
        return Outcome(seconds / BARS_A_TURN * 1e3, {CPU: cpu_s / BARS_A_TURN * 1e3, EVENTS: events / BARS_A_TURN})

    return turn


def _names() -> list[str]:
    return [f"S{n:03d}USDT/BTCUSDT" for n in range(PAIRS)]


def _bars(_scale: Scale) -> Iterator[pa.RecordBatch]:
    """Yield PAIRS batches of one bar each; z moves as a spread's does, a tenth of its way a bar."""
    from livepairs.schema import PAIRS as SCHEMA

    random = np.random.default_rng(5)
    z, bar = random.normal(0, 1, PAIRS), 0
    while True:
        z = 0.9 * z + np.sqrt(0.19) * random.normal(0, 1, PAIRS)
        values = {name: random.normal(1, 0.1, PAIRS) for name in SCHEMA.names}
        values |= {"z": z, "coint_p": random.uniform(0, 1, PAIRS), "half_life": random.uniform(10, 2_000, PAIRS)}
        columns = [pa.array(np.full(PAIRS, bar * 1_000_000)).cast(SCHEMA.field("ts").type), pa.array(_names())]
        columns += [pa.array(values[name]) for name in SCHEMA.names[2:-1]]
        yield pa.RecordBatch.from_arrays([*columns, pa.array([True] * PAIRS)], schema=SCHEMA)
        bar += 1


CONTEST = Contest(
    title="1,000 rules over 100 pairs at each closed bar",
    unit=UNIT,
    contenders=(
        Contender("RuleMachine, five forms of condition", few_shapes),
        Contender("RuleMachine, a thousand forms", all_different),
        Contender("pandas DataFrame.eval, conditions alone", with_pandas, turns=2),
    ),
    is_higher_better=False,
    goals=(Goal(UNIT, "<", 50.0), Goal(CPU, "<", 50.0)),
    notes="Every event that fires is made, with its text and its id.",
)
