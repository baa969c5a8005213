"""Paper trading on a running pipeline is the batch backtest of the same rows: bit for bit, also after a seek."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.backtest.engine import run_backtest
from livepairs.backtest.funding import Funding, known_funding
from livepairs.backtest.outlook import FundingDue
from livepairs.hub import paper
from livepairs.hub.paper import Account, Ledger, PaperDesk, paper_rules
from livepairs.hub.recordedmarks import RecordedMarks
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import Pair
from livepairs.stats.compiled import prepare
from livepairs.tables import ring
from tests.factories import make_chunk, make_marks, make_trades
from tests.hub.test_run_shows_what_playing_shows import PARAMS as HELD_PARAMS
from tests.hub.test_run_shows_what_playing_shows import Held
from tests.memory_recording import START_US

SECOND = 1_000_000
PAIR = Pair("Y", "X")
ADDED = Pair("X", "Y")
PARAMS = RunParams((PAIR,), pair_params=PairParams(13, 7, 5), entry=1.2, exit=0.3)


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    prepare()


def prices(seconds: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    x = 60_000.0 * np.exp(1e-4 * np.cumsum(dice.normal(size=4 * seconds)))
    return 0.05 * x * np.exp(4e-4 * dice.normal(size=4 * seconds)), x


def feed(pipeline: Pipeline, market: tuple[np.ndarray, np.ndarray], first_s: int, last_s: int) -> None:
    """Hand in some seconds of the market, four trades each, and close their bars."""
    times = [START_US + 250_000 * step for step in range(4 * first_s, 4 * last_s)]
    rows = [make_trades(leg, times, price=p[4 * first_s : 4 * last_s]) for leg, p in zip("YX", market, strict=True)]
    pipeline.update(make_chunk(START_US + last_s * SECOND + PARAMS.grace_us, *rows))


def check(account: Account, ledger: Ledger, pipeline: Pipeline, funding: Funding | None = None) -> int:
    """Assert that what the ledger has come to is the batch's result, and return its closed trades."""
    tables = pipeline.tables
    pairs, bars = tables.pairs.since(None).rows, tables.bars.since(None).rows
    batch = run_backtest(pairs, bars, ledger.machine.params, pair=ledger.pair, funding=funding)
    ended = ledger.machine.finish().trades if account.position else account.trades.slice(0, 0)
    assert pa.concat_tables([account.trades, ended]).equals(batch.trades)
    total = 0.0
    for net in batch.trades.column("pnl_net").to_pylist()[: account.trade_count]:
        total += net
    assert account.realised == total
    assert (account.position is not None) == ("end" in batch.trades.column("reason").to_pylist())
    return account.trade_count


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=8))
def test_however_it_is_sliced_and_looked_at_the_trades_are_the_batchs(seed: int, steps: list[tuple[int, bool]]) -> None:
    market = prices(8 * 40, seed)
    funding = known_funding(None, pa.Table.from_batches([make_marks(leg, [START_US]) for leg in "YX"]))
    pipeline = Pipeline(("Y", "X"), PARAMS)
    ledger = Ledger(pipeline.tables, PAIR, paper_rules(PARAMS), interval_us=SECOND)
    at = 0
    for seconds, is_looked_at in steps:
        feed(pipeline, market, at, at + seconds)
        at += seconds
        if is_looked_at:
            ledger.look(funding)
    check(ledger.look(funding), ledger, pipeline, funding)
    pipeline.close()


def test_there_is_something_to_compare() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS)
    ledger = Ledger(pipeline.tables, PAIR, paper_rules(PARAMS), interval_us=SECOND)
    for second in range(0, 300, 5):
        feed(pipeline, prices(300, 3), second, second + 5)
        account = ledger.look()
    assert account.since_us == START_US
    assert account.until_us == START_US + 299 * SECOND
    assert not account.has_funding
    assert check(account, ledger, pipeline) > 10
    pipeline.close()


@pytest.mark.parametrize("seconds", [(70, 20), (20, 70)])
def test_a_seek_either_way_begins_anew_with_the_rows_there_are_then(seconds: tuple[int, int]) -> None:
    held = Held()
    desk = PaperDesk(held.pipeline.tables, HELD_PARAMS)
    held.run._paper = desk
    pair = HELD_PARAMS.pairs[0]

    async def body(held: Held) -> None:
        held.control.pause()
        for second in seconds:
            held.control.seek(START_US + second * SECOND)
            await held.settle()
            ledger = desk._ledgers.get(pair)
            account = desk.look(pair)
            assert account is not None
            ledger = desk._ledgers[pair]
            counts.append(check(account, ledger, held.pipeline))
            ledger.machine.reset()  # the check has ended its position
            ledger._pairs_at = ledger._bars_at = None

    counts: list[int] = []
    held.play(body)
    assert max(counts) > 1
    assert len(set(counts)) == 2


def test_rows_that_come_before_their_bars_wait_for_them() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS)
    feed(pipeline, prices(90, 3), 0, 90)
    pairs, bars = pipeline.tables.pairs.tail(999), pipeline.tables.bars.tail(999)
    early = Pipeline(("Y", "X"), PARAMS)
    ledger = Ledger(early.tables, PAIR, paper_rules(PARAMS), interval_us=SECOND)
    for batch in pairs.to_batches():
        early.tables.pairs.append(batch)
    assert ledger.look().until_us is None
    for batch in bars.slice(0, 100).combine_chunks().to_batches():
        early.tables.bars.append(batch)
    assert ledger.look().until_us == START_US + 49 * SECOND
    for batch in bars.slice(100).combine_chunks().to_batches():
        early.tables.bars.append(batch)
    check(ledger.look(), ledger, pipeline)


