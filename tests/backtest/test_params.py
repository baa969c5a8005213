"""Parameters are checked where they enter, and say what to do."""

from __future__ import annotations

import math

import pytest

from livepairs.backtest.params import BacktestParams
from livepairs.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"entry": 0.0}, r"entry 0\.0 is out of range; use a number above zero"),
        ({"entry": math.nan}, "entry nan is out of range"),
        ({"exit": -0.1}, r"exit -0\.1 is out of range; use a number of at least 0"),
        ({"exit": 2.0}, r"exit 2\.0 is not below entry 2\.0"),
        ({"stop": 2.0}, r"stop 2\.0 is not above entry 2\.0; raise it, or leave it out"),
        ({"stop": math.inf}, "stop inf is not above entry"),
        ({"max_hold": 0}, "max_hold 0 is not a number of bars"),
        ({"max_hold": 1.5}, r"max_hold 1\.5 is not a number of bars"),
        ({"fee_bps": -1.0}, "fee_bps .* at least 0"),
        ({"slippage_bps": math.inf}, "slippage_bps inf"),
        ({"capital": 0.0}, "capital .* above zero"),
        ({"leverage": -1.0}, "leverage .* above zero"),
        ({"fill": "mid"}, "fill 'mid' is not known; use open or close"),
        ({"price": "lin"}, "price 'lin' is not known; use log or level"),
        ({"slippage": "half"}, "slippage 'half' is not known; use bps or roll"),
    ],
)
def test_a_value_out_of_range_says_what_is_allowed(given: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        BacktestParams(**given)


def test_defaults_are_those_of_the_specification() -> None:
    params = BacktestParams()
    assert (params.entry, params.exit, params.stop, params.max_hold) == (2.0, 0.5, 4.0, None)
    assert (params.fee_bps, params.slippage_bps, params.capital, params.leverage) == (5.0, 1.0, 10_000.0, 1.0)
    assert (params.fill, params.price) == ("open", "log")


def test_changes_by_name_keep_the_rest_and_suggest_the_nearest() -> None:
    changed = BacktestParams.of(BacktestParams(fee_bps=2.0), entry=1.5)
    assert (changed.entry, changed.fee_bps) == (1.5, 2.0)
    assert BacktestParams.of(None) == BacktestParams()
    with pytest.raises(ConfigError, match=r"no parameter 'fee_bp' \(did you mean 'fee_bps'\?\)"):
        BacktestParams.of(None, fee_bp=1.0)
