"""The synthetic market: trades and marks with known truth, block by block, the same for a seed on every machine.

The rows depend on the parameters alone. ``synthetic_prices`` makes hidden prices and activity, ``synthetic_orders`` the
trades; here they become batches, some come late, and the feed fails where it was told to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from livepairs.schema import MARKS, TIME, TRADES, Gap, Marker, Pair
from livepairs.sources.synthetic_dice import Dice, Floats, Integers
from livepairs.sources.synthetic_orders import Fills, fills_of
from livepairs.sources.synthetic_params import INSTRUMENTS, SyntheticParams
from livepairs.sources.synthetic_prices import STEP_US, STEPS, HiddenPrices

__all__ = ["BLOCK_US", "Block", "SyntheticMarket", "Truth"]

BLOCK_US: Final = STEPS * STEP_US

_SECOND_US, _MINUTE_US = 1_000_000, 60_000_000
_LATE_MINUTES: Final = (40, 95, 150)
_LATE_US, _LATER_US = 1_500_000, 250_000
_FUNDING_US: Final = 8 * 60 * _MINUTE_US
_MARK_LATENCY_US: Final = 20_000


@dataclass(frozen=True, slots=True)
class Block:
    """Up to ten minutes, complete from ``start_us`` up to but without ``end_us``.

    ``trades`` and ``marks`` are a TRADES and a MARKS batch of all symbols, in the order of ts and then of the symbols.
    """

    trades: pa.RecordBatch
    marks: pa.RecordBatch
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of the rows made so far.

    Parameters
    ----------
    pair, hedge_ratio, half_life_s, spread_sd
        The planted relation of log prices; ``spread_sd`` is the spread's standard deviation, in log price.
    break_us
        When the relation breaks and when it holds again; None if it has not broken.
    gaps
        When the feed was away, one a symbol, with the number of trades missing.
    late
        Symbol and id of each trade that came late.
    markers
        Break, gap and late trades as moments to jump to.
    """

    pair: Pair
    hedge_ratio: float
    half_life_s: float
    spread_sd: float
    break_us: tuple[int, int] | None
    gaps: tuple[Gap, ...]
    late: tuple[tuple[str, int], ...]
    markers: tuple[Marker, ...]