def test_a_look_in_the_middle_of_a_seek_changes_nothing() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS)
    ledger = Ledger(pipeline.tables, PAIR, paper_rules(PARAMS), interval_us=SECOND)
    feed(pipeline, prices(60, 3), 0, 60)
    before = ledger.look()
    pipeline.tables.bars.reset()
    assert ledger.look() == before
    pipeline.tables.pairs.reset()
    assert ledger.look().until_us is None
    pipeline.close()


def test_a_pair_computed_anew_from_the_bars_at_hand_is_traded_anew() -> None:
    """A live run that takes in another pair resets PAIRS, and leaves BARS as they are."""
    pipeline = Pipeline(("Y", "X"), PARAMS)
    ledger, other = (Ledger(pipeline.tables, pair, paper_rules(PARAMS), interval_us=SECOND) for pair in (PAIR, ADDED))
    feed(pipeline, prices(90, 3), 0, 60)
    before = ledger.look()
    assert other.look().until_us is None
    pipeline.widen(replace(PARAMS, pairs=(PAIR, ADDED)))
    assert ledger.look() == before
    feed(pipeline, prices(90, 3), 60, 90)
    check(other.look(), other, pipeline)
    assert check(ledger.look(), ledger, pipeline) > before.trade_count
    pipeline.close()


def test_a_ledger_that_fell_behind_the_bars_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "SMALL_ROWS", 4)
    pipeline = Pipeline(("Y", "X"), PARAMS, limit_rows=40)
    ledger = Ledger(pipeline.tables, PAIR, paper_rules(PARAMS), interval_us=SECOND)
    for second in range(0, 90, 2):
        feed(pipeline, prices(90, 3), second, second + 2)
        if second == 2:
            ledger.look()
    account = ledger.look()
    assert account.since_us is not None
    assert account.since_us > START_US + 60 * SECOND
    assert account.until_us == START_US + 89 * SECOND
    pipeline.close()


def test_a_desk_nobody_looks_at_keeps_within_reach_of_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "BEHIND_ROWS", 50)
    pipeline = Pipeline(("Y", "X"), PARAMS, limit_rows=100)
    desk = PaperDesk(pipeline.tables, PARAMS)
    desk.look(PAIR)
    market = prices(600, 3)
    for second in range(0, 600, 2):
        feed(pipeline, market, second, second + 2)
        desk.heed()
    account = desk.look(PAIR)
    assert account is not None
    assert account.since_us == START_US
    assert account.trade_count > 20
    pipeline.close()


def test_funding_of_a_recording_is_read_aside_once() -> None:
    may_read, reads = threading.Event(), []

    def marks() -> pa.Table:
        may_read.wait(10)
        reads.append(1)
        return pa.Table.from_batches([make_marks(leg, [START_US]) for leg in "YX"])

    pipeline = Pipeline(("Y", "X"), PARAMS)
    desk = PaperDesk(pipeline.tables, PARAMS, SimpleNamespace(marks=marks))  # type: ignore[arg-type]
    assert desk.look(PAIR) is None
    may_read.set()
    desk.wait()
    account = desk.look(PAIR)
    assert account is not None
    assert account.has_funding
    assert reads == [1]
    pipeline.close()


def test_marks_that_cannot_be_read_are_said_to_whoever_looks() -> None:
    def marks() -> pa.Table:
        raise OSError("gone")

    pipeline = Pipeline(("Y", "X"), PARAMS)
    desk = PaperDesk(pipeline.tables, PARAMS, SimpleNamespace(marks=marks))  # type: ignore[arg-type]
    with pytest.raises(OSError, match="gone"):
        desk._begin_reading().result(10)
    with pytest.raises(OSError, match="gone"):
        desk.look(PAIR)
    pipeline.close()


def test_what_is_due_is_what_was_known_at_the_last_closed_bar() -> None:
    marks = pa.Table.from_batches([make_marks(leg, [START_US, START_US + 20 * SECOND]) for leg in "YX"])
    pipeline = Pipeline(("Y", "X"), PARAMS)
    desk = PaperDesk(pipeline.tables, PARAMS, SimpleNamespace(marks=lambda: marks))  # type: ignore[arg-type]
    assert desk.due(PAIR) is None
    desk._begin_reading().result(10)
    for until_s, expected in ((15, FundingDue(1e-4, 1e-4, 3585 * SECOND, 3585 * SECOND)), (90, None)):
        feed(pipeline, prices(90, 3), 0 if until_s == 15 else 15, until_s)
        desk.look(PAIR)
        assert desk.due(PAIR) == expected
    assert RecordedMarks.of(marks).due(Pair("Y", "Z"), START_US) is None
    assert RecordedMarks.of(marks).due(PAIR, START_US - 1) is None
    pipeline.close()


def test_a_run_pays_for_paper_trading_only_once_it_is_asked_for() -> None:
    held = Held()

    async def body(held: Held) -> None:
        await held.let_pass(5 * SECOND)
        assert held.run._paper is None
        held.run._setup.recording.marks = lambda: pa.Table.from_batches([make_marks("AAA", [START_US])])
        assert held.run.paper is held.run.paper
        held.run.paper._begin_reading().result(10)
        await held.let_pass(5 * SECOND)
        account = held.run.paper.look(HELD_PARAMS.pairs[0])
        assert account is not None
        assert not account.has_funding

    held.play(body)
