"""How the feed is going, told in event time."""

from __future__ import annotations

import math

import pytest

from livepairs.tempo import Tempo
from tests.factories import make_chunk, make_trades

SECOND = 1_000_000
START = 1_700_000_000 * SECOND


def test_nothing_is_known_before_the_first_trade() -> None:
    tempo = Tempo()
    tempo.update(make_chunk(START))
    assert tempo.last_price == tempo.last_trade_us == tempo.trades_per_s(START) == {}


def test_last_price_and_trade_are_of_the_newest_row() -> None:
    tempo = Tempo()
    trades = [make_trades("A", [START, START + 5], price=[1.0, 2.0]), make_trades("B", [START + 2], price=7.0)]
    tempo.update(make_chunk(START + 5, *trades))
    assert tempo.last_price == {"A": 2.0, "B": 7.0}
    assert tempo.last_trade_us == {"A": START + 5, "B": START + 2}


@pytest.mark.parametrize(("price", "qty"), [(math.nan, 1.0), (-1.0, 1.0), (0.0, 1.0), (math.inf, 1.0), (3.0, 0.0)])
def test_a_row_that_no_bar_takes_is_not_the_last_price(price: float, qty: float) -> None:
    """A NaN price once reached the screen, and the indicative z with it."""
    tempo = Tempo()
    tempo.update(make_chunk(START, make_trades("A", [START, START + 1], price=[2.0, price], qty=[1.0, qty])))
    assert (tempo.last_price, tempo.last_trade_us) == ({"A": 2.0}, {"A": START})
    tempo.update(make_chunk(START + 2, make_trades("A", [START + 2], price=price, qty=qty)))
    assert tempo.last_price == {"A": 2.0}


def test_rows_fetched_after_a_gap_do_not_turn_the_last_price_back() -> None:
    tempo = Tempo()
    tempo.update(make_chunk(START + 9, make_trades("A", [START + 9], price=9.0)))
    tempo.update(make_chunk(START + 9, make_trades("A", [START + 5], price=5.0)))
    assert (tempo.last_price, tempo.last_trade_us) == ({"A": 9.0}, {"A": START + 9})


def test_rate_is_over_ten_seconds_or_since_the_first_trade() -> None:
    tempo = Tempo()
    for second in range(30):
        now = START + second * SECOND
        tempo.update(make_chunk(now, make_trades("A", [now - k * 1000 for k in range(3, -1, -1)])))
        # At second s the trades of the seconds 0 to s have come; the first of them are 3 ms older than the first now.
        expected = 4 * min(second + 1, 10) / min(max(second + 0.003, 1.0), 10.0)
        assert tempo.trades_per_s(now)["A"] == pytest.approx(expected, rel=0.11)
    assert tempo.trades_per_s(START + 29 * SECOND)["A"] == pytest.approx(4.0, rel=0.03)
    tempo.update(make_chunk(START + 60 * SECOND))
    assert tempo.trades_per_s(START + 60 * SECOND) == {"A": 0.0}


def test_a_large_chunk_after_a_seek_counts_as_the_seconds_it_spans() -> None:
    """All rows of an hour in one chunk were once counted as ten seconds' worth of trades."""
    tempo = Tempo()
    hour = make_trades("A", [START + k * SECOND for k in range(3600)])
    tempo.update(make_chunk(START + 3599 * SECOND, hour))
    assert tempo.trades_per_s(START + 3599 * SECOND) == {"A": 1.0}
