"""The text form of a synthetic market, and what is said of one that makes no sense."""

from __future__ import annotations

import pytest

from livepairs.errors import ConfigError
from livepairs.schema import Pair
from livepairs.sources.synthetic_params import SyntheticParams


def test_the_text_form_is_read_and_written() -> None:
    params = SyntheticParams.parse("synthetic:?seed=3&hours=0.5&late=0&start=2025-12-31T23:59")
    assert params == SyntheticParams(seed=3, hours=0.5, late=0, start="2025-12-31T23:59")
    assert SyntheticParams.parse(str(params)) == params
    assert str(SyntheticParams()) == "synthetic:?seed=7"


def test_what_is_not_named_keeps_its_default() -> None:
    assert SyntheticParams.parse("synthetic:") == SyntheticParams()
    assert SyntheticParams.parse("synthetic:?") == SyntheticParams()


def test_the_start_is_in_utc() -> None:
    assert SyntheticParams(start="1970-01-02T00:00").start_us == 86_400_000_000


def test_the_pair_is_among_the_symbols() -> None:
    params = SyntheticParams()
    assert params.pair == Pair(y="ETHUSDT", x="BTCUSDT")
    params.pair.check_symbols(params.symbols)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("synthetic:?sead=7", "no key 'sead' in a synthetic source (did you mean 'seed'?); there are seed, hours,"),
        ("synthetic:?seed=7&seed=8", "source 'synthetic:?seed=7&seed=8' sets 'seed' twice; set it once"),
        ("synthetic:?seed=x", "synthetic seed is 'x'; it must be a whole number"),
        ("synthetic:?seed=", "synthetic seed is ''; it must be a whole number"),
        ("synthetic:?hours=long", "synthetic hours is 'long'; it must be a number"),
        ("synthetic:?seed=-1", "synthetic seed is -1; it must be 0 or more, up to 4294967295"),
        ("synthetic:?hours=0", "synthetic hours is 0.0; it must be 0.01 or more, up to 8760"),
        ("synthetic:?rate=inf", "synthetic rate is inf; it must be 0.1 or more, up to 100000"),
        ("synthetic:?gap_min=nan", "synthetic gap_min is nan; it must be 0 or more"),
        ("synthetic:?start=yesterday", "synthetic start is 'yesterday'; write date and minute in UTC"),
        ("sinthetic:?seed=7", "source 'sinthetic:?seed=7' is not synthetic; write for example"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SyntheticParams.parse(text)
    assert str(caught.value).startswith(message)
