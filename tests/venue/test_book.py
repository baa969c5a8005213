"""The book: places, ids and times, and what is forgotten."""

from __future__ import annotations

import numpy as np

from livepairs.venue.book import SymbolBook
from livepairs.venue.tape import Fills


def fills(count: int, first_id: int) -> Fills:
    """Return trades at prices that count up."""
    return Fills(
        np.zeros(count, np.int64),
        np.arange(first_id, first_id + count),
        1.0 + np.arange(count),
        np.ones(count),
        np.zeros(count, np.bool_),
    )


def test_ids_go_on_from_the_first_recorded_one():
    book = SymbolBook("A")
    book.append(fills(3, 50), np.array([1, 2, 3]))
    book.append(fills(2, 53), np.array([4, 5]))
    assert book.rows(0, 9).trade_id.tolist() == [50, 51, 52, 53, 54]
    assert not book.is_renumbered
    book.append(fills(1, 99), np.array([6]))
    assert book.rows(5, 6).trade_id.tolist() == [55]
    assert book.is_renumbered


def test_time_never_goes_back():
    book = SymbolBook("A")
    book.append(fills(3, 1), np.array([5, 3, 7]))
    book.append(fills(1, 4), np.array([6]))
    assert book.rows(0, 4).ts_us.tolist() == [5, 5, 7, 7]


def test_places_are_found_by_time():
    book = SymbolBook("A")
    book.append(fills(3, 1), np.array([10, 20, 20]))
    assert [book.place_of_time(at) for at in (0, 10, 11, 20, 21)] == [0, 0, 1, 1, 3]


def test_old_trades_are_forgotten_and_places_stay():
    book = SymbolBook("A")
    count = 20_000
    book.append(fills(count, 1), np.arange(count))
    book.forget(15_000)
    assert 4_000 < book.start <= 15_000
    assert book.rows(0, count).trade_id.tolist() == list(range(book.start + 1, count + 1))
    assert book.place_of_time(17_000) == 17_000
    book.append(fills(3, count + 1), np.arange(count, count + 3))
    assert book.at(np.array([count + 2])).trade_id.tolist() == [count + 3]
    assert not book.is_renumbered


def test_last_price_is_that_of_the_last_trade_with_one():
    book = SymbolBook("A")
    assert book.last_price() is None
    book.append(fills(3, 1), np.array([1, 2, 3]))
    zero = Fills(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1), np.zeros(1), np.zeros(1, np.bool_))
    book.append(zero, np.array([4]))
    assert book.last_price() == 3.0
