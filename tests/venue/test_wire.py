"""The wire: messages byte for byte as real ones, and bulk writing that equals plain writing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.venue.book import Rows
from livepairs.venue.bulk import bulk_agg_trades
from livepairs.venue.wire import Style, agg_trades, decimals_of, framed, in_envelope, numbers, raw_trades


def rows(**columns) -> Rows:
    """Return one trade, or several, with the given columns."""
    whole = {
        "trade_id": [3477868433],
        "first_id": [8153634393],
        "ts_us": [1791382992338000],
        "price": [83091.7],
        "qty": [0.022],
        "buyer_is_maker": [False],
    } | columns
    kinds = [np.int64, np.int64, np.int64, np.float64, np.float64, np.bool_]
    return Rows(*(np.array(values, kind) for values, kind in zip(whole.values(), kinds, strict=True)))


def test_aggregated_trade_is_written_as_it_was_seen_live_in_october_2026():
    """Here l equals f, as each of our aggregated trades is one fill."""
    seen = (
        '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1791382992488,"a":3477868433,"s":"BTCUSDT",'
        '"p":"83091.70","q":"0.022","nq":"0.022","f":8153634393,"l":8153634393,"T":1791382992338,"m":false,"st":1}}'
    )
    messages = agg_trades(rows(), Style("BTCUSDT"), event_us=150_000)
    assert in_envelope("btcusdt@aggTrade", messages) == [seen]


def test_row_of_rest_has_neither_event_nor_symbol_nor_market():
    """As in a live answer of October 2026."""
    given_rows = rows(
        trade_id=[3477868380],
        first_id=[8153634282],
        ts_us=[1791382990569000],
        price=[83084.3],
        qty=[0.002],
        buyer_is_maker=[True],
    )
    assert agg_trades(given_rows, Style("BTCUSDT"), event_us=0, is_rest=True) == [
        '{"a":3477868380,"p":"83084.30","q":"0.002","nq":"0.002","f":8153634282,"l":8153634282,'
        '"T":1791382990569,"m":true}'
    ]


def test_spent_id_is_a_raw_trade_with_x_na_and_zeros():
    """As seen live in August 2026."""
    spent = rows(first_id=[7950493454], ts_us=[1785780046071000], price=[0.0], qty=[0.0], buyer_is_maker=[True])
    assert raw_trades(spent, Style("BTCUSDT"), event_us=1_000) == [
        '{"e":"trade","E":1785780046072,"T":1785780046071,"s":"BTCUSDT","t":7950493454,"p":"0","q":"0","X":"NA",'
        '"m":true,"st":1}'
    ]


def test_spot_has_its_own_order_eight_decimals_and_either_unit():
    style = Style("BTCUSDT", "spot", price_decimals=8, qty_decimals=8)
    assert agg_trades(rows(), style, event_us=1_000) == [
        '{"e":"aggTrade","E":1791382992339,"s":"BTCUSDT","a":3477868433,"p":"83091.70000000","q":"0.02200000",'
        '"f":8153634393,"l":8153634393,"T":1791382992338,"m":false,"M":true}'
    ]
    micro = Style("BTCUSDT", "spot", price_decimals=8, qty_decimals=8, unit_us=1)
    assert raw_trades(rows(), micro, event_us=1_000) == [
        '{"e":"trade","E":1791382992339000,"s":"BTCUSDT","t":8153634393,"p":"83091.70000000","q":"0.02200000",'
        '"T":1791382992338000,"m":false,"M":true}'
    ]


def test_keys_can_be_left_out_and_added():
    style = Style("BTCUSDT", without=frozenset({"nq", "st"}), extra='"zz":{"new":[1,null]}')
    message = agg_trades(rows(), style, event_us=0)[0]
    assert '"nq"' not in message
    assert message.endswith('"m":false,"zz":{"new":[1,null]}}')


@settings(max_examples=25)
@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=20), st.integers(0, 8))
def test_written_numbers_read_back_as_the_very_same(values, decimals):
    texts = numbers(np.array(values), decimals)
    assert [float(text) for text in texts] == values
    assert not any("e" in text for text in texts)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20), st.integers(0, 6))
def test_decimals_needed_are_found(units, decimals):
    values = np.array(units) / 10.0**decimals
    found = decimals_of(values)
    assert found <= decimals
    assert [float(f"{value:.{found}f}") for value in values] == values.tolist()


@pytest.mark.parametrize(
    ("size", "head"), [(125, b"\x81\x7d"), (126, b"\x81\x7e\x00\x7e"), (65_536, b"\x81\x7f" + b"\0" * 5 + b"\x01\0\0")]
)
def test_frames_say_their_length_as_rfc_6455_wants(size, head):
    frames = framed([b"x" * size])
    assert frames.content == head + b"x" * size
    assert list(frames.split()) == [frames.content]


trades = st.lists(
    st.tuples(st.integers(1, 10**7), st.integers(0, 10**6), st.booleans(), st.integers(0, 10**10)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=25)
@given(trades, st.integers(0, 5), st.integers(0, 4), st.sampled_from([None, "btcusdt@aggTrade"]), st.integers(0, 999))
def test_bulk_writes_the_same_bytes(values, price_decimals, qty_decimals, stream, shift):
    price, qty, maker, gaps = (np.array(column) for column in zip(*values, strict=True))
    many = Rows(
        np.arange(len(values)) + 9_990,
        np.arange(len(values)) + 9_990 + shift,
        1_600_000_000_000_000 + np.cumsum(gaps),
        price / 10.0**price_decimals,
        qty / 10.0**qty_decimals,
        maker.astype(np.bool_),
    )
    style = Style("BTCUSDT", price_decimals=price_decimals, qty_decimals=qty_decimals)
    plain = agg_trades(many, style, event_us=150_000)
    expected = framed(in_envelope(stream, plain) if stream else plain)
    found = bulk_agg_trades(many, style, event_us=150_000, stream=stream)
    assert found is not None
    assert (found.content, found.sizes) == (expected.content, expected.sizes)


def test_bulk_leaves_to_plain_writing_what_it_cannot_do():
    beside = [
        (rows(price=[0.1234567]), Style("BTCUSDT")),
        (rows(), Style("BTCUSDT", "spot")),
        (rows(), Style("BTCUSDT", without=frozenset({"nq"}))),
        (rows(), Style("BTCUSDT", extra='"zz":1')),
    ]
    assert [bulk_agg_trades(given_rows, style, event_us=0, stream=None) for given_rows, style in beside] == [None] * 4
