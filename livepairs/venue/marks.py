"""Mark prices, index prices and funding, once a second, also of symbols that never trade here.

Beside the symbols of the tape stand some that exist on the real venue and must not confuse anybody: one with Chinese
letters, a metal, a quarterly contract, and a coin-margined one that the merged arrays carry with ``st`` 2.
"""

from __future__ import annotations

import json
from typing import Any, Final

from livepairs.venue.tape import MarkRow

__all__ = ["BYSTANDERS", "FUNDING_US", "Marks"]

FUNDING_US: Final = 8 * 3_600 * 1_000_000

BYSTANDERS: Final = {
    "XAUUSDT": MarkRow(4103.92, 4100.14, 0.00019799),
    "币安人生USDT": MarkRow(0.4762, 0.47561474, 0.00005),
    "BTCUSDT_261225": MarkRow(83_640.1, 83_123.6, 0.0),
}
_COIN_MARGINED: Final = {"BTCUSD_PERP": MarkRow(83_050.5, 83_100.1, 0.00002)}
_NEVER_FUNDED: Final = ("BTCUSDT_261225",)


class Marks:
    """The last mark of each symbol.

    Parameters
    ----------
    symbols
        Those of the tape.
    prices
        Where each begins, until there is a mark or a trade of it.

    Attributes
    ----------
    without, extra
        Keys to leave out of the messages, and one to add; none of either at first.
    """

    def __init__(self, symbols: tuple[str, ...], prices: dict[str, float]) -> None:
        self.without: frozenset[str] = frozenset()
        self.extra = ""
        self._rows = {symbol: MarkRow(prices.get(symbol, 1.0), prices.get(symbol, 1.0), 1e-4) for symbol in symbols}
        self._rows |= {symbol: row for symbol, row in BYSTANDERS.items() if symbol not in self._rows}

    @property
    def symbols(self) -> tuple[str, ...]:
        """All symbols there are marks of, coin-margined ones aside."""
        return tuple(self._rows)

    def update(self, rows: dict[str, MarkRow]) -> None:
        """Take over newer marks."""
        self._rows.update(rows)

    def price_of(self, symbol: str) -> float:
        """Return the mark price."""
        return self._rows[symbol].mark_price

    def row(self, symbol: str) -> MarkRow:
        """Return the last mark."""
        return self._rows[symbol]

    def next_funding_ms(self, symbol: str, now_us: int) -> int:
        """Return the time of the next funding; 0 where there is none."""
        return 0 if symbol in _NEVER_FUNDED else (now_us // FUNDING_US + 1) * FUNDING_US // 1_000

    def frames(self, symbol: str | None, now_us: int) -> list[list[str]]:
        """Return the messages of a whole second: of one symbol, or the array of all (None), which comes in two."""
        if symbol is not None:
            return [[_text(self._update(symbol, self._rows[symbol], now_us, st=1))]] if symbol in self._rows else []
        rows = [self._update(name, row, now_us, st=1) for name, row in self._rows.items()]
        rows += [self._update(name, row, now_us, st=2) for name, row in _COIN_MARGINED.items()]
        half = -(-len(rows) // 2)
        return [[_text(rows[:half]), _text(rows[half:])]]

    def _update(self, symbol: str, row: MarkRow, now_us: int, *, st: int) -> dict[str, Any]:
        message: dict[str, Any] = {
            "e": "markPriceUpdate",
            "E": now_us // 1_000,
            "s": symbol,
            "p": f"{row.mark_price:.8f}",
            "ap": f"{row.mark_price:.8f}",
            "P": f"{row.index_price:.8f}",
            "i": f"{row.index_price:.8f}",
            "r": f"{0.0 if symbol in _NEVER_FUNDED else row.funding_rate:.8f}",
            "T": self.next_funding_ms(symbol, now_us),
            "st": st,
        }
        if self.extra:
            message[self.extra] = {"new": [1, None]}
        return {key: value for key, value in message.items() if key not in self.without}


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
