"""One pass over the raw bytes of frames that hold a plain trade, without an object per message.

Only what the venue sends as a rule is read here: one trade or aggregated trade a frame, combined or raw, without
blanks, escapes, nested values or anything that would be rejected. Such a frame gives exactly what the msgspec decoder
of ``binance_wire`` gives. Every other frame, from a mark price to garbage, is left to that decoder, so that nothing
here decides what is malformed or why something is rejected.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from livepairs.exchanges.binance_time import EARLIEST_US, LATEST_US, MICROSECONDS_FROM
from livepairs.stats.compiled import kernel, part

__all__ = [
    "AGG_TRADE",
    "CODE",
    "DECIMALS",
    "EVENT",
    "FLAGS",
    "ID",
    "INTEGERS",
    "KIND",
    "MAKER",
    "MAX_NAMES",
    "POSITION",
    "POWERS",
    "PRICE",
    "QTY",
    "SLOTS",
    "TIME",
    "TRADE",
    "WORDS",
    "scan",
]

AGG_TRADE: Final = 1
TRADE: Final = 2

(TIME, EVENT, ID, CODE, POSITION) = range(5)
"""Lines of the integers written: trade time and event time in microseconds, the trade's id, the place of its symbol
among the names, the number of its frame."""
(PRICE, QTY) = range(2)
(KIND, MAKER) = range(2)
(INTEGERS, DECIMALS, FLAGS) = (5, 2, 2)
"""How many lines of each there are."""

MAX_NAMES: Final = 1024
"""Different symbols in one call; frames of further ones are left to the other decoder."""
SLOTS: Final = 2048
"""Places in the table by which symbols are told apart; at most half of them are ever used."""

Bytes = Any  # an array, or a memory view of one while interpreted; neither can be said to mypy
Numbers = Any
Matrix = Any

(QUOTE, COMMA, COLON, BACKSLASH, OPEN, CLOSE, ZERO, NINE, POINT) = (34, 44, 58, 92, 123, 125, 48, 57, 46)

# Keys, as one number of their letters: "st" is s * 256 + t.
(KEY_A, KEY_E, KEY_M, KEY_P, KEY_Q, KEY_S, KEY_T, KEY_EVENT, KEY_TIME, KEY_X) = tuple(b"aempqstETX")
KEY_SIDE: Final = 256 * ord("s") + ord("t")

# What has been read of a frame, a bit each: a key that comes twice is left to the other decoder.
(E, S, P, Q, T, M, A, ID_T, EVENT_E, SIDE, MARKET) = tuple(1 << bit for bit in range(11))
NEEDED: Final = E | S | P | Q | T | M

MOST_DIGITS: Final = 18
EXACT: Final = 1 << 53
"""Integers up to here, divided by powers of ten up to 10**22, give the float nearest to the decimal."""
POWERS: Final = np.array([10.0**power for power in range(23)])
"""What an amount is divided by, by the digits behind its point; handed to the kernel."""
MOST_SCALE: Final = 22

_TEXTS: Final = (b'{"stream":"', b',"data":{', b'"aggTrade"', b'"trade"', b'"MARKET"', b"true", b"false")
WORDS: Final = np.frombuffer(b"".join(_TEXTS), np.uint8)
"""The texts a frame is compared with, one after the other; handed to the kernel."""
# Where each of them begins, and where the last ends.
(STREAM, DATA, AGG_TRADE_TEXT, TRADE_TEXT, MARKET_TEXT, TRUE, FALSE, END) = (
    sum(map(len, _TEXTS[:number])) for number in range(len(_TEXTS) + 1)
)
(FLAG, TEXT, NUMBER, AMOUNT) = range(4)


@part
def follows(buffer: Bytes, at: int, end: int, words: Bytes, first: int, last: int) -> bool:
    """Return whether words[first:last] stand at that place."""
    if end - at < last - first:
        return False
    for place in range(last - first):  # noqa: SIM110 - the compiler takes no generator
        if buffer[at + place] != words[first + place]:
            return False
    return True


@part
def after_text(buffer: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return the place after the quote that closes a text begun before ``at``, -1 if it has escapes; and its letters'
    bits, which tell whether all are ASCII.
    """
    bits = 0
    while at < end:
        letter = buffer[at]
        if letter == QUOTE:
            return at + 1, bits
        if letter < 32 or letter == BACKSLASH:
            return -1, bits
        bits |= letter
        at += 1
    return -1, bits


