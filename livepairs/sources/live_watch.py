"""Which streams have data and which should have; pure, every time is an argument (local clock, microseconds).

Data is what counts, never an acknowledgement: the venue acknowledges streams that do not exist. Where the market has a
heartbeat (a mark price a second, whether there are trades or not) silence is told from quiet by it. Trades have none,
so about a symbol that has been quiet for long the venue is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from livepairs.exchanges.binance_routes import Market, stream_names
from livepairs.sources.live_feed import StreamState
from livepairs.sources.live_limits import LiveLimits

__all__ = ["Watch"]

TRADES_SUFFIX: Final = "@aggTrade"


@dataclass(slots=True)
class _Stream:
    symbol: str
    is_heartbeat: bool
    last_us: int | None = None
    rows: int = 0
    accusations: int = 0


@dataclass(slots=True)
class _Question:
    """When the venue is to be asked about a quiet symbol next, and how long to wait after that."""

    due_us: int
    pause_us: int


class Watch:
    """Follows the data of every stream.

    Parameters
    ----------
    market, symbols
        What was asked for.
    limits
        How long who may be silent.
    """

    def __init__(self, market: Market, symbols: Sequence[str], limits: LiveLimits) -> None:
        self.names = stream_names(market, symbols)
        self._limits = limits
        self._has_heartbeat = any(not name.endswith(TRADES_SUFFIX) for name in self.names)
        by_lower = {symbol.lower(): symbol for symbol in symbols}
        self._streams = {
            name: _Stream(by_lower[name.partition("@")[0]], not name.endswith(TRADES_SUFFIX)) for name in self.names
        }
        self._questions: dict[str, _Question] = {}
        self._since_us: int | None = None
        self._last_us: int | None = None
        self._has_data = False

    @property
    def last_us(self) -> int | None:
        """When anything came last."""
        return self._last_us

    @property
    def since_us(self) -> int | None:
        """When the present connection opened; None while there is none."""
        return self._since_us

    @property
    def has_data(self) -> bool:
        """Whether the present connection has delivered anything."""
        return self._has_data

    def connected(self, now_us: int) -> None:
        """Begin with a new connection: every symbol is asked about soon unless it has trades before."""
        self._since_us, self._has_data = now_us, False
        self._questions = {
            stream.symbol: _Question(now_us + self._limits.recheck_us, self._pause_us(stream.accusations))
            for stream in self._streams.values()
            if not stream.is_heartbeat
        }

    def _pause_us(self, doublings: int) -> int:
        return min(self._limits.quiet_us << min(doublings, 30), self._limits.quiet_most_us)

    def taken_over(self, now_us: int) -> None:
        """Go on with a connection that has taken over from the one before without a loss."""
        self._since_us = now_us

    def disconnected(self) -> None:
        """End with a connection: nothing is expected."""
        self._since_us = None
        self._questions = {}

    def saw(self, trades: Counter[str], marks: Counter[str], now_us: int) -> None:
        """Take in how many rows of each symbol came."""
        for stream in self._streams.values():
            rows = (marks if stream.is_heartbeat else trades)[stream.symbol]
            if rows:
                stream.last_us, stream.rows, stream.accusations = now_us, stream.rows + rows, 0
                self._last_us, self._has_data = now_us, True
        for symbol in trades:
            if symbol in self._questions:
                self._questions[symbol] = _Question(now_us + self._pause_us(0), self._pause_us(1))

    def accuse(self, symbol: str) -> None:
        """Note that the venue has trades of a symbol which this connection should have delivered."""
        for stream in self._streams.values():
            if stream.symbol == symbol and not stream.is_heartbeat:
                stream.accusations += 1

    def silence(self, now_us: int) -> str | None:
        """Return why the connection is to be given up, in words; None while it is not."""
        if self._since_us is None:
            return None
        if not self._has_data and self._has_heartbeat:
            if now_us - self._since_us < self._limits.first_data_us:
                return None
            return f"subscribed, and no data in {_seconds(self._limits.first_data_us)}"
        quiet_us = now_us - (self._last_us or self._since_us)
        if self._has_heartbeat and quiet_us >= self._limits.silent_us:
            return f"no data for {_seconds(quiet_us)} although the connection is open"
        return None

    def silent_streams(self, now_us: int) -> Iterator[str]:
        """Yield the names of streams that should have had data by now, until they have."""
        for name, stream in self._streams.items():
            if stream.accusations or (stream.is_heartbeat and self._is_overdue(stream, now_us)):
                yield name

    def _is_overdue(self, stream: _Stream, now_us: int) -> bool:
        since_us = self._since_us
        return since_us is not None and now_us - max(stream.last_us or 0, since_us) >= self._limits.silent_us

    def questions(self, now_us: int) -> Iterator[str]:
        """Yield the symbols the venue is to be asked about now; each is then asked about half as often."""
        for symbol, question in self._questions.items():
            if question.due_us <= now_us:
                question.due_us = now_us + question.pause_us
                question.pause_us = min(2 * question.pause_us, self._limits.quiet_most_us)
                yield symbol

    def ask_again(self, symbol: str, now_us: int) -> None:
        """Have the venue asked about a symbol at once, because it had more than one answer holds."""
        if symbol in self._questions:
            self._questions[symbol].due_us = now_us

    def states(self, now_us: int, offset_us: int) -> dict[str, StreamState]:
        """Return each stream's state, its time on the exchange's clock."""
        silent = set(self.silent_streams(now_us))
        return {
            name: StreamState(
                None if stream.last_us is None else stream.last_us - offset_us, stream.rows, name in silent
            )
            for name, stream in self._streams.items()
        }


def _seconds(span_us: int) -> str:
    return f"{span_us / 1e6:.3g} s"
