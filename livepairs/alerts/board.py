"""Where each of many rules stands with each of many subjects, moved on bar by bar, all of them at once.

What is true at the bars of a batch is computed for all rules and subjects together; only where something may turn is
looked at one by one. So a thousand rules over a hundred pairs cost little while nothing happens, and a day of bars of
one rule costs little too. How the bars are cut into batches changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livepairs.alerts.condition import Condition
from livepairs.alerts.program import Numbers, Program
from livepairs.alerts.rule import Rule

__all__ = ["Board", "Grid", "Turn"]

CELLS: Final = 2_000_000
"""Rules times bars times subjects judged at a time: some 20 MB."""

NEVER: Final = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns of some bars of all subjects.

    Parameters
    ----------
    ts_us
        Opens of the bars, rising, ``(n_bars,)``.
    is_there
        Whether a subject has a row at a bar, ``(n_bars, n_subjects)``.
    columns
        Floats of that shape; flags as 0 and 1. NaN where there is no row, or nothing is known.
    """

    ts_us: NDArray[np.int64]
    is_there: NDArray[np.bool_]
    columns: Mapping[str, NDArray[np.float64]]

    def part(self, start: int, end: int) -> Grid:
        """Return the bars from ``start`` to before ``end``."""
        columns = {name: values[start:end] for name, values in self.columns.items()}
        return Grid(self.ts_us[start:end], self.is_there[start:end], columns)


@dataclass(frozen=True, slots=True)
class Turn:
    """A rule that fired or cleared: its number and that of the subject, when, and the columns at that bar."""

    ts_us: int
    rule: int
    subject: int
    is_fired: bool
    columns: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Alike:
    """Rules whose conditions differ in their numbers alone, and the places of their results in the program."""

    rules: NDArray[np.int64]
    fires: int
    clears: int


