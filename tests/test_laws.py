"""The laws of docs/architecture.md on the whole chain: trades in, BARS, PAIRS, EVENTS and their digest out.

Each room has its own tests of the same laws beside its other tests; here they hold for all of them joined.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import BARS, EVENTS, MARKS, PAIRS, TRADES, Chunk, Pair, empty
from livepairs.stats import compiled
from tests.bits import same_bits
from tests.factories import make_chunk, make_trades, mix

SECOND = 1_000_000
GRACE = 500_000
START = 1_700_000_000 * SECOND
END = START + 90 * SECOND
SYMBOLS = ("Y", "X", "Z")
PARAMS = RunParams((Pair("Y", "X"), Pair("X", "Z")), pair_params=PairParams(13, 7, 5), entry=1.0, exit=0.5)
SCHEMAS = {"bars": BARS, "pairs": PAIRS, "events": EVENTS}


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    compiled.prepare()


def session(seed: int) -> pa.RecordBatch:
    """Return a minute and a half of three symbols: clustered, one of them quiet, some rows late."""
    random = np.random.default_rng(seed)
    walk = 100.0 * np.exp(1e-3 * np.cumsum(random.normal(size=90)))
    batches = []
    for symbol, rows, factor in (("Y", 240, 2.0), ("X", 200, 1.0), ("Z", 20, 3.0)):
        ts = START + np.sort(random.integers(0, 80 * SECOND, rows) // 40_000 * 40_000)
        price = np.round(factor * walk[(ts - START) // SECOND] * np.exp(1e-4 * random.normal(size=rows)), 3)
        lag = np.where(random.random(rows) < 0.05, random.integers(0, 5 * SECOND, rows), 1000)
        qty = random.integers(1, 50, rows) / 1000
        batches.append(make_trades(symbol, ts.tolist(), recv_us=(ts + lag).tolist(), price=price, qty=qty))
    return mix(*batches)


SESSION = session(1)


class Outcome:
    """Everything a run gives."""

    def __init__(self, chunks: list[Chunk]) -> None:
        pipeline = Pipeline(SYMBOLS, PARAMS, limit_rows=0)
        batches: dict[str, list[pa.RecordBatch]] = {hop: [] for hop in SCHEMAS}
        for hop, heard in batches.items():
            pipeline.listen(hop, heard.append)
        for chunk in chunks:
            pipeline.update(chunk)
        pipeline.close()
        self.tables = {hop: pa.Table.from_batches(heard, SCHEMAS[hop]) for hop, heard in batches.items()}
        self.digest, self.counts = pipeline.digest, pipeline.status.counts


WHOLE = [make_chunk(END, SESSION)]


def deadlines(rows: pa.RecordBatch) -> np.ndarray:
    """Return until when each row keeps its bar from being closed; never for a late one, which no bar waits for."""
    ts, received = (rows.column(name).cast(pa.int64()).to_numpy() for name in ("ts", "recv_ts"))
    until = (ts // SECOND + 1) * SECOND + GRACE
    return np.where(received < until, until, np.iinfo(np.int64).max)


@st.composite
def slicings(draw: st.DrawFn) -> list[Chunk]:
    """Cut SESSION anywhere, some of it one symbol a chunk, with any steps of ``now_us`` that the trades allow."""
    count = SESSION.num_rows
    until = deadlines(SESSION)
    ts = SESSION.column("ts").cast(pa.int64()).to_numpy()
    chunks: list[Chunk] = []
    now = 0
    for begin, end in pairwise([0, *sorted(draw(st.sets(st.integers(0, count), max_size=10))), count]):
        rows = SESSION.slice(begin, end - begin)
        if draw(st.booleans()):
            names = rows.column("symbol").to_pylist()
            for symbol in draw(st.permutations(SYMBOLS)):
                part = rows.filter(pa.array([name == symbol for name in names], pa.bool_()))
                chunks.append(Chunk(part, empty(MARKS), now))
        else:
            chunks.append(Chunk(rows, empty(MARKS), now))
        wanted = int(ts[end - 1] if end else 0) + draw(st.integers(-2 * SECOND, 3 * SECOND))
        now = max(now, min(wanted, int(until[end:].min(initial=END)) - 1))
        chunks += [make_chunk(now)] * draw(st.integers(0, 2))
    return [*chunks, make_chunk(END)]


@pytest.fixture(scope="module")
def whole(_compiled: None) -> Outcome:
    return Outcome(WHOLE)


@settings(max_examples=40)
@given(chunks=slicings())
def test_law_1_any_slicing_gives_the_same_bits(chunks: list[Chunk], whole: Outcome) -> None:
    found = Outcome(chunks)
    for hop in SCHEMAS:
        assert same_bits(found.tables[hop], whole.tables[hop]), hop
    assert found.digest == whole.digest
    assert found.counts == whole.counts


def test_law_1_speaks_of_a_session_in_which_everything_happens(whole: Outcome) -> None:
    assert whole.counts.late > 3
    assert whole.tables["bars"].column("is_filled").to_pylist().count(True) > 20
    assert whole.tables["pairs"].num_rows > 120
    assert whole.tables["events"].num_rows > 5


def test_law_1_compiled_and_interpreted_give_the_same_bits(whole: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled.is_ready()
    for made in compiled._kernels:
        monkeypatch.setattr(made, "_compiled", None)
    interpreted = Outcome(WHOLE)
    for hop in SCHEMAS:
        assert same_bits(interpreted.tables[hop], whole.tables[hop]), hop
    assert interpreted.digest == whole.digest


@settings(max_examples=30)
@given(cut=st.integers(0, SESSION.num_rows), now=st.integers(0, 85))
def test_law_4_cutting_off_the_future_changes_no_past_row(cut: int, now: int, whole: Outcome) -> None:
    until = int(deadlines(SESSION)[cut:].min(initial=END)) - 1
    part = Outcome([make_chunk(min(until, START + now * SECOND), SESSION.slice(0, cut))])
    for hop in SCHEMAS:
        assert same_bits(part.tables[hop], whole.tables[hop].slice(0, part.tables[hop].num_rows)), hop


@settings(max_examples=30)
@given(
    spoiled=st.lists(st.tuples(st.integers(0, SESSION.num_rows - 1), st.integers(0, 7)), max_size=60),
    cuts=st.sets(st.integers(0, SESSION.num_rows), max_size=5),
)
def test_law_6_nothing_is_lost_silently_whatever_comes(spoiled: list[tuple[int, int]], cuts: set[int]) -> None:
    columns = {name: SESSION.column(name).to_pylist() for name in TRADES.names}
    for row, how in spoiled:
        name, value = [
            ("price", math.nan),
            ("price", -1.0),
            ("price", math.inf),
            ("qty", 0.0),
            ("qty", math.nan),
            ("symbol", "unknown"),
            ("ts", columns["ts"][0]),
            ("recv_ts", columns["recv_ts"][-1]),
        ][how]
        columns[name][row] = value
    rows = pa.RecordBatch.from_pydict(columns, schema=TRADES)
    edges = [0, *sorted(cuts), SESSION.num_rows]
    times = rows.column("ts").cast(pa.int64()).to_numpy()
    # Not made with make_chunk, which would put the rows back in order.
    chunks = [
        Chunk(rows.slice(begin, end - begin), empty(MARKS), int(times[: max(1, end)].max()))
        for begin, end in pairwise(edges)
    ]
    outcome = Outcome([*chunks, make_chunk(END)])
    counts = outcome.counts
    assert counts.trades == SESSION.num_rows
    assert counts.trades == counts.barred + counts.late + sum(counts.rejected.values())
    assert counts.forming == 0
    assert counts.barred == sum(outcome.tables["bars"].column("trade_count").to_pylist())
    for hop in ("bars", "pairs"):
        floats = [outcome.tables[hop].column(f.name).to_numpy() for f in SCHEMAS[hop] if pa.types.is_floating(f.type)]
        assert not any(np.isinf(values).any() for values in floats)
