"""The scan of the bytes gives what the decoder of single messages gives, for wire frames and for damaged ones."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from livepairs.exchanges import Decoded, binance, kernel_frames
from livepairs.exchanges.binance_scan import PlainTrades, plain_trades
from livepairs.stats import compiled
from tests.exchanges.test_binance import AGG, FRAMES, TRADE, bare, changed

SPOT = changed(
    AGG, E=1791382992488000, T=1791382992338123, p="0.00001234", q="150000000.00000000", nq=None, st=None, M=True
)
PLAIN = (AGG, TRADE, SPOT, bare(AGG).replace(b", ", b",").replace(b": ", b":"), changed(AGG, s="ETHUSDT", a=0))


def scanned(frames: Sequence[bytes]) -> PlainTrades | None:
    return plain_trades(frames, received(frames), scan=kernel_frames.scan.interpret)


def received(frames: Sequence[bytes]) -> Any:
    return np.arange(len(frames), dtype=np.int64) + 1791382992500000


def content(decoded: Decoded) -> tuple[object, ...]:
    tables = [getattr(decoded, name).to_pylist() for name in ("trades", "agg_trades", "marks")]
    counts = (decoded.skipped, decoded.rejected, decoded.rejects, decoded.malformed, decoded.notices)
    return (str(tables), *counts, decoded.min_lag_us)


def check(frames: Sequence[bytes]) -> None:
    """Compare both ways through ``decode``, without waiting for a compiler."""
    each = binance._each(frames, received(frames))
    plain = scanned(frames)
    assert plain is None or content(binance._with_rest(plain, frames, received(frames))) == content(each)


def test_usual_frames_of_both_kinds_and_both_markets_are_plain() -> None:
    plain = scanned(PLAIN)
    assert plain is not None
    assert plain.left == []
    assert plain.trades is not None
    assert plain.agg_trades is not None
    assert plain.trades.num_rows + plain.agg_trades.num_rows == len(PLAIN)
    spot = plain.agg_trades.to_pylist()[1]
    assert (spot["price"], spot["qty"]) == (0.00001234, 150_000_000)
    assert spot["ts"].isoformat() == "2026-10-07T14:23:12.338123+00:00"
    check(PLAIN)


def test_what_is_not_plain_is_left_in_order_and_malformed_frames_keep_their_positions() -> None:
    frames = [FRAMES[3], AGG, b"{", FRAMES[7], TRADE, b"\xff"]
    plain = scanned(frames)
    assert plain is not None
    assert plain.left == [0, 2, 3, 5]
    check(frames)


@pytest.mark.parametrize(
    "fields",
    [
        {"p": "0"},
        {"p": "00.5"},
        {"p": ".5"},
        {"p": "5."},
        {"p": "1e3"},
        {"p": 83091.7},
        {"p": "9007199254740993"},
        {"p": "90071992547409.93"},
        {"q": "0.000"},
        {"q": "123456789012.123456789"},
        {"q": "0.000000000000000000000001"},
        {"T": 1791382992},
        {"T": "1791382992338"},
        {"T": 10**18},
        {"E": 0},
        {"E": 91791382992488},
        {"m": 1},
        {"st": 2},
        {"X": "NA"},
        {"s": ""},
        {"s": "../etc"},
        {"s": "币安人生USDT"},
        {"s": 'a"b'},
        {"new": {"deep": 1}},
        {"new": "deep"},
        {"new": -1},
    ],
)
@pytest.mark.parametrize("frame", [AGG, TRADE], ids=["aggTrade", "trade"])
def test_unusual_values_are_read_as_the_other_decoder_reads_them(frame: bytes, fields: dict[str, Any]) -> None:
    check([AGG, changed(frame, **fields), TRADE])
    message = json.loads(changed(frame, **fields))
    check([json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(), AGG])


def test_key_that_comes_twice_and_text_that_is_not_utf8_are_left_to_the_other_decoder() -> None:
    check([AGG.replace(b'"p":"83091.70"', b'"p":"1.5","p":"83091.70"'), AGG])
    check([AGG.replace(b"btcusdt@", b"\xff\xfe@"), AGG])
    check([AGG.replace(b'"BTCUSDT"', b'"\xc3\x28"'), AGG])
    check([AGG.replace(b'"a"', b'"\xe3"'), AGG])


def test_more_symbols_than_the_table_holds_lose_nothing() -> None:
    frames = [changed(AGG, s=f"S{number}USDT", a=number) for number in range(kernel_frames.MAX_NAMES + 20)]
    plain = scanned(frames)
    assert plain is not None
    assert len(plain.left) == 20
    check(frames)


amounts = st.from_regex(r"[0-9]{1,12}(\.[0-9]{1,10})?", fullmatch=True)


@settings(max_examples=40)
@given(st.lists(amounts, min_size=1, max_size=6))
def test_amounts_are_the_floats_nearest_to_their_decimals(texts: list[str]) -> None:
    frames = [changed(AGG, p=text) for text in texts]
    plain = scanned([AGG, *frames])
    assert plain is not None
    assert plain.agg_trades is not None
    prices = iter(plain.agg_trades.column("price").to_pylist()[1:])
    left = set(plain.left)
    for at, text in enumerate(texts, 1):
        assert at in left or next(prices) == float(text)


pieces = [
    b'"',
    b"{",
    b"}",
    b",",
    b":",
    b"0",
    b"9",
    b".",
    b"-",
    b"\\",
    b" ",
    b"\n",
    b"\xff",
    b"",
    b'"a":1,',
    b"st",
    b"X",
]
changes = st.lists(st.tuples(st.integers(0, 260), st.sampled_from(pieces), st.integers(0, 2)), max_size=3)


def damaged(frame: bytes, edits: list[tuple[int, bytes, int]]) -> bytes:
    for at, put, over in edits:
        frame = frame[:at] + put + frame[at + over :]
    return frame


@example([(AGG, [(0, b"", 2)])])
@example([(AGG, [(len(AGG), b"}", 0)]), (AGG, [(len(AGG) - 1, b"", 1)])])
@given(st.lists(st.tuples(st.sampled_from([*PLAIN, *FRAMES]), changes), min_size=1, max_size=5))
def test_damaged_frames_are_read_as_the_other_decoder_reads_them(
    made: list[tuple[bytes, list[tuple[int, bytes, int]]]],
) -> None:
    check([AGG, *(damaged(frame, edits) for frame, edits in made)])


def test_real_log_of_2024_is_read_alike(shared_data: Path) -> None:
    with gzip.open(shared_data / "um_raw_20240808" / "btcusdt.gz") as file:
        lines = [next(file) for _ in range(4000)]
    frames = [line.partition(b" ")[2].rstrip(b"\n") for line in lines]
    plain = scanned(frames[:1000])
    assert plain is not None
    assert plain.trades is not None
    assert plain.trades.num_rows > 50
    check(frames[:1000])


@pytest.mark.slow  # the compiler, where the kernels are not compiled yet
def test_compiled_and_interpreted_scan_write_the_same_bits() -> None:
    compiled.prepare()
    assert kernel_frames.scan.is_compiled
    frames = [*PLAIN, *FRAMES, *(damaged(AGG, [(at, b"0", 1)]) for at in range(0, 200, 3))]
    interpreted = scanned(frames)
    machine = plain_trades(frames, received(frames))
    assert machine is not None
    assert interpreted is not None
    assert machine.left == interpreted.left
    assert machine.min_lag_us == interpreted.min_lag_us
    assert machine.trades is not None
    assert machine.agg_trades is not None
    assert machine.trades.equals(interpreted.trades)
    assert machine.agg_trades.equals(interpreted.agg_trades)
    assert content(binance.decode(frames, received(frames))) == content(binance._each(frames, received(frames)))
