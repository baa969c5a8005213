"""What a visitor may ask of a backtest, and the sentences on what cannot be used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.backtest.params import BacktestParams
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import RunParams
from livepairs.schema import Pair
from livepairs.views.backtest.backtestplan import FIELDS, SO_FAR, WHOLE, Plan, as_texts, first_plan, read_plan

START = Plan(rules=BacktestParams(), windows=PairParams())
levels = st.floats(0.01, 50.0)


@given(
    levels,
    st.floats(0, 1e3),
    st.none() | st.integers(1, 10**6),
    st.integers(7, 10**5),
    st.sampled_from([SO_FAR, WHOLE]),
)
def test_a_plan_survives_the_address_to_the_bit(
    entry: float, fee: float, hold: int | None, window: int, span: str
) -> None:
    rules = BacktestParams(entry=entry, exit=entry / 3, stop=None, fee_bps=fee, max_hold=hold, slippage="roll")
    plan = Plan(rules=rules, windows=PairParams(hedge_window=window), span=span)
    assert read_plan(as_texts(plan), START) == (plan, {})


def test_what_is_missing_is_as_before_and_other_names_are_passed_over() -> None:
    plan, wrong = read_plan({"entry": "1.5", "run": "abc", "pair": "ETHUSDT/BTCUSDT"}, START)
    assert wrong == {}
    assert plan == Plan(rules=BacktestParams(entry=1.5), windows=PairParams())


@pytest.mark.parametrize("text", ["", "none", "off", " None "])
def test_an_empty_stop_is_no_stop(text: str) -> None:
    plan, _ = read_plan({"stop": text}, START)
    assert plan is not None
    assert plan.rules.stop is None


@pytest.mark.parametrize(
    ("texts", "field", "sentence"),
    [
        ({"entry": "abc"}, "entry", "Entry is 'abc'; use a number."),
        ({"entry": ""}, "entry", "Entry is nothing; use a number."),
        ({"fee_bps": "nan"}, "fee_bps", "Fee 'nan' cannot be used; use a number."),
        ({"max_hold": "2.5"}, "max_hold", "Max hold '2.5' cannot be used; use a whole number, or leave it empty."),
        ({"leverage": "1e9"}, "leverage", "Leverage '1e9' is too large; use at most 1000."),
        ({"fill": "mid"}, "fill", "Fill at 'mid' is not known; use open or close."),
        ({"capital": "1" * 30}, "capital", "Capital has 30 characters; use at most 24."),
        ({"exit": "3"}, "exit", "Exit 3.0 is not below entry 2.0; a trade would end where it begins."),
        ({"stop": "1"}, "stop", "Stop 1.0 is not above entry 2.0; raise it, or leave it out."),
        ({"capital": "-5"}, "capital", "Capital -5.0 is out of range; use a number above zero."),
        ({"hedge_window": "3"}, "hedge_window", "Hedge window of 3 bars is out of range; use 7 to 1000000."),
    ],
)
def test_what_cannot_be_used_gets_a_sentence_at_its_field(texts: dict[str, str], field: str, sentence: str) -> None:
    assert read_plan(texts, START) == (None, {field: sentence})


@given(st.dictionaries(st.sampled_from([field.key for field in FIELDS]), st.text(max_size=40)))
def test_whatever_a_browser_sends_gives_a_plan_or_sentences(texts: dict[str, str]) -> None:
    plan, wrong = read_plan(texts, START)
    assert (plan is None) == bool(wrong)
    assert wrong.keys() <= {field.key for field in FIELDS}


def test_nothing_asked_is_the_run_own_levels_so_far() -> None:
    pair = Pair.parse("ETHUSDT/BTCUSDT")
    plan = first_plan(RunParams(pairs=(pair,), entry=5.0, exit=1.0, pair_params=PairParams(price="level")))
    assert (plan.rules.entry, plan.rules.exit, plan.rules.stop, plan.rules.price) == (5.0, 1.0, None, "level")
    assert plan.span == SO_FAR
