"""Which ids of each symbol were seen, which are missing, and what became of those: the gap ledger; pure.

The venue numbers aggregated trades of a symbol without holes, so there is a gap iff an id is not the last one plus one.
An id the decoder rejected counts as seen. Each id is let through once; one that was missing is let through whenever it
comes, also long after nobody expects it any more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from livepairs.schema import Gap

__all__ = ["Circumstances", "Ledger", "Wanted"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SKIPPED: Final = "ids skipped"
"""Why ids are missing while nothing is known to have gone wrong here."""

FOUND: Final = {"wire": "arrived", "rest": "filled"}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How rows came: when (on the exchange's clock), and by which way."""

    now_us: int
    way: Literal["wire", "rest"] = "wire"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Ids that are missing and can still be asked for; both ends belong to them."""

    symbol: str
    from_id: int
    to_id: int


@dataclass(slots=True, eq=False)
class _Entry:
    """A gap and its fate so far; ``left`` ids of it are missing, of which ``hopeless`` will not come."""

    symbol: str
    from_id: int
    to_id: int
    start_us: int
    end_us: int
    cause: str
    opened_us: int
    total: int = 0
    left: int = 0
    hopeless: int = 0
    closed_us: int | None = None
    found: str = "arrived"

    def as_gap(self) -> Gap:
        how = self.found if self.left == 0 else "unfillable" if self.left <= self.hopeless else "open"
        return Gap(
            symbol=self.symbol,
            start_us=self.start_us,
            end_us=self.end_us,
            cause=self.cause,
            missing=self.left or self.total,
            is_healed=self.left == 0,
            from_id=self.from_id,
            to_id=self.to_id,
            opened_us=self.opened_us,
            closed_us=self.closed_us,
            how=how,
        )


@dataclass(slots=True, eq=False)
class _Hole:
    """Ids still missing in a row, of one entry."""

    from_id: int
    to_id: int
    entry: _Entry
    is_hopeless: bool = False

    @property
    def size(self) -> int:
        return self.to_id - self.from_id + 1


@dataclass(slots=True)
class _Book:
    """One symbol: the first id ever seen, the highest with its time, and the holes between them in order."""

    first_id: int
    last_id: int
    last_us: int
    holes: list[_Hole] = field(default_factory=list)
    cause: str = SKIPPED


class Ledger:
    """Lets each id through once and keeps account of those that are missing.

    Parameters
    ----------
    most_entries
        Gaps it lists; beyond it the oldest closed one is forgotten (``forgotten`` counts them).
    """

    def __init__(self, most_entries: int = 10_000) -> None:
        self._books: dict[str, _Book] = {}
        self._entries: deque[_Entry] = deque()
        self._most = most_entries
        self._snapshot: tuple[Gap, ...] | None = ()
        self.forgotten = 0
        """Gaps no longer listed."""
        self.duplicates = 0
        """Ids that came again."""
        self.early = 0
        """Ids from before the first one, which no gap was ever opened for."""

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Every gap, in the order in which they were noticed."""
        if self._snapshot is None:
            self._snapshot = tuple(entry.as_gap() for entry in self._entries)
        return self._snapshot

    def last_id(self, symbol: str) -> int | None:
        """Return the highest id seen; None before the first."""
        book = self._books.get(symbol)
        return None if book is None else book.last_id

    def last_us(self, symbol: str) -> int | None:
        """Return the time of the trade with the highest id seen; None before the first."""
        book = self._books.get(symbol)
        return None if book is None else book.last_us

    def blame(self, cause: str) -> None:
        """Say why ids may be missing before the next rows of each symbol."""
        for book in self._books.values():
            book.cause = cause

    def take(
        self, symbol: str, ids: Ints, ts: Ints, *, rejected: Collection[int], circumstances: Circumstances
    ) -> Flags | None:
        """Take in rows of a symbol in the order they came.

        Parameters
        ----------
        ids, ts
            ``(n,)``, may be empty.
        rejected
            Ids that came with them but hold no trade.

        Returns
        -------
        Which rows are to be let through, ``(n,)``; None for all of them.
        """
        book = self._books.get(symbol)
        if book is None:
            first = min([*ids[:1].tolist(), *rejected], default=None)
            if first is None:
                return None
            book = self._books[symbol] = _Book(first, first - 1, int(ts[0]) if len(ts) else circumstances.now_us)
        is_new = None
        if rejected or not _follows(book.last_id, ids):
            is_new = self._take_odd(symbol, book, (ids, ts), rejected, circumstances)
        elif len(ids):
            book.last_id, book.last_us = int(ids[-1]), int(ts[-1])
        if len(ids) and circumstances.way == "wire":
            book.cause = SKIPPED
        return is_new

    def miss(self, symbol: str, ids: tuple[int, int], times_us: tuple[int, int], *, now_us: int, cause: str) -> None:
        """Note that the venue had trades which should have come by now and did not.

        Parameters
        ----------
        ids
            The first and the last of them; those seen already do not count.
        times_us
            Their times.
        now_us, cause
            When that was noticed, on the exchange's clock, and why it may be.
        """
        book = self._books.setdefault(symbol, _Book(ids[0], ids[0] - 1, times_us[0]))
        if ids[1] <= book.last_id:
            return
        book.cause = cause or book.cause  # until the stream delivers again
        self._open(symbol, book, ids[1] + 1, times_us[1], (), Circumstances(now_us))
        book.last_id, book.last_us = ids[1], times_us[1]

    def wanted(self) -> Iterator[Wanted]:
        """Yield what can still be asked for, what was noticed first before the rest."""
        holes = chain.from_iterable(book.holes for book in self._books.values())
        open_holes = [hole for hole in holes if not hole.is_hopeless]
        open_holes.sort(key=lambda hole: (hole.entry.opened_us, hole.from_id))
        for hole in open_holes:
            yield Wanted(hole.entry.symbol, hole.from_id, hole.to_id)

    def give_up(self, symbol: str, from_id: int, to_id: int, now_us: int) -> None:
        """Note that the venue does not have, or no longer has, these ids; both ends belong to them."""
        book = self._books.get(symbol)
        if book is None:
            return
        for hole in list(book.holes):
            if hole.is_hopeless or hole.to_id < from_id or hole.from_id > to_id:
                continue
            inner = self._cut(book, hole, max(from_id, hole.from_id), min(to_id, hole.to_id))
            inner.is_hopeless = True
            inner.entry.hopeless += inner.size
            if inner.entry.left <= inner.entry.hopeless:
                inner.entry.closed_us = now_us
            self._snapshot = None

    def _take_odd(
        self,
        symbol: str,
        book: _Book,
        rows: tuple[Ints, Ints],
        rejected: Collection[int],
        circumstances: Circumstances,
    ) -> Flags:
        ids, ts = rows
        before = np.maximum.accumulate(np.concatenate(([book.last_id], ids)))[:-1]
        is_new: Flags = ids > before
        fresh = np.flatnonzero(is_new)
        if len(fresh):
            new_ids, new_ts = ids[fresh], ts[fresh]
            for place in np.flatnonzero(np.diff(new_ids, prepend=book.last_id) > 1).tolist():
                if place:
                    book.last_id, book.last_us = int(new_ids[place - 1]), int(new_ts[place - 1])
                self._open(symbol, book, int(new_ids[place]), int(new_ts[place]), rejected, circumstances)
            book.last_id, book.last_us = int(new_ids[-1]), int(new_ts[-1])
        behind = np.flatnonzero(~is_new)
        is_new[behind] = self._find(book, ids[behind], circumstances)
        self._reject(symbol, book, rejected, circumstances)
        return is_new

    def _open(
        self,
        symbol: str,
        book: _Book,
        next_id: int,
        next_us: int,
        rejected: Collection[int],
        circumstances: Circumstances,
    ) -> None:
        """Open a gap for the ids between the last one and the next, those rejected apart."""
        last_id = book.last_id
        spent = sorted(number for number in rejected if last_id < number < next_id)
        edges = [last_id, *spent, next_id]
        spans = [(left + 1, right - 1) for left, right in pairwise(edges) if right - left > 1]
        if not spans:
            return
        entry = _Entry(symbol, spans[0][0], spans[-1][1], book.last_us, next_us, book.cause, circumstances.now_us)
        entry.total = entry.left = sum(last - first + 1 for first, last in spans)
        book.holes.extend(_Hole(first, last, entry) for first, last in spans)
        self._entries.append(entry)
        self._snapshot = None
        if len(self._entries) > self._most:
            self._forget()

    def _forget(self) -> None:
        """Strike the oldest closed entry from the list, or the oldest of all if every one is open."""
        victim = next((entry for entry in self._entries if entry.closed_us is not None), self._entries[0])
        self._entries.remove(victim)
        self.forgotten += 1
        if victim.left:
            book = self._books[victim.symbol]
            book.holes = [hole for hole in book.holes if hole.entry is not victim]

    def _find(self, book: _Book, ids: Ints, circumstances: Circumstances) -> Flags:
        """Take ids out of the holes they are in; return which were in one."""
        found: Flags = np.zeros(len(ids), np.bool_)
        if len(ids) and book.holes:
            for row in np.flatnonzero(ids >= book.holes[0].from_id).tolist():
                found[row] = self._fill(book, int(ids[row]), circumstances)
        again = ids[~found]
        early = int(np.count_nonzero(again < book.first_id))
        self.early += early
        self.duplicates += len(again) - early
        return found

    def _reject(self, symbol: str, book: _Book, rejected: Collection[int], circumstances: Circumstances) -> None:
        for number in sorted(rejected):
            if number <= book.last_id:
                self._fill(book, number, circumstances)
                continue
            self._open(symbol, book, number, book.last_us, (), circumstances)
            book.last_id = number

    def _fill(self, book: _Book, number: int, circumstances: Circumstances) -> bool:
        place = bisect_right(book.holes, number, key=lambda hole: hole.from_id) - 1
        if place < 0 or number > book.holes[place].to_id:
            return False
        hole = self._cut(book, book.holes[place], number, number)
        book.holes.remove(hole)
        entry = hole.entry
        entry.left -= 1
        entry.hopeless -= hole.is_hopeless
        if circumstances.way == "rest":
            entry.found = FOUND["rest"]
        if entry.left <= entry.hopeless:
            entry.closed_us = circumstances.now_us
        self._snapshot = None
        return True

    def _cut(self, book: _Book, hole: _Hole, from_id: int, to_id: int) -> _Hole:
        """Part a hole so that these ids of it are one of their own, and return that one."""
        if hole.from_id == from_id and hole.to_id == to_id:
            return hole
        ends = ((hole.from_id, from_id - 1), (from_id, to_id), (to_id + 1, hole.to_id))
        parts = [_Hole(first, last, hole.entry, hole.is_hopeless) for first, last in ends if first <= last]
        place = book.holes.index(hole)
        book.holes[place : place + 1] = parts
        return parts[1] if from_id > hole.from_id else parts[0]


def _follows(last_id: int, ids: Ints) -> bool:
    """Return whether the ids go on from the last one without a hole, which is how nearly every batch is."""
    rows = len(ids)
    return rows == 0 or (
        int(ids[0]) == last_id + 1 and int(ids[-1]) - last_id == rows and bool((ids[1:] - ids[:-1] == 1).all())
    )
