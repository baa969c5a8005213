"""Who listens to what: the clients there are, the streams they get, and the messages told to them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from livepairs.clock import Clock
from livepairs.errors import ConfigError
from livepairs.venue.book import Rows
from livepairs.venue.bulk import bulk_agg_trades
from livepairs.venue.client import Client
from livepairs.venue.routes import Kind, Stream, stream_of
from livepairs.venue.rules import Market
from livepairs.venue.wire import Frames, Style, agg_trades, framed, in_envelope, raw_trades

__all__ = ["Audience", "Listeners"]

logger = logging.getLogger(__name__)

Listeners = list[tuple[str, Client]]
"""Clients with the name under which each of them gets a stream."""

_BULK_ROWS: Final = 1_024


class Audience:
    """The clients of a venue.

    Parameters
    ----------
    market
        Whose streams there are.
    clock
        The machine's clock.
    """

    def __init__(self, market: Market, clock: Clock) -> None:
        self.clients: list[Client] = []
        self._market, self._clock = market, clock
        self._awaited: dict[str, Callable[[Client], None]] = {}
        self._listeners: dict[Stream, Listeners] = {}

    def join(self, client: Client) -> None:
        """Take a client in, and do to it what was waiting for one."""
        self.clients.append(client)
        logger.info("client connected, route %r, %d streams", client.endpoint.route, len(client.subscriptions.names))
        for action in self._awaited.values():
            action(client)
        self._awaited.clear()
        self.index()

    def leave(self, client: Client) -> None:
        """Forget a client that is gone."""
        if client in self.clients:
            self.clients.remove(client)
            logger.info("client gone after %d messages", client.sent)
            self.index()

    def index(self) -> None:
        """Note anew who gets what: only streams that exist, of the route the client came in by."""
        self._listeners = defaultdict(list)
        for client in self.clients:
            for name in client.subscriptions.names:
                stream = stream_of(name, self._market)
                if stream is not None and stream.route == client.endpoint.route:
                    self._listeners[stream].append((name, client))

    def each(self, name: str, which: str, action: Callable[[Client], None]) -> None:
        """Do something to clients; where there is none, to the next one, once under each name.

        Parameters
        ----------
        which
            ``all``, ``oldest`` or ``newest``.

        Raises
        ------
        ConfigError
            If it is none of those.
        """
        if which not in ("all", "oldest", "newest"):
            raise ConfigError(f"which is {which!r}; it must be all, oldest or newest")
        if not self.clients:
            self._awaited[name] = action
        chosen = list(self.clients)
        for client in chosen[:1] if which == "oldest" else chosen[-1:] if which == "newest" else chosen:
            action(client)

    def of(self, kind: Kind, symbol: str) -> Listeners:
        """Return who listens to trades or quotes of a symbol."""
        if self._market == "spot":
            return self._listeners.get(Stream("", kind, symbol), [])
        return self._listeners.get(Stream("market" if kind == "aggTrade" else "public", kind, symbol), [])

    def streams(self, kind: Kind) -> Iterator[tuple[Stream, Listeners]]:
        """Yield the streams of a kind that somebody listens to."""
        return ((stream, listeners) for stream, listeners in list(self._listeners.items()) if stream.kind == kind)

    def tell(self, listeners: Listeners, messages: list[str]) -> None:
        """Deliver messages of one stream; written once for all who get the same."""
        if not messages:
            return
        now_us = self._clock.now_us()
        written: dict[bool, Frames] = {}
        for name, client in listeners:
            is_combined = client.subscriptions.is_combined
            if is_combined not in written:
                written[is_combined] = framed(in_envelope(name, messages) if is_combined else messages)
            client.deliver(name, written[is_combined], now_us)

    def tell_stream(self, name: str, messages: list[str]) -> None:
        """Deliver messages to all who listen to a stream."""
        stream = stream_of(name, self._market)
        if stream is not None:
            self.tell(self._listeners.get(stream, []), messages)

    def tell_raw_trades(self, listeners: Listeners, rows: Rows, style: Style, *, event_us: int) -> None:
        """Deliver raw trades, each ``event_us`` after it happened."""
        for chosen, unit in _by_unit(listeners, style):
            self.tell(chosen, raw_trades(rows, unit, event_us=event_us))

    def tell_agg_trades(self, listeners: Listeners, rows: Rows, style: Style, *, event_us: int) -> None:
        """Deliver aggregated trades, each ``event_us`` after it happened."""
        for chosen, unit in _by_unit(listeners, style):
            if len(rows) < _BULK_ROWS:
                self.tell(chosen, agg_trades(rows, unit, event_us=event_us))
                continue
            for start in range(0, len(rows), _BULK_ROWS):
                self._tell_bulk(chosen, rows.cut(start, start + _BULK_ROWS), unit, event_us)

    def _tell_bulk(self, listeners: Listeners, rows: Rows, style: Style, event_us: int) -> None:
        """Deliver many trades, written all at once where that can be done."""
        now_us = self._clock.now_us()
        for is_combined in (False, True):
            chosen = [entry for entry in listeners if entry[1].subscriptions.is_combined is is_combined]
            if not chosen:
                continue
            stream = chosen[0][0] if is_combined else None
            frames = bulk_agg_trades(rows, style, event_us=event_us, stream=stream)
            if frames is None:
                self.tell(chosen, agg_trades(rows, style, event_us=event_us))
                continue
            for name, client in chosen:
                client.deliver(name, frames, now_us)


def _by_unit(listeners: Listeners, style: Style) -> Iterator[tuple[Listeners, Style]]:
    """Yield the clients who read times in milliseconds, and those who read microseconds."""
    for is_micro in (False, True):
        chosen = [entry for entry in listeners if entry[1].endpoint.is_in_microseconds is is_micro]
        if chosen:
            yield chosen, replace(style, unit_us=1) if is_micro else style
