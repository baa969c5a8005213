"""Rows of the venue's dump files, written by hand after the columns and defects the venue's users report."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.exchanges import RowError
from livepairs.exchanges.binance_dumps import DumpFormat, DumpRows, parse, recognise, symbol_of

UM_AGG = b"2300000001,60000.1,0.005,5000000001,5000000002,1723075200123,true\n"
UM_TRADE = b"5000000001,60000.1,0.005,300.0005,1723075200123,true\n"
SPOT_AGG = b"3100000001,60000.10000000,0.00500000,4000000001,4000000002,1735689600123456,True,True\n"
SPOT_TRADE = b"4000000001,60000.10000000,0.00500000,300.00050000,1735689600123456,False,True\n"
UM_AGG_HEADER = b"agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
UM_TRADE_HEADER = b"id,price,qty,quote_qty,time,is_buyer_maker\n"


def format_of(line: bytes) -> DumpFormat:
    found = recognise(line)
    assert found is not None
    return found


def read(line: bytes, block: bytes | None = None) -> DumpRows:
    return parse(line if block is None else block, format_of(line))


@pytest.mark.parametrize(
    ("line", "kind", "market", "has_header"),
    [
        (UM_AGG, "aggTrade", "um", False),
        (UM_TRADE, "trade", "um", False),
        (SPOT_AGG, "aggTrade", "spot", False),
        (SPOT_TRADE, "trade", "spot", False),
        (UM_AGG_HEADER, "aggTrade", "um", True),
        (UM_TRADE_HEADER, "trade", "um", True),
    ],
)
def test_format_is_told_by_the_first_line(line: bytes, kind: str, market: str, has_header: bool) -> None:
    found = format_of(line)
    assert (found.kind, found.market, found.has_header) == (kind, market, has_header)


@pytest.mark.parametrize("line", [b"", b"a,b,c", b"1,2,3,4,5,6", b"1,2,3,4,5,6,7,8", b"time,price,size,x,y,z", b"\xff"])
def test_other_lines_are_no_dump(line: bytes) -> None:
    assert recognise(line) is None


@pytest.mark.parametrize(
    ("line", "time_us", "maker"),
    [
        (UM_AGG, 1723075200123000, True),
        (UM_TRADE, 1723075200123000, True),
        (SPOT_AGG, 1735689600123456, True),
        (SPOT_TRADE, 1735689600123456, False),
    ],
)
def test_row_is_read_with_ms_or_us_and_either_spelling_of_true(line: bytes, time_us: int, maker: bool) -> None:
    rows = read(line)
    assert rows.ts_us.tolist() == [time_us]
    assert (rows.price.tolist(), rows.qty.tolist()) == ([60000.1], [0.005])
    assert rows.buyer_is_maker.tolist() == [maker]


def test_columns_added_later_are_ignored_where_a_header_names_them() -> None:
    header = UM_TRADE_HEADER.strip() + b",is_rpi_trade\n"
    assert read(header, UM_TRADE.strip() + b",false\n").trade_id.tolist() == [5000000001]


def test_scientific_notation_is_read_and_counted() -> None:
    rows = read(UM_AGG, UM_AGG + b"2300000002,6.00002E+4,1e-05,1,2,1723075200124,false\n")
    assert rows.price.tolist() == [60000.1, 60000.2]
    assert rows.qty.tolist() == [0.005, 0.00001]
    assert dict(rows.repairs) == {"scientific notation": 1}


def test_time_in_scientific_notation_keeps_its_last_digit() -> None:
    rows = read(UM_AGG, b"2300000002,60000.2,1,1,2,1.723075200123E+12,false\n")
    assert rows.ts_us.tolist() == [1723075200123000]


def test_header_repeated_within_the_file_is_passed_over_and_counted() -> None:
    rows = read(UM_AGG_HEADER, UM_AGG + UM_AGG_HEADER + UM_AGG)
    assert len(rows.ts_us) == 2
    assert dict(rows.repairs) == {"repeated header": 1}


def test_blank_lines_and_windows_line_ends_are_passed_over() -> None:
    assert len(read(UM_AGG, UM_AGG.replace(b"\n", b"\r\n") + b"\r\n\n" + UM_AGG).ts_us) == 2


def test_zero_quantity_is_kept_as_a_spent_id() -> None:
    rows = read(UM_AGG, b"2300000002,0,0.0,1,2,1723075200124,false\n")
    assert rows.trade_id.tolist() == [2300000002]
    assert rows.qty.tolist() == [0.0]


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (b"x,60000.1,0.005,1,2,1723075200123,true", "trade id 'x'"),
        (b"-4,60000.1,0.005,1,2,1723075200123,true", "trade id '-4'"),
        (b"5,-60000.1,0.005,1,2,1723075200123,true", "price '-60000.1'"),
        (b"5,NaN,0.005,1,2,1723075200123,true", "price 'NaN'"),
        (b"5,,0.005,1,2,1723075200123,true", "price ''"),
        (b"5,0,0.005,1,2,1723075200123,true", "price '0'"),
        (b"5,inf,0.005,1,2,1723075200123,true", "price 'inf'"),
        (b"5,60000.1,-1,1,2,1723075200123,true", "quantity '-1'"),
        (b"5,60000.1,0.005,1,2,1723075200,true", "time '1723075200'"),
        (b"5,60000.1,0.005,1,2,4102444800000,true", "time '4102444800000'"),
        (b"5,60000.1,0.005,1,2,1723075200123456789012,true", "time '1723075200123456789012'"),
        (b"5,60000.1,0.005,1,2,1723075200123,maybe", "buyer-is-maker 'maybe'"),
        (b"5,60000.1,0.005,1,2,1723075200123", "6 columns"),
        (b"5,60000.1,0.005,1,2,1723075200123,true,9,9", "9 columns"),
        (b"\xff\xfe", "1 columns"),
    ],
)
def test_line_that_cannot_be_mended_is_named(bad: bytes, found: str) -> None:
    with pytest.raises(RowError) as raised:
        read(UM_AGG, UM_AGG + b"\n" + bad + b"\n" + UM_AGG)
    assert raised.value.line == 2
    assert raised.value.found.startswith(found)


@given(st.binary(max_size=200), st.sampled_from([UM_AGG, UM_TRADE, SPOT_AGG, SPOT_TRADE, UM_AGG_HEADER]))
def test_no_bytes_raise_anything_but_our_own_error(block: bytes, first: bytes) -> None:
    recognise(block)
    with contextlib.suppress(RowError):
        parse(first * (first is not UM_AGG_HEADER) + block, format_of(first))


def test_symbol_with_a_dash_or_underscore_is_read_from_the_file_name() -> None:
    assert symbol_of("BTCUSDT_240329-trades-2024-01.csv") == "BTCUSDT_240329"
    assert symbol_of("-trades-2024.csv") is None
