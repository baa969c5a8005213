"""A link holds a moment: what is written is read back the same, and what cannot be shown is said exactly."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.errors import ConfigError
from livepairs.moment import Measures, Moment, check_moment, read_moment, to_iso, to_query
from livepairs.schema import INTERVALS_US, Pair

TIMES = st.integers(0, 4_102_444_800_000_000)
HERE = {
    "name": "monday",
    "digest": "0123456789abcdef" * 4,
    "symbols": ("BTCUSDT", "ETHUSDT"),
    "span_us": (1_723_161_000_000_000, 1_723_162_000_000_000),
}
numbers = st.floats(0, 1e6, allow_nan=False)

moments = st.builds(
    Moment,
    run=st.sampled_from(["", "abcdefgh"]),
    recording=st.sampled_from(["", "demo", "a.b-c_1"]),
    digest=st.sampled_from(["", "0123456789abcdef"]),
    at_us=st.none() | TIMES,
    pair=st.none() | st.just(Pair("ETHUSDT", "BTCUSDT")),
    speed=st.none() | st.just(inf) | st.floats(0.1, 1000),
    plays=st.none() | st.booleans(),
    zoom_us=st.none() | st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] < pair[1]),
    rule=st.sampled_from(["", "z-score", "two words & more"]),
    measures=st.builds(
        Measures,
        bars=st.none() | st.sampled_from(list(INTERVALS_US)),
        price=st.none() | st.sampled_from(["log", "level"]),
        hedge=st.none() | st.integers(3, 100_000),
        grace_ms=st.none() | numbers,
        fire=st.none() | numbers,
        healed=st.none() | st.booleans(),
    ),
)


@given(moment=moments)
def test_what_a_link_says_is_read_back_the_same(moment):
    assert read_moment(dict(parse_qsl(to_query(moment)))) == moment


@pytest.mark.parametrize(
    ("text", "time_us"),
    [
        ("1723161372500000", 1_723_161_372_500_000),
        ("2024-08-08T23:56:12.5Z", 1_723_161_372_500_000),
        ("2024-08-09T01:56:12.500000+02:00", 1_723_161_372_500_000),
        ("2024-08-08 23:56", 1_723_161_360_000_000),
    ],
)
def test_a_time_may_be_written_in_the_usual_ways(text, time_us):
    assert read_moment({"at": text}).at_us == time_us


@pytest.mark.parametrize(
    ("name", "text", "advice"),
    [
        ("at", "yesterday", "it must be a time"),
        ("at", "9" * 40, "it must be a time"),
        ("x0", "1e3", "it must be a time"),
        ("speed", "1001", "0.1 to 1000, or max"),
        ("speed", "nan", "0.1 to 1000, or max"),
        ("digest", "../etc/passwd", "8 to 64 letters"),
        ("hedge", "3.5", "a whole number"),
        ("fire", "inf", "a number"),
        ("healed", "yes", "0 or 1"),
        ("bars", "7s", "use one of"),
        ("pair", "ETH-BTC", "Y/X"),
    ],
)
def test_what_cannot_be_read_is_said_with_what_is_allowed(name, text, advice):
    with pytest.raises(ConfigError, match=advice):
        read_moment({name: text})


def test_names_that_are_none_of_a_link_s_are_passed_over():
    assert read_moment({"theme": "dark", "span": "whole", "entry": "x"}) == Moment()


def test_a_moment_that_is_there_may_be_shown():
    check_moment(Moment(), **HERE)
    wanted = Moment(digest="01234567", at_us=HERE["span_us"][1], pair=Pair("ETHUSDT", "BTCUSDT"))
    check_moment(wanted, **HERE)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"digest": "ffffffffffffffff"}, "'monday' with digest ffffffffffffffff, and the one here has digest 01234567"),
        ({"pair": Pair("SOLUSDT", "BTCUSDT")}, "symbol 'SOLUSDT' of pair 'SOLUSDT/BTCUSDT' is not in the source"),
        ({"at_us": 1_723_160_999_999_999}, "goes from 2024-08-08T23:50:00Z to 2024-08-09T00:06:40Z"),
        ({"at_us": 1_723_162_000_000_001}, "asks for 2024-08-09T00:06:40.000001Z"),
    ],
)
def test_what_is_missing_is_said_exactly(change, said):
    with pytest.raises(ConfigError, match=said):
        check_moment(replace(Moment(), **change), **HERE)


def test_a_time_keeps_its_microseconds():
    assert to_iso(1_723_161_372_000_001) == "2024-08-08T23:56:12.000001Z"