class Board:
    """Rules over subjects.

    Parameters
    ----------
    rules
        All of them armed.
    subjects
        Pairs or symbols.
    """

    def __init__(self, rules: Sequence[Rule], subjects: Sequence[str]) -> None:
        self.rules, self.subjects = tuple(rules), tuple(subjects)
        self._program = Program()
        self._alike = [self._add(numbers) for numbers in _alike(self.rules)]
        self._spoken = [rule.columns for rule in self.rules]
        self.columns = tuple(dict.fromkeys(name for names in self._spoken for name in names))
        shape = len(self.rules), len(self.subjects)
        watched = [[rule.watches(subject) for subject in self.subjects] for rule in self.rules]
        self._is_watched = np.array(watched, np.bool_).reshape(shape)
        self._for_bars = np.array([rule.for_bars for rule in self.rules], np.int64)
        self._patient = np.flatnonzero(self._for_bars > 1)
        self.reset()

    def _add(self, numbers: list[int]) -> _Alike:
        first = self.rules[numbers[0]]
        fires = self._program.add(first.fires.node, _literals([self.rules[number].fires for number in numbers]))
        if first.clears is None:
            literals = _literals([self.rules[number].fires for number in numbers])
            clears = self._program.add(first.fires.node, literals, is_false=True)
        else:
            conditions = [over for number in numbers if (over := self.rules[number].clears) is not None]
            clears = self._program.add(first.clears.node, _literals(conditions))
        return _Alike(np.array(numbers), fires, clears)

    def reset(self) -> None:
        """Forget what has fired."""
        shape = len(self.rules), len(self.subjects)
        self.is_standing = np.zeros(shape, np.bool_)
        self.fired_us = np.full(shape, NEVER, np.int64)
        self._held = np.zeros(shape, np.int64)
        self._last = {name: np.full((1, len(self.subjects)), np.nan) for name in self.columns}

    def copy(self) -> Board:
        """Return a board that stands where this one does, and goes its own way; both share their rules."""
        other = copy(self)
        other.is_standing, other.fired_us, other._held = (
            self.is_standing.copy(),
            self.fired_us.copy(),
            self._held.copy(),
        )
        return other

    def take_over(self, other: Board) -> None:
        """Go on where another board stands, with the rules and subjects that both have."""
        places = {rule: place for place, rule in enumerate(other.rules)}
        for mine, rule in enumerate(self.rules):
            theirs = places.get(rule)
            if theirs is not None:
                self._copy_rule(other, mine, theirs)
        for name in set(self.columns) & set(other.columns):
            for mine, place in self._shared(other):
                self._last[name][0, mine] = other._last[name][0, place]  # of our own kind

    def _copy_rule(self, other: Board, mine: int, theirs: int) -> None:
        for subject, place in self._shared(other):
            self.is_standing[mine, subject] = other.is_standing[theirs, place]
            self.fired_us[mine, subject] = other.fired_us[theirs, place]
            self._held[mine, subject] = other._held[theirs, place]

    def _shared(self, other: Board) -> list[tuple[int, int]]:
        places = {subject: place for place, subject in enumerate(other.subjects)}
        return [(mine, places[name]) for mine, name in enumerate(self.subjects) if name in places]

    def update(self, grid: Grid) -> list[Turn]:
        """Take in the next bars and return what has fired and cleared, in no particular order."""
        bars = max(1, CELLS // max(1, self._is_watched.size))
        turns: list[Turn] = []
        for start in range(0, len(grid.ts_us), bars):
            turns += self._advance(grid.part(start, start + bars))
        return turns

    def _advance(self, grid: Grid) -> Iterator[Turn]:
        is_true, is_over = self._judge(grid)
        holds = self._hold(is_true)
        may_turn = np.where(self.is_standing, is_over.any(axis=1), holds.any(axis=1))
        ts_us = grid.ts_us.tolist()
        for rule, subject in np.argwhere(may_turn).tolist():
            fires_at = np.flatnonzero(holds[rule, :, subject]).tolist()
            clears_at = np.flatnonzero(is_over[rule, :, subject]).tolist()
            for bar, is_fired in self._turns(rule, subject, ts_us, (fires_at, clears_at)):
                columns = {name: float(grid.columns[name][bar, subject]) for name in self._spoken[rule]}
                yield Turn(ts_us[bar], rule, subject, is_fired, columns)

    def _judge(self, grid: Grid) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return where each rule's ``when`` holds, and where it is over, ``(n_rules, n_bars, n_subjects)`` each."""
        # The bar before comes first, for what crosses.
        rows = {name: np.concatenate((self._last[name], grid.columns[name])) for name in self.columns}
        found = self._program.run(rows)
        shape = len(self.rules), *grid.is_there.shape
        is_true, is_over = np.empty(shape, np.bool_), np.empty(shape, np.bool_)
        for alike in self._alike:
            is_true[alike.rules] = found[alike.fires][..., 1:, :]
            is_over[alike.rules] = found[alike.clears][..., 1:, :]
        is_true &= self._is_watched[:, None, :] & grid.is_there
        is_over &= grid.is_there
        self._last = {name: values[-1:] for name, values in rows.items()}
        return is_true, is_over

    def _hold(self, is_true: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return where ``when`` has been true for as many bars in a row as its rule wants."""
        if len(self._patient) == 0:
            return is_true
        chosen = is_true[self._patient]
        bars = np.arange(chosen.shape[1])[None, :, None]
        # The newest bar at which it was not true; if there is none here, as many bars back as it has held already.
        broken = np.maximum.accumulate(np.where(chosen, -1 - self._held[self._patient][:, None, :], bars), axis=1)
        held = bars - broken
        self._held[self._patient] = held[:, -1, :]
        holds = is_true.copy()
        holds[self._patient] = held >= self._for_bars[self._patient][:, None, None]
        return holds

    def _turns(
        self, rule: int, subject: int, ts_us: list[int], places: tuple[list[int], list[int]]
    ) -> Iterator[tuple[int, bool]]:
        """Yield the bars at which one rule fires or clears for one subject, given where it may; at most one a bar."""
        fires_at, clears_at = places
        cooldown_us = self.rules[rule].cooldown_us
        standing, fired_us = bool(self.is_standing[rule, subject]), int(self.fired_us[rule, subject])
        bar = 0
        while True:
            ready = bar if standing else max(bar, bisect_left(ts_us, fired_us + cooldown_us))
            next_at = clears_at if standing else fires_at
            place = bisect_left(next_at, ready)
            if place == len(next_at):
                break
            bar = next_at[place]
            standing = not standing
            fired_us = ts_us[bar] if standing else fired_us
            yield bar, standing
            bar += 1
        self.is_standing[rule, subject], self.fired_us[rule, subject] = standing, fired_us


def _alike(rules: Sequence[Rule]) -> list[list[int]]:
    """Return the numbers of the rules, those together whose conditions differ in their numbers alone."""
    groups: dict[object, list[int]] = {}
    for number, rule in enumerate(rules):
        shape = rule.fires.shape, None if rule.clears is None else rule.clears.shape
        groups.setdefault(shape, []).append(number)
    return list(groups.values())


def _literals(conditions: Sequence[Condition]) -> Numbers:
    """Return the numbers of conditions of one shape, by the place at which the first one has them."""
    by_place = zip(*(condition.numbers for condition in conditions), strict=True)
    return {numbers[0].start: tuple(number.value for number in numbers) for numbers in by_place}
