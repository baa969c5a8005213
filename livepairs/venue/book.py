"""What has happened at the venue: every trade it had, by id, for as long as it can be asked for.

Ids are given here, when a trade happens: contiguous per symbol, beginning with the first recorded one. Where recorded
ids are contiguous they are therefore kept.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livepairs.venue.tape import Fills

__all__ = ["Rows", "SymbolBook"]

_FIRST_CAPACITY: Final = 4_096


@dataclass(frozen=True, slots=True)
class Rows:
    """Trades of one symbol as the venue had them, one array ``(n_trades,)`` a column.

    ``trade_id`` is the aggregated id, ``first_id`` that of its only fill; ``ts_us`` is on the venue's clock. A row that
    is not ``is_trade`` is an id spent on no trade: price or quantity zero.
    """

    trade_id: NDArray[np.int64]
    first_id: NDArray[np.int64]
    ts_us: NDArray[np.int64]
    price: NDArray[np.float64]
    qty: NDArray[np.float64]
    buyer_is_maker: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.trade_id)

    def cut(self, start: int, end: int) -> Rows:
        """Return the rows from ``start`` up to but without ``end``."""
        return Rows(*(getattr(self, field.name)[start:end] for field in fields(self)))

    @property
    def is_trade(self) -> NDArray[np.bool_]:
        """Whether each row is a trade."""
        found: NDArray[np.bool_] = (self.price > 0) & (self.qty > 0)
        return found


class SymbolBook:
    """The trades of one symbol so far, addressed by their place, which counts from the first trade ever.

    Parameters
    ----------
    symbol
        Whose trades.

    Attributes
    ----------
    first_id
        The id of the first trade; 1 until there is one.
    is_renumbered
        Whether ids differ from the recorded ones.
    """

    def __init__(self, symbol: str) -> None:
        self.symbol, self.first_id = symbol, 1
        self.is_renumbered = False
        self._start, self._end, self._shift = 0, 0, 0
        self._ts = np.empty(_FIRST_CAPACITY, np.int64)
        self._first = np.empty(_FIRST_CAPACITY, np.int64)
        self._price = np.empty(_FIRST_CAPACITY)
        self._qty = np.empty(_FIRST_CAPACITY)
        self._maker = np.empty(_FIRST_CAPACITY, np.bool_)

    @property
    def start(self) -> int:
        """Place of the oldest trade kept."""
        return self._start

    @property
    def end(self) -> int:
        """Place after the last trade."""
        return self._end

    def skip_fill_ids(self, count: int) -> None:
        """Spend so many ids of single fills, while aggregated ids stay contiguous."""
        self._shift += count

    def append(self, fills: Fills, ts_us: NDArray[np.int64]) -> None:
        """Take in what has just happened, at these times of the venue's clock.

        Parameters
        ----------
        fills
            The trades; their recorded ids only tell whether they had to be renumbered.
        ts_us
            Not before the last trade so far; where they are, they are moved onto it.
        """
        count = len(fills)
        if not count:
            return
        if not self._end and fills.trade_id[0] > 0:
            self.first_id = int(fills.trade_id[0])
        self._grow(count)
        place = slice(self._end - self._start, self._end - self._start + count)
        last_us = self._ts[place.start - 1] if place.start else ts_us[0]
        ids = np.arange(self._end, self._end + count) + self.first_id
        self.is_renumbered |= bool((ids != fills.trade_id).any())
        self._ts[place] = np.maximum.accumulate(np.maximum(ts_us, last_us))
        self._first[place] = ids + self._shift
        self._price[place], self._qty[place], self._maker[place] = fills.price, fills.qty, fills.buyer_is_maker
        self._end += count

    def rows(self, start: int, end: int) -> Rows:
        """Return the trades from place ``start`` up to but without ``end``, as far as they are kept."""
        start, end = max(start, self._start), min(max(end, self._start), self._end)
        return self.at(np.arange(start, max(start, end)))

    def at(self, places: NDArray[np.int64]) -> Rows:
        """Return the trades at these places, all of which are kept."""
        index = places - self._start
        return Rows(
            places + self.first_id,
            self._first[index],
            self._ts[index],
            self._price[index],
            self._qty[index],
            self._maker[index],
        )

    def place_of_time(self, ts_us: int) -> int:
        """Return the place of the first trade kept whose time is ``ts_us`` or later."""
        return self._start + int(np.searchsorted(self._ts[: self._end - self._start], ts_us))

    def last_price(self) -> float | None:
        """Return the price of the last trade; None before the first."""
        prices = self._price[: self._end - self._start]
        traded = np.flatnonzero(prices[-64:] > 0)
        return float(prices[-64:][traded[-1]]) if len(traded) else None

    def forget(self, before_us: int) -> None:
        """Drop trades before a time; done now and then, when half of what is held can go."""
        count = self.place_of_time(before_us) - self._start
        if count * 2 < len(self._ts) or count < _FIRST_CAPACITY:
            return
        held = self._end - self._start
        for column in (self._ts, self._first, self._price, self._qty, self._maker):
            column[: held - count] = column[count:held].copy()
        self._start += count

    def _grow(self, count: int) -> None:
        held = self._end - self._start
        if held + count <= len(self._ts):
            return
        capacity = max(2 * len(self._ts), held + count)
        for name in ("_ts", "_first", "_price", "_qty", "_maker"):
            old = getattr(self, name)
            new = np.empty(capacity, old.dtype)
            new[:held] = old[:held]
            setattr(self, name, new)
