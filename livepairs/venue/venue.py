"""The venue itself: moves what is due from the tape into the books, and tells its clients.

One turn does everything that is due at a time; ``server`` calls it a hundred times a second. Between turns nothing
happens but answering, so a turn's outcome depends on the clock and on what was asked alone.
"""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.clock import Clock
from livepairs.columns import flags_column, floats_column, ints_column, times_column
from livepairs.errors import ConfigError, did_you_mean
from livepairs.schema import TRADES, symbol_column
from livepairs.venue.audience import Audience, Listeners
from livepairs.venue.book import Rows, SymbolBook
from livepairs.venue.client import Client
from livepairs.venue.gate import Gate
from livepairs.venue.marks import Marks
from livepairs.venue.routes import stream_of
from livepairs.venue.rules import Market, Rules
from livepairs.venue.tampering import Tampering
from livepairs.venue.tape import Fills, Tape
from livepairs.venue.tickers import Tickers
from livepairs.venue.venuetime import Playback, VenueTime
from livepairs.venue.wire import Style, decimals_of

__all__ = ["Setup", "Venue"]

logger = logging.getLogger(__name__)

_SECOND_US: Final = 1_000_000
_MOST_SECONDS: Final = 5
"""Marks of so many seconds are told in one turn; after a longer leap only the last ones."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a venue is, apart from what it plays.

    Parameters
    ----------
    market
        Futures (``um``) or ``spot``.
    rules
        What it allows; that of the market if None.
    playback
        How the tape is played.
    """

    market: Market = "um"
    rules: Rules | None = None
    playback: Playback = field(default_factory=Playback)


