"""Binance's frames: those of tests/data are as on the wire in October 2026 and before."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livepairs.exchanges import Ack, Decoded, Notice, Refusal, Shutdown
from livepairs.exchanges.binance import decode, is_symbol
from livepairs.schema import MARKS, TRADES

FRAMES = (Path(__file__).parent.parent / "data" / "binance_frames.jsonl").read_bytes().splitlines()
AGG, TRADE, SPENT, MARK, MARKS_ARRAY, BOOK, KLINE, REPLY = FRAMES


def changed(frame: bytes, **fields: Any) -> bytes:
    """Return a combined frame with fields of its data set, or left out where they are None."""
    message = json.loads(frame)
    message["data"] = {name: value for name, value in (message["data"] | fields).items() if value is not None}
    return json.dumps(message, separators=(",", ":")).encode()


def bare(frame: bytes) -> bytes:
    return json.dumps(json.loads(frame)["data"]).encode()


def only_trade(decoded: Decoded) -> dict[str, Any]:
    (row,) = decoded.trades.to_pylist() + decoded.agg_trades.to_pylist()
    return dict(row)


@pytest.mark.parametrize("wrap", [lambda frame: frame, bare], ids=["combined", "raw"])
def test_agg_trade_becomes_a_row(wrap: Any) -> None:
    row = only_trade(decode([wrap(AGG)], [1791382992500000]))
    assert (row["symbol"], row["trade_id"], row["price"], row["qty"]) == ("BTCUSDT", 3477868433, 83091.70, 0.022)
    assert row["ts"].isoformat() == "2026-10-07T14:23:12.338000+00:00"
    assert row["recv_ts"].isoformat() == "2026-10-07T14:23:12.500000+00:00"
    assert row["buyer_is_maker"] is False


def test_every_kind_of_frame_is_a_row_or_counted() -> None:
    decoded = decode(FRAMES)
    assert decoded.trades.schema == decoded.agg_trades.schema == TRADES
    assert decoded.marks.schema == MARKS
    assert (decoded.trades.num_rows, decoded.agg_trades.num_rows, decoded.marks.num_rows) == (1, 1, 3)
    assert dict(decoded.skipped) == {"bookTicker": 1, "kline": 1, "reply": 1}
    assert dict(decoded.rejected) == {"not_market:NA": 1}
    assert decoded.malformed == ()


def test_spent_id_is_told_so_that_it_is_no_gap() -> None:
    (reject,) = decode([SPENT]).rejects
    assert (reject.kind, reject.symbol, reject.trade_id) == ("trade", "BTCUSDT", 7950493454)


def test_mark_price_carries_funding_and_its_time() -> None:
    (row,) = decode([MARK]).marks.to_pylist()
    assert (row["mark_price"], row["index_price"], row["funding_rate"]) == (83084.3, 83123.65891304, 0.00000078)
    assert row["next_funding_ts"].isoformat() == "2026-10-07T16:00:00+00:00"


def test_contract_without_funding_has_time_zero_and_no_rate() -> None:
    (row,) = decode([changed(MARK, r="", T=0)]).marks.to_pylist()
    assert math.isnan(row["funding_rate"])
    assert row["next_funding_ts"].timestamp() == 0


def test_without_receive_time_the_trade_time_stands_in() -> None:
    row = only_trade(decode([AGG]))
    assert row["recv_ts"] == row["ts"]


def test_fields_that_came_later_may_be_missing_and_unknown_ones_are_ignored() -> None:
    old = changed(AGG, nq=None, st=None)
    new = changed(AGG, ps="BTCUSDT", ap="1", invented={"deep": [1, 2]})
    assert only_trade(decode([old])) == only_trade(decode([new])) == only_trade(decode([AGG]))


def test_microseconds_of_spot_are_told_by_their_size() -> None:
    spot = changed(AGG, T=1791382992338123, E=1791382992488000, M=True, st=None, nq=None)
    assert only_trade(decode([spot]))["ts"].isoformat() == "2026-10-07T14:23:12.338123+00:00"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"p": "0"}, "bad_price"),
        ({"p": "-1"}, "bad_price"),
        ({"p": "NaN"}, "bad_price"),
        ({"p": "inf"}, "bad_price"),
        ({"q": "0"}, "bad_quantity"),
        ({"q": "-0.5"}, "bad_quantity"),
        ({"q": "Infinity"}, "bad_quantity"),
        ({"T": 0}, "bad_time"),
        ({"T": 1791382992}, "bad_time"),
        ({"T": 4102444800000}, "bad_time"),
        ({"s": "../etc"}, "bad_symbol"),
        ({"s": ""}, "bad_symbol"),
        ({"X": "INSURANCE_FUND"}, "not_market:INSURANCE_FUND"),
        ({"st": 2}, "coin_margined"),
    ],
)
@pytest.mark.parametrize("frame", [AGG, TRADE], ids=["aggTrade", "trade"])
def test_row_no_statistic_may_see_is_rejected_with_its_reason(
    frame: bytes, fields: dict[str, Any], reason: str
) -> None:
    decoded = decode([frame, changed(frame, **fields)])
    only_trade(decoded)
    assert dict(decoded.rejected) == {reason: 1}


def test_coin_margined_row_in_an_array_is_dropped() -> None:
    message = json.loads(MARKS_ARRAY)
    message["data"][1] |= {"s": "BTCUSD_PERP", "st": 2}
    decoded = decode([json.dumps(message).encode()])
    assert decoded.marks.column("symbol").to_pylist() == ["XAUUSDT"]
    assert dict(decoded.rejected) == {"mark_coin_margined": 1}


def test_symbol_of_any_script_is_kept() -> None:
    assert only_trade(decode([changed(AGG, s="币安人生USDT")]))["symbol"] == "币安人生USDT"
    assert is_symbol("BTCUSDT_261225")


def test_unknown_kind_beside_trades_costs_nothing_but_a_count() -> None:
    decoded = decode([AGG, b'{"stream":"x@new","data":{"e":"brandNew","E":5}}', TRADE, b'{"u":1,"s":"BNBUSDT"}'])
    assert (decoded.agg_trades.num_rows, decoded.trades.num_rows) == (1, 1)
    assert dict(decoded.skipped) == {"brandNew": 1, "unnamed": 1}


def test_spot_book_ticker_has_no_name_but_that_of_its_stream() -> None:
    frame = b'{"stream":"bnbusdt@bookTicker","data":{"u":400900217,"s":"BNBUSDT","b":"25.35190000"}}'
    assert dict(decode([frame]).skipped) == {"bookTicker": 1}


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"{",
        b"null",
        b"17",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        AGG[:-20],
        AGG + b"\n" + AGG,
        changed(AGG, p=None),
        changed(AGG, a=2**63),
        changed(AGG, T=-5),
        changed(AGG, p="12,5"),
        changed(AGG, p="1e999"),
        changed(AGG, s="\ud800"),
        b'{"stream":"x","data":[{"e":"trade"}]}',
    ],
)
def test_malformed_frame_is_named_by_its_position_and_the_others_are_read(frame: bytes) -> None:
    decoded = decode([AGG, frame, TRADE], [1791382992500000] * 3)
    assert [bad.position for bad in decoded.malformed] == [1]
    assert (decoded.agg_trades.num_rows, decoded.trades.num_rows) == (1, 1)


def test_smallest_lag_is_taken_over_all_frames() -> None:
    """The book ticker's event time is 1791382994658 ms, the trade's 1791382992488 ms."""
    decoded = decode([AGG, BOOK, REPLY], [1791382992488000 + 700_000, 1791382994658000 - 1_270_000, 1])
    assert decoded.min_lag_us == -1_270_000
    assert decode([REPLY], [1]).min_lag_us is None


def test_no_frames_give_no_rows() -> None:
    assert decode([]) == Decoded()


mutations = st.tuples(st.integers(0, 400), st.binary(max_size=3))


@given(st.sampled_from(FRAMES), st.lists(mutations, max_size=4))
def test_damaged_frame_never_raises(frame: bytes, changes: list[tuple[int, bytes]]) -> None:
    for at, put in changes:
        frame = frame[:at] + put + frame[at + len(put) :]
    decoded = decode([frame, TRADE], [1, 2])
    assert decoded.trades.num_rows >= 1


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_no_bytes_raise(frames: list[bytes]) -> None:
    assert len(decode(frames).malformed) <= len(frames)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["trade", "MARKET"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("epqsTtamEXri"), inner, max_size=8),
    max_leaves=12,
)


@example([{"e": []}], True)
@given(values, st.booleans())
def test_no_json_raises(value: Any, is_wrapped: bool) -> None:
    message = {"stream": "btcusdt@trade", "data": value} if is_wrapped else value
    decode([json.dumps(message).encode(), AGG], [1, 2])


@given(st.lists(st.sampled_from(FRAMES), max_size=12), st.integers(1, 12))
def test_any_slicing_gives_the_same_rows(frames: list[bytes], size: int) -> None:
    parts = [decode(frames[at : at + size]) for at in range(0, len(frames), size)]
    whole = decode(frames)
    for table in ("trades", "agg_trades", "marks"):
        rows = [row for part in parts for row in getattr(part, table).to_pylist()]
        assert str(rows) == str(getattr(whole, table).to_pylist())
    assert sum((part.skipped for part in parts), whole.skipped.__class__()) == whole.skipped


def test_every_wire_frame_of_october_2026_is_read(shared_data: Path) -> None:
    frames = (shared_data / "wire_20261007" / "ws_frames_20261007.jsonl").read_bytes().splitlines()
    decoded = decode(frames)
    assert (decoded.agg_trades.num_rows, decoded.marks.num_rows) == (1, 3)
    assert dict(decoded.skipped) == {"kline": 1, "bookTicker": 1, "24hrTicker": 2}
    assert not decoded.malformed
    assert not decoded.rejected


@pytest.mark.parametrize(
    ("frame", "notice"),
    [
        (b'{"result":null,"id":3}', Ack(3)),
        (b'{"result":null,"id":"abc"}', Ack("abc")),
        (b'{"result":["btcusdt@aggTrade"],"id":3}', Ack(3, ("btcusdt@aggTrade",))),
        (b'{"error":{"code":4,"msg":"Too many subscriptions"},"id":19}', Refusal(19, 4, "Too many subscriptions")),
        (b'{"error":{"code":3,"msg":"Invalid JSON"}}', Refusal(None, 3, "Invalid JSON")),
        (b'{"code":2,"msg":"Invalid request: unknown variant"}', Refusal(None, 2, "Invalid request: unknown variant")),
        (b'{"e":"serverShutdown","E":1791382992488}', Shutdown(1791382992488000)),
        (b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1791382992488}}', Shutdown(1791382992488000)),
    ],
)
def test_what_the_venue_says_of_the_connection_is_a_notice_beside_the_rows(frame: bytes, notice: Notice) -> None:
    decoded = decode([AGG, frame, AGG])
    assert decoded.notices == (notice,)
    assert decoded.agg_trades.num_rows == 2
    assert sum(decoded.skipped.values()) == 1
    assert not decoded.malformed