@part
def whole(buffer: Bytes, at: int, end: int) -> tuple[int, int]:
    """Read a whole number, not negative, and return it with the place after it; -1 if there is none."""
    first = at
    value = 0
    while at < end and ZERO <= buffer[at] <= NINE:
        value = value * 10 + (buffer[at] - ZERO)
        at += 1
        if at - first > MOST_DIGITS:
            return 0, -1
    if at == first or (buffer[first] == ZERO and at - first > 1):
        return 0, -1
    return value, at


@part
def decimal(buffer: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Read a decimal up to its quote: its digits, how many stand behind the point, and the place after it or -1."""
    value, at = whole(buffer, at, end)
    if at < 0 or at >= end:
        return 0, 0, -1
    if buffer[at] == QUOTE:
        return value, 0, at + 1
    if buffer[at] != POINT:
        return 0, 0, -1
    at += 1
    first = at
    scale = 0
    while at < end and ZERO <= buffer[at] <= NINE:
        # Zeros at the end add nothing but digits, so they wait until another digit follows.
        if buffer[at] != ZERO:
            while scale <= at - first:
                if value > EXACT:
                    return 0, 0, -1
                value *= 10
                scale += 1
            value += buffer[at] - ZERO
        at += 1
    if at == first or at >= end or buffer[at] != QUOTE or scale > MOST_SCALE:
        return 0, 0, -1
    return value, scale, at + 1


@part
def code_of(buffer: Bytes, first: int, last: int, table: Numbers, names: Matrix, known: int) -> int:
    """Return the place of a symbol among the names, which is ``known`` if it is new; its bytes are buffer[first:last].

    ``table`` has a place + 1 or 0 in each slot; a new name is written to both.
    """
    slot = 0
    for at in range(first, last):
        slot = (slot * 31 + buffer[at]) & 0xFFFFFF
    slot %= SLOTS
    size = last - first
    while table[slot] != 0:
        name: int = table[slot] - 1
        start = names[0, name]
        if names[1, name] - start == size:
            place = 0
            while place < size and buffer[start + place] == buffer[first + place]:
                place += 1
            if place == size:
                return name
        slot = (slot + 1) % SLOTS
    if known < MAX_NAMES:
        table[slot] = known + 1
        names[0, known] = first
        names[1, known] = last
    return known


@part
def in_us(time: int) -> int:
    """Return a time in microseconds that is milliseconds or microseconds by its size."""
    return time * 1000 if time < MICROSECONDS_FROM else time


@kernel("u1[r]", "i8[r]", "u1[r]", "f8[r]", "i8[,]", "f8[,]", "u1[,]", "i8[]", "i8[,]", "i8[]")
def scan(
    buffer: Bytes,
    ends: Numbers,
    words: Bytes,
    powers: Numbers,
    integers: Matrix,
    decimals: Matrix,
    flags: Matrix,
    table: Numbers,
    names: Matrix,
    counts: Numbers,
) -> int:
    """Read the frames that hold a plain trade.

    Parameters
    ----------
    buffer
        The frames one after the other.
    ends
        Where each ends, one more than there are frames; the first is 0.
    words, powers
        ``WORDS`` and ``POWERS``.
    integers, decimals, flags
        Written, a column a row found: ``TIME`` to ``POSITION``; price and quantity; ``KIND`` and ``MAKER``.
    table
        Scratch of ``SLOTS`` zeros.
    names
        Written: where in the buffer each symbol begins and ends, by its code.
    counts
        Written: how many symbols there are; and all bits of all letters read, more than 127 if not all are ASCII (they
        may then not even be UTF-8).

    Returns
    -------
    How many rows were found.
    """
    rows = 0
    known = 0
    letters = 0
    for frame in range(len(ends) - 1):
        at = ends[frame]
        end = ends[frame + 1]
        closing = 1
        if follows(buffer, at, end, words, STREAM, DATA):
            at, bits = after_text(buffer, at + DATA - STREAM, end)
            letters |= bits
            if at < 0 or not follows(buffer, at, end, words, DATA, AGG_TRADE_TEXT):
                continue
            at += AGG_TRADE_TEXT - DATA
            closing = 2
        elif at < end and buffer[at] == OPEN:
            at += 1
        else:
            continue
        has = 0
        kind = 0
        name = 0
        name_end = 0
        price = 0
        price_scale = 0
        qty = 0
        qty_scale = 0
        time = 0
        event = 0
        trade_id = 0
        agg_id = 0
        maker = 0
        side = 1
        while at > 0:
            # Each turn reads one `"key":value` and what follows; -1 leaves the frame to the other decoder.
            first = at + 1
            if at < end and buffer[at] == QUOTE:
                at, bits = after_text(buffer, first, end)
                letters |= bits
            else:
                at = -1
            if at < 0 or at + 1 >= end or buffer[at] != COLON:
                at = -1
                break
            key = 0
            if at - first == 2:
                key = buffer[first] + 0
            elif at - first == 3:
                key = buffer[first] * 256 + buffer[first + 1]
            at += 1
            first = at
            shape = FLAG
            value = 0
            scale = 0
            if buffer[at] == QUOTE:
                if key in (KEY_P, KEY_Q):
                    shape = AMOUNT
                    value, scale, at = decimal(buffer, at + 1, end)
                else:
                    shape = TEXT
                    at, bits = after_text(buffer, at + 1, end)
                    letters |= bits
            elif follows(buffer, at, end, words, TRUE, FALSE):
                value = 1
                at += FALSE - TRUE
            elif follows(buffer, at, end, words, FALSE, END):
                at += END - FALSE
            else:
                shape = NUMBER
                value, at = whole(buffer, at, end)
            bit = 0
            wanted = shape
            if key == KEY_P:
                bit = P
                wanted = AMOUNT
                price = value
                price_scale = scale
            elif key == KEY_Q:
                bit = Q
                wanted = AMOUNT
                qty = value
                qty_scale = scale
            elif key == KEY_TIME:
                bit = T
                wanted = NUMBER
                time = value
            elif key == KEY_EVENT:
                bit = EVENT_E
                wanted = NUMBER
                event = value
            elif key == KEY_A:
                bit = A
                wanted = NUMBER
                agg_id = value
            elif key == KEY_T:
                bit = ID_T
                wanted = NUMBER
                trade_id = value
            elif key == KEY_SIDE:
                bit = SIDE
                wanted = NUMBER
                side = value
            elif key == KEY_M:
                bit = M
                wanted = FLAG
                maker = value
            elif key == KEY_S:
                bit = S
                wanted = TEXT
                name = first + 1
                name_end = at - 1
            elif key == KEY_E:
                bit = E
                wanted = TEXT
                if follows(buffer, first, at, words, AGG_TRADE_TEXT, TRADE_TEXT):
                    kind = AGG_TRADE
                elif follows(buffer, first, at, words, TRADE_TEXT, MARKET_TEXT):
                    kind = TRADE
                else:
                    at = -1
            elif key == KEY_X:
                bit = MARKET
                wanted = TEXT
                if not follows(buffer, first, at, words, MARKET_TEXT, TRUE):
                    at = -1
            if at < 0 or at >= end or has & bit or shape != wanted:
                at = -1
                break
            has |= bit
            if buffer[at] == CLOSE:
                break
            at = at + 1 if buffer[at] == COMMA else -1
        if at < 0 or end - at != closing or buffer[end - 1] != CLOSE:
            continue
        if kind == AGG_TRADE:
            trade_id = agg_id
            missing = (NEEDED | A) & ~has
        else:
            missing = (NEEDED | ID_T) & ~has
        time = in_us(time)
        event = in_us(event) if event > 0 else time
        if not EARLIEST_US <= event < LATEST_US:
            continue
        if missing or side != 1 or not EARLIEST_US <= time < LATEST_US or name == name_end:
            continue
        if not 0 < price <= EXACT or not 0 < qty <= EXACT:
            continue
        code = code_of(buffer, name, name_end, table, names, known)
        if code == MAX_NAMES:
            continue
        if code == known:
            known += 1
        integers[TIME, rows] = time
        integers[EVENT, rows] = event
        integers[ID, rows] = trade_id
        integers[CODE, rows] = code
        integers[POSITION, rows] = frame
        decimals[PRICE, rows] = price / powers[price_scale]
        decimals[QTY, rows] = qty / powers[qty_scale]
        flags[KIND, rows] = kind
        flags[MAKER, rows] = maker
        rows += 1
    counts[0] = known
    counts[1] = letters
    return rows