class Venue:
    """A venue at work.

    Parameters
    ----------
    tape
        What it plays; read up to the first trade of each symbol, or further.
    clock
        The machine's clock.
    setup
        What kind of venue, with which rules.
    rules
        Those of the setup, or the market's.
    """

    def __init__(self, tape: Tape, clock: Clock, setup: Setup, rules: Rules) -> None:
        self.tape, self.market, self.rules = tape, setup.market, rules
        self._clock = clock
        self.time = VenueTime(clock, tape.start_us, setup.playback)
        self.gate, self.tampering = Gate(rules), Tampering()
        self.audience = Audience(setup.market, clock)
        self.books: dict[str, SymbolBook] = {}
        self.styles: dict[str, Style] = {}
        for symbol in tape.symbols:
            held = tape.held(symbol)
            self.books[symbol] = SymbolBook(symbol)
            self.styles[symbol] = _style(symbol, setup.market, held)
        self.marks = Marks(tape.symbols, tape.first_prices())
        self.tickers = Tickers(self.books, self.styles)
        self.rest_lag_us, self.replayed = 0, 0
        self.history_us = rules.history_us
        self.spoil_rest: Callable[[str], str] | None = None
        self.rest_delay_us = 0
        self.is_deaf = False
        self.closing: list[tuple[Client, int, str]] = []
        self._told: dict[str, int] = dict.fromkeys(tape.symbols, 0)
        self._told_raw: dict[str, int] = dict.fromkeys(tape.symbols, 0)
        self._agenda: list[tuple[int, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._second = self._slot = 0

    def open(self) -> None:
        """Let the market run, unless it waits for a client; one that is not paced would be over before any came."""
        if not self.time.playback.waits_for_client and not self.time.is_unpaced:
            self.time.begin()

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are traded."""
        return self.tape.symbols

    def check_symbol(self, name: str) -> str:
        """Return the symbol as the venue writes it.

        Raises
        ------
        ConfigError
            If it is not traded, with a suggestion.
        """
        if name.upper() not in self.symbols:
            hint = did_you_mean(name.upper(), self.symbols)
            raise ConfigError(f"no symbol {name!r} at this venue{hint}; there are {', '.join(self.symbols)}")
        return name.upper()

    @property
    def is_over(self) -> bool:
        """Whether everything on the tape has happened and was told."""
        is_told = all(self._told[symbol] == book.end for symbol, book in self.books.items())
        return is_told and self.tape.is_over and not self.tampering.is_holding

    def trades(self, symbol: str) -> pa.RecordBatch:
        """Return the trades told so far, as a TRADES batch: what a client that missed nothing has.

        ``ts`` has the precision of the wire, ``recv_ts`` is the same.
        """
        rows = self.books[symbol].rows(0, self._told[symbol])
        kept = np.flatnonzero(rows.is_trade)
        unit_us = self.styles[symbol].unit_us
        times = times_column(rows.ts_us[kept] // unit_us * unit_us)
        columns = [
            times,
            times,
            symbol_column(symbol, len(kept)),
            ints_column(rows.trade_id[kept]),
            floats_column(rows.price[kept]),
            floats_column(rows.qty[kept]),
            flags_column(rows.buyer_is_maker[kept]),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=TRADES)

    def visible(self, symbol: str) -> int:
        """Return the place up to which REST shows the symbol's trades."""
        if not self.rest_lag_us:
            return self._told[symbol]
        due_us = self.time.now_us() - self.rules.aggregation_us - self.rest_lag_us
        return min(self._told[symbol], self.books[symbol].place_of_time(due_us + 1))

    def later(self, delay_us: int, action: Callable[[], object]) -> None:
        """Do something at the first turn after so long, on the machine's clock."""
        heapq.heappush(self._agenda, (self._clock.now_us() + delay_us, next(self._order), action))

    def now_us(self) -> int:
        """Return the machine's time."""
        return self._clock.now_us()

    def connect(self, client: Client) -> None:
        """Take a client in."""
        self.audience.join(client)
        self.subscribed(client, client.subscriptions.names)

    def subscribed(self, client: Client, names: tuple[str, ...]) -> None:
        """Deliver to a client from now on what it has just subscribed to, among what it had."""
        self.audience.index()
        if names and not self.time.has_begun:
            self.time.begin()
        if self.replayed:
            for name in names:
                self._replay(client, name)

    def _replay(self, client: Client, name: str) -> None:
        stream = stream_of(name, self.market)
        if stream is None or stream.kind != "aggTrade" or stream.symbol not in self.books:
            return
        told = self._told[stream.symbol]
        rows = self.books[stream.symbol].rows(told - self.replayed, told)
        self._tell([(name, client)], rows, self.styles[stream.symbol])

    def turn(self) -> None:
        """Do all that is due now."""
        now_us = self._clock.now_us()
        while self._agenda and self._agenda[0][0] <= now_us:
            heapq.heappop(self._agenda)[2]()
        venue_us = self._play()
        for symbol in self.symbols:
            self._publish(symbol, venue_us)
        self._publish_seconds(venue_us)
        for client in self.audience.clients:
            client.flush(now_us)
            end = client.attend(now_us, venue_us)
            if end is not None:
                self.closing.append((client, *end))

    def _play(self) -> int:
        """Move into the books what has happened until now; return the venue's time."""
        until_us = self._unpaced_us() if self.time.is_unpaced else self._due_us()
        taken = self.tape.take(until_us)
        if self.time.is_unpaced and taken:
            self.time.advance_to(max(int(rows.ts_us[-1]) for rows in taken.values()) + self.rules.aggregation_us)
        venue_us = self.time.now_us()
        for symbol, fills in taken.items():
            self._happened(symbol, fills)
            self.books[symbol].forget(venue_us - self.history_us - _SECOND_US)
        self.marks.update(self.tape.take_marks(until_us))
        return venue_us

    def _due_us(self) -> int:
        # What has not been read yet is not due; the server reads ahead.
        return min(self.time.recorded(self.time.now_us()), self.tape.horizon_us)

    def _unpaced_us(self) -> int:
        """Read on, as fast as clients read: while there is none, nothing happens."""
        if self.audience.clients and self.time.has_begun and not self.tape.is_over:
            self.tape.read_more()
            return self.tape.horizon_us
        return self.tape.start_us - 1

    def _happened(self, symbol: str, fills: Fills) -> None:
        book = self.books[symbol]
        was_renumbered = book.is_renumbered
        book.append(fills, self.time.stamp(fills.ts_us))
        if book.is_renumbered and not was_renumbered:
            logger.info("ids of %s are not contiguous in %s; the venue gives its own", symbol, self.tape.label)

    def _publish(self, symbol: str, venue_us: int) -> None:
        book, told, told_raw = self.books[symbol], self._told[symbol], self._told_raw[symbol]
        if book.end == told == told_raw and not self.tampering.is_holding:
            return
        style, due = self.styles[symbol], max(told, book.place_of_time(venue_us - self.rules.aggregation_us + 1))
        places = self.tampering.order(symbol, told, due, venue_us)
        self._told[symbol] = due
        if len(places) and (listeners := self.audience.of("aggTrade", symbol)):
            self._tell(listeners, book.at(places[places >= book.start]), style)
        due = max(told_raw, book.place_of_time(venue_us - self.rules.latency_us + 1))
        if due == told_raw:
            return
        rows, self._told_raw[symbol] = book.rows(told_raw, due), due
        if listeners := self.audience.of("trade", symbol):
            self.audience.tell_raw_trades(listeners, rows, style, event_us=self.rules.latency_us)
        if listeners := self.audience.of("bookTicker", symbol):
            self.audience.tell(listeners, self.tickers.book_tickers(symbol, rows))

    def _tell(self, listeners: Listeners, rows: Rows, style: Style) -> None:
        self.audience.tell_agg_trades(listeners, rows, style, event_us=self.rules.aggregation_us)

    def _publish_seconds(self, venue_us: int) -> None:
        """Tell what comes at whole seconds, marks, and at quarters of one, candles."""
        second, slot = venue_us // _SECOND_US, venue_us * 4 // _SECOND_US
        if self._second == 0:
            self._second, self._slot = second, slot
        for past in range(max(self._second, second - _MOST_SECONDS) + 1, second + 1):
            for stream, listeners in self.audience.streams("markPrice"):
                if past % stream.every_s == 0:
                    for messages in self.marks.frames(stream.symbol, past * _SECOND_US):
                        self.audience.tell(listeners, messages)
            for stream, listeners in self.audience.streams("miniTicker"):
                self.audience.tell(listeners, self.tickers.mini(stream.symbol, past * _SECOND_US))
        if slot != self._slot:
            for stream, listeners in self.audience.streams("kline"):
                self.audience.tell(listeners, self.tickers.candles(stream, venue_us))
        self._second, self._slot = max(second, self._second), slot

    def happen(self, symbol: str, prices: NDArray[np.float64], qty: NDArray[np.float64]) -> None:
        """Let trades happen now, in one moment, that are on no tape; zero prices or quantities spend an id."""
        count = len(prices)
        fills = Fills(np.zeros(count, np.int64), np.zeros(count, np.int64), prices, qty, np.arange(count) % 2 == 1)
        self.books[symbol].append(fills, np.full(count, self.time.now_us(), np.int64))

    def price_of(self, symbol: str) -> float:
        """Return the last price of a symbol, or its first before it has traded."""
        last = self.books[symbol].last_price()
        return self.marks.price_of(symbol) if last is None else last


def _style(symbol: str, market: Market, held: Fills | None) -> Style:
    if held is None:
        return Style(symbol, market)
    # Prices are written with the venue's precision, which may have more decimals than the tick; two at least here.
    tick, lot = decimals_of(held.price), decimals_of(held.qty)
    if market == "spot":
        return Style(symbol, market, price_decimals=8, qty_decimals=8, tick_decimals=tick)
    return Style(symbol, market, price_decimals=max(2, tick), qty_decimals=lot, tick_decimals=tick)