class SyntheticMarket:
    """Makes the rows of a synthetic market, and knows the truth of them.

    Parameters
    ----------
    params
        The market.
    """

    def __init__(self, params: SyntheticParams) -> None:
        self.params = params
        self._gap_us = _interval(params, params.gap_min, params.gap_s * _SECOND_US)
        self._missing: Counter[str] = Counter()
        self._late: dict[int, list[tuple[str, int]]] = {}
        self._made_us = params.start_us

    def blocks(self, *, end_us: int | None = None) -> Iterator[Block]:
        """Yield ten minutes after ten minutes from the start on; without end, or all rows before ``end_us``."""
        params, hidden, traded = self.params, HiddenPrices(self.params), [0] * len(INSTRUMENTS)
        self._missing, self._late, self._made_us = Counter(), {}, params.start_us
        number = 0
        while end_us is None or self._made_us < end_us:
            start_us = params.start_us + number * BLOCK_US
            stop_us = start_us + BLOCK_US if end_us is None else min(start_us + BLOCK_US, end_us)
            prices = hidden.next_block(Dice(params.seed, number))
            fills = []
            for place, instrument in enumerate(INSTRUMENTS):
                rates = prices.activity[place] * (params.rate * instrument.rate_share)
                made = fills_of(instrument, prices.mids[place], rates, Dice(params.seed, number, place + 1))
                first_id = (place + 1) * 1_000_000_000 + traded[place]
                traded[place] += len(made.ts_us)
                made = replace(
                    made,
                    ts_us=made.ts_us + start_us,
                    recv_us=made.recv_us + start_us,
                    trade_id=made.trade_id + first_id,
                )
                fills.append(self._received(place, made.where(made.ts_us < stop_us)))
            marks = self._marks(prices.mids, start_us, stop_us)
            self._made_us = stop_us
            yield Block(_trades_batch(fills), marks, start_us, stop_us)
            number += 1

    def recording_blocks(self) -> Iterator[Block]:
        """Yield the rows of a recording: those of the first ``hours``."""
        return self.blocks(end_us=self.end_us)

    @property
    def end_us(self) -> int:
        """When a recording ends; the time itself is not included."""
        return self.params.start_us + round(self.params.hours * 60 * _MINUTE_US)

    def truth(self) -> Truth:
        """Return what is known of the rows made so far."""
        params = self.params
        break_us = _interval(params, params.break_min, params.break_for_min * _MINUTE_US)
        is_broken = break_us[0] < min(break_us[1], self._made_us)
        return Truth(
            pair=params.pair,
            hedge_ratio=params.hedge_ratio,
            half_life_s=params.half_life_s,
            spread_sd=params.spread_bps * 1e-4,
            break_us=break_us if is_broken else None,
            gaps=self._gaps(),
            late=tuple(trade for trades in self._late.values() for trade in trades),
            markers=self._markers(break_us if is_broken else None),
        )

    def _received(self, place: int, fills: Fills) -> Fills:
        """Let some trades come late, and take away what the feed missed."""
        symbol = INSTRUMENTS[place].symbol
        for turn, minute in enumerate(_LATE_MINUTES):
            late_us = self.params.start_us + minute * _MINUTE_US
            if turn % len(INSTRUMENTS) == place and self._made_us <= late_us < self._made_us + BLOCK_US:
                first = int(np.searchsorted(fills.ts_us, late_us))
                late = slice(first, first + self.params.late)
                delays_us = _LATE_US + _LATER_US * np.arange(len(fills.ts_us[late]))
                fills.recv_us[late] = fills.ts_us[late] + delays_us
                if len(delays_us):
                    self._late[late_us] = [(symbol, int(trade_id)) for trade_id in fills.trade_id[late]]
        is_missing = self._is_missing(fills.ts_us)
        self._missing[symbol] += int(np.count_nonzero(is_missing))
        return fills.where(~is_missing)

    def _is_missing(self, ts_us: Integers) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        missing: np.ndarray[tuple[int], np.dtype[np.bool_]] = (ts_us >= self._gap_us[0]) & (ts_us < self._gap_us[1])
        return missing

    def _marks(self, mids: Sequence[Floats], start_us: int, stop_us: int) -> pa.RecordBatch:
        """Return a mark a second and symbol, in the order of ts."""
        seconds = start_us + np.arange(0, BLOCK_US, _SECOND_US)
        is_there = (seconds < stop_us) & ~self._is_missing(seconds)
        ts_us = np.repeat(seconds[is_there], len(INSTRUMENTS))
        scale = np.array([instrument.ticks_per_unit * 10 for instrument in INSTRUMENTS])
        mid = np.stack([mid[:: _SECOND_US // STEP_US][is_there] for mid in mids], axis=1)
        # About 1e-4 for eight hours, slowly up and down within each hour, and not the same for each symbol.
        minute = (ts_us // _MINUTE_US) % 60
        funding = (10_000 + 200 * np.minimum(minute, 60 - minute) + np.tile([0, 500, -900], len(mid))) / 1e8
        columns = {
            "ts": pa.array(ts_us).cast(TIME),
            "recv_ts": pa.array(ts_us + _MARK_LATENCY_US).cast(TIME),
            "symbol": _symbols(np.tile(np.arange(len(INSTRUMENTS)), len(mid))),
            "mark_price": pa.array((np.floor(mid * scale) / scale).ravel()),
            "index_price": pa.array((np.floor(mid * (1 - 1 / 8_192) * scale) / scale).ravel()),
            "funding_rate": pa.array(funding),
            "next_funding_ts": pa.array((ts_us // _FUNDING_US + 1) * _FUNDING_US).cast(TIME),
        }
        return pa.RecordBatch.from_arrays([columns[name] for name in MARKS.names], schema=MARKS)

    def _gaps(self) -> tuple[Gap, ...]:
        start_us, end_us = self._gap_us
        if start_us >= min(end_us, self._made_us):
            return ()
        return tuple(
            Gap(i.symbol, start_us, end_us, "planted: the feed was away", self._missing[i.symbol]) for i in INSTRUMENTS
        )

    def _markers(self, break_us: tuple[int, int] | None) -> tuple[Marker, ...]:
        markers = [
            Marker(late_us, "late trades", f"{len(trades)} trades of {trades[0][0]} came 1.5 s late and later")
            for late_us, trades in self._late.items()
        ]
        if self._gaps():
            seconds = self.params.gap_s
            missing = self._missing.total()
            markers.append(Marker(self._gap_us[0], "feed gap", f"the feed is away for {seconds:g} s; {missing} trades"))
        if break_us is not None:
            note = f"{self.params.pair} lose their relation: the spread wanders off"
            markers.append(Marker(break_us[0], "break", note))
            if break_us[1] <= self._made_us:
                markers.append(Marker(break_us[1], "break over", f"{self.params.pair} hold together again"))
        return tuple(sorted(markers, key=lambda marker: marker.ts_us))


def _interval(params: SyntheticParams, minute: float, length_us: float) -> tuple[int, int]:
    # To the step, as the hidden prices have it.
    first_us = params.start_us + round(minute * _MINUTE_US / STEP_US) * STEP_US
    return first_us, first_us + round(length_us / STEP_US) * STEP_US


def _trades_batch(fills: Sequence[Fills]) -> pa.RecordBatch:
    """Return the trades of all symbols as one batch, in the order of ts and then of the symbols."""
    ts_us = np.concatenate([rows.ts_us for rows in fills])
    order = np.argsort(ts_us, kind="stable")
    places = np.repeat(np.arange(len(fills)), [len(rows.ts_us) for rows in fills])
    columns = {
        "ts": pa.array(ts_us[order]).cast(TIME),
        "recv_ts": pa.array(np.concatenate([rows.recv_us for rows in fills])[order]).cast(TIME),
        "symbol": _symbols(places[order]),
        "trade_id": pa.array(np.concatenate([rows.trade_id for rows in fills])[order]),
        "price": pa.array(np.concatenate([rows.price for rows in fills])[order]),
        "qty": pa.array(np.concatenate([rows.qty for rows in fills])[order]),
        "buyer_is_maker": pa.array(np.concatenate([rows.is_maker for rows in fills])[order]),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in TRADES.names], schema=TRADES)


def _symbols(places: Integers) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), pa.array([i.symbol for i in INSTRUMENTS]))
