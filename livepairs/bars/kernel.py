"""Folding one symbol's trades into bars, one pass over the columns.

Sums are taken trade by trade in the order of the rows, so cutting the rows into other batches changes no bit. There is
no division per trade: only a trade outside the bar at hand asks which bar it belongs to.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import Final

from livepairs.stats.compiled import kernel

__all__ = ["COUNTS", "OHLCV", "REASONS", "fold"]

OHLCV: Final = ("open", "high", "low", "close", "volume", "quote_volume", "buy_volume")
"""What is kept of the bar at hand, and written for each finished one, as float64."""

COUNTS: Final = 3
"""Where the counters begin in the integer state: trades barred, late, then one for each of ``REASONS``."""

REASONS: Final = ("price", "qty", "out_of_order", "after_close")
"""Why a trade is rejected: price or quantity not positive and finite, a bar earlier than its predecessor's, or a bar
that the source had vouched complete."""

(BAR, TRADES_IN_BAR, FIRST_OPEN_BAR, BARRED, LATE, BAD_PRICE, BAD_QTY, OUT_OF_ORDER, AFTER_CLOSE) = range(9)
(OPEN, HIGH, LOW, CLOSE, VOLUME, QUOTE_VOLUME, BUY_VOLUME) = range(7)

NO_BAR: Final = -(1 << 62)
"""Bar number while there is no bar at hand."""

INFINITY: Final = float("inf")


@kernel("i8[]", "f8[]", "i8", "i8", "i8[r]", "i8[r]", "f8[r]", "f8[r]", "u1[r]", "i8", "i8[]", "i8[]", "f8[]")
def fold(
    state: MutableSequence[int],
    at_hand: MutableSequence[float],
    interval_us: int,
    grace_us: int,
    ts: Sequence[int],
    recv_ts: Sequence[int],
    price: Sequence[float],
    qty: Sequence[float],
    maker_bits: Sequence[int],
    first_bit: int,
    bars: MutableSequence[int],
    trade_counts: MutableSequence[int],
    finished: MutableSequence[float],
) -> int:
    """Fold trades of one symbol and write the bars they finish.

    Parameters
    ----------
    state
        Number of the bar at hand or ``NO_BAR``, its trades, the first bar not closed yet, then the counters; changed.
    at_hand
        ``OHLCV`` of the bar at hand; changed.
    interval_us, grace_us
        Length of a bar, and how long after its end a trade may still arrive.
    ts, recv_ts, price, qty, maker_bits, first_bit
        The columns of TRADES, ``(n,)``; ``buyer_is_maker`` as packed bits beginning at ``first_bit``.
    bars, trade_counts, finished
        Receive number, trade count and ``OHLCV`` (one column after the other) of each finished bar, room for all.

    Returns
    -------
    int
        How many bars were finished.
    """
    room = len(bars)
    done = 0
    bar = state[BAR]
    count = state[TRADES_IN_BAR]
    start = bar * interval_us if bar != NO_BAR else 0
    end = start + interval_us if bar != NO_BAR else 0
    last = end + grace_us
    opened, high, low, close = at_hand[OPEN], at_hand[HIGH], at_hand[LOW], at_hand[CLOSE]
    volume, quote_volume, buy_volume = at_hand[VOLUME], at_hand[QUOTE_VOLUME], at_hand[BUY_VOLUME]
    # Counted in locals: a store to an array inside the loop costs it half its speed.
    barred = late = bad_price = bad_qty = 0
    for row in range(len(ts)):
        p = price[row]
        q = qty[row]
        if not (p > 0.0 and q > 0.0 and p < INFINITY and q < INFINITY):
            if 0.0 < p < INFINITY:
                bad_qty += 1
            else:
                bad_price += 1
            continue
        t = ts[row]
        if start <= t < end:
            if recv_ts[row] >= last:
                late += 1
                continue
        else:
            other = t // interval_us
            if recv_ts[row] >= (other + 1) * interval_us + grace_us:
                late += 1
                continue
            if other < state[FIRST_OPEN_BAR]:
                state[AFTER_CLOSE] += 1
                continue
            if bar != NO_BAR and other < bar:
                state[OUT_OF_ORDER] += 1
                continue
            if bar != NO_BAR:
                bars[done] = bar
                trade_counts[done] = count
                finished[done] = opened
                finished[room + done] = high
                finished[2 * room + done] = low
                finished[3 * room + done] = close
                finished[4 * room + done] = volume
                finished[5 * room + done] = quote_volume
                finished[6 * room + done] = buy_volume
                done += 1
            bar = other
            start = other * interval_us
            end = start + interval_us
            last = end + grace_us
            count = 0
            opened = high = low = p
            volume = quote_volume = buy_volume = 0.0
        high = max(high, p)
        low = min(low, p)
        close = p
        volume += q
        quote_volume += p * q
        bit = first_bit + row
        # Multiplied, not branched on: the aggressor's side is as good as random and would be mispredicted.
        buy_volume += q * (1 - ((maker_bits[bit >> 3] >> (bit & 7)) & 1))
        count += 1
        barred += 1
    state[BAR] = bar
    state[TRADES_IN_BAR] = count
    state[BARRED] += barred
    state[LATE] += late
    state[BAD_PRICE] += bad_price
    state[BAD_QTY] += bad_qty
    at_hand[OPEN], at_hand[HIGH], at_hand[LOW], at_hand[CLOSE] = opened, high, low, close
    at_hand[VOLUME], at_hand[QUOTE_VOLUME], at_hand[BUY_VOLUME] = volume, quote_volume, buy_volume
    return done
