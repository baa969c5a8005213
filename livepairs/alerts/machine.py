"""The rule machine: PAIRS batches in, EVENTS batches out, by rules.

EVENTS are a pure function of the rules, the PAIRS rows and the FEED rows so far: no clock, no chance, no look ahead,
and no difference in how the rows were cut into batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.alerts.board import Board, Grid, Turn
from livepairs.alerts.event import CLEARED, FIRED, Event, event_batch
from livepairs.alerts.message import Template
from livepairs.alerts.rule import Rule, RuleSet
from livepairs.alerts.vocabulary import FEED_COLUMNS, FLAGS, LIGHT
from livepairs.columns import flags_of, floats_column, floats_of, ints_of
from livepairs.errors import SchemaError
from livepairs.schema import EVENTS, FEED, PAIRS, Pair, check, empty

__all__ = ["RuleMachine", "Standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule that has fired for a subject, at the bar that opened at ``since_us``, and not cleared since."""

    rule: str
    subject: str
    since_us: int


class RuleMachine:
    """Turns rows of pair statistics into events.

    Parameters
    ----------
    rules
        What is watched for; rules that are not armed are left out, and those of recordings, which have no bars.
    pairs
        The pairs of the PAIRS batches, in the order of their rows; rules of symbols watch their legs.
    interval_us
        Length of a bar in microseconds.
    """

    def __init__(self, rules: RuleSet, pairs: Sequence[Pair], *, interval_us: int = 1_000_000) -> None:
        self.rules = rules
        self.pairs = tuple(pairs)
        self.interval_us = interval_us
        self.symbols = tuple(dict.fromkeys(leg for pair in self.pairs for leg in (pair.y, pair.x)))
        self._y, self._x = (
            np.array([self.symbols.index(getattr(pair, leg)) for pair in self.pairs], np.int64) for leg in ("y", "x")
        )
        armed = [rule for rule in rules.rules if rule.is_armed and not rule.recordings]
        self._numbers = {rule.name: number for number, rule in enumerate(rules.rules)}
        self._templates = {
            (rule.name, is_fired): rule.template(is_fired=is_fired) for rule in armed for is_fired in (True, False)
        }
        self._of_pairs = Board([rule for rule in armed if not rule.symbols], [str(pair) for pair in self.pairs])
        self._of_symbols = Board([rule for rule in armed if rule.symbols], self.symbols)

    def reset(self) -> None:
        """Forget what has fired."""
        self._of_pairs.reset()
        self._of_symbols.reset()

    def __deepcopy__(self, memo: object) -> RuleMachine:
        """Copy what may change; thousands of rules are shared."""
        other = copy(self)
        other._of_pairs, other._of_symbols = self._of_pairs.copy(), self._of_symbols.copy()
        return other

    def take_over(self, other: RuleMachine) -> None:
        """Go on where another machine stands, with the rules and subjects that both have, so that none fires anew."""
        self._of_pairs.take_over(other._of_pairs)  # of our own kind
        self._of_symbols.take_over(other._of_symbols)

    @property
    def standing(self) -> tuple[Standing, ...]:
        """What has fired and not cleared, by rule and subject in their order."""
        found = []
        for board in (self._of_pairs, self._of_symbols):
            for rule, subject in np.argwhere(board.is_standing).tolist():
                since_us = int(board.fired_us[rule, subject])
                found.append(Standing(board.rules[rule].name, board.subjects[subject], since_us))
        return tuple(sorted(found, key=lambda item: self._numbers[item.rule]))

    def update(
        self, pairs: pa.RecordBatch, feed: pa.RecordBatch | None = None, lights: NDArray[np.float64] | None = None
    ) -> pa.RecordBatch:
        """Take in the rows of the next closed bars and return what they made fire and clear.

        Parameters
        ----------
        pairs
            A PAIRS batch that splits no bar time; may be empty.
        feed
            The FEED batch of the same bars; None where it is not known, and then what reads it is never true.
        lights
            The health light of each row of ``pairs``, as a number; None likewise.

        Returns
        -------
        pa.RecordBatch
            An EVENTS batch in the order of (ts, rule as in the file, subject as given).
        """
        check(pairs, PAIRS)
        if feed is not None:
            check(feed, FEED)
        turns = []
        if pairs.num_rows and self._of_pairs.rules:
            turns += self._told(self._of_pairs, self._pair_grid(pairs, feed, lights))
        if feed is not None and feed.num_rows and self._of_symbols.rules:
            turns += self._told(self._of_symbols, _grid_of(feed, self.symbols, self._of_symbols.columns))
        if not turns:
            return empty(EVENTS)
        turns.sort(key=lambda told: told[0])
        return event_batch([event for _, event in turns])

    def _told(self, board: Board, grid: Grid) -> list[tuple[tuple[int, int, int], Event]]:
        """Return the events of a board's next bars, each with what it is sorted by."""
        told = []
        for turn in board.update(grid):
            rule, subject = board.rules[turn.rule], board.subjects[turn.subject]
            order = turn.ts_us, self._numbers[rule.name], turn.subject
            told.append((order, _event(rule, self._templates[rule.name, turn.is_fired], subject, turn)))
        return told

    def _pair_grid(
        self, pairs: pa.RecordBatch, feed: pa.RecordBatch | None, lights: NDArray[np.float64] | None
    ) -> Grid:
        wanted = self._of_pairs.columns
        if LIGHT in wanted:
            pairs = pairs.append_column(LIGHT, floats_column(_unknown(pairs.num_rows) if lights is None else lights))
        grid = _grid_of(pairs, self._of_pairs.subjects, wanted)
        read = [name for name in wanted if name in FEED_COLUMNS]
        if not read:
            return grid
        return Grid(grid.ts_us, grid.is_there, {**grid.columns, **self._of_legs(grid, feed, read)})

    def _of_legs(self, grid: Grid, feed: pa.RecordBatch | None, names: list[str]) -> dict[str, NDArray[np.float64]]:
        """Return columns of the feed for pairs: of the two legs the one worse off, which is the larger value."""
        if feed is None or feed.num_rows == 0:
            return {name: np.full(grid.is_there.shape, np.nan) for name in names}
        legs = _grid_of(feed, self.symbols, names)
        at = np.minimum(np.searchsorted(legs.ts_us, grid.ts_us), len(legs.ts_us) - 1)
        is_same = (legs.ts_us[at] == grid.ts_us)[:, None]
        return {
            name: np.where(is_same, np.fmax(values[at][:, self._y], values[at][:, self._x]), np.nan)
            for name, values in legs.columns.items()
        }


def _unknown(rows: int) -> NDArray[np.float64]:
    return np.full(rows, np.nan)


def _event(rule: Rule, template: Template, subject: str, turn: Turn) -> Event:
    texts = {"pair": subject, "symbol": subject, "subject": subject, "rule": rule.name, "level": rule.level}
    kind = FIRED if turn.is_fired else CLEARED
    # The first column is the one whose value counts: the first that ``when`` reads.
    value = next(iter(turn.columns.values()))
    return Event(turn.ts_us, rule.name, subject, kind, rule.level, value, template.fill(texts, turn.columns))


def _grid_of(batch: pa.RecordBatch, subjects: Sequence[str], wanted: Sequence[str]) -> Grid:
    """Return the rows of a PAIRS or FEED batch laid out by bar and subject; rows of other subjects are left out."""
    ts = ints_of(batch.column("ts"))
    starts = np.concatenate(([True], ts[1:] != ts[:-1]))
    bars, place = np.cumsum(starts) - 1, _places(batch.column(1), subjects)
    is_known = place >= 0
    if not is_known.all():
        if "pair" in batch.schema.names:
            raise SchemaError("PAIRS hold a pair that the rules were not told of; name all of them")
        bars, place = bars[is_known], place[is_known]
    shape = int(starts.sum()), len(subjects)
    is_there = np.zeros(shape, np.bool_)
    is_there[bars, place] = True
    columns = {}
    for name in wanted:
        if name not in batch.schema.names:
            continue
        values = np.full(shape, np.nan)
        column = batch.column(name)
        read = flags_of(column) if name in FLAGS else floats_of(column)
        values[bars, place] = read if len(place) == len(ts) else read[is_known]
        columns[name] = values
    return Grid(ts[starts], is_there, columns)


def _places(names: pa.Array, subjects: Sequence[str]) -> NDArray[np.int64]:
    """Return the number of each row's subject; -1 for one that is not among them."""
    numbers = {subject: number for number, subject in enumerate(subjects)}
    if len(names) <= 1024:
        return np.array([numbers.get(name, -1) for name in names.to_pylist()], np.int64)
    encoded = names.dictionary_encode()
    found = np.array([numbers.get(name, -1) for name in encoded.dictionary.to_pylist()], np.int64)
    return found[np.frombuffer(encoded.indices.buffers()[1], np.int32, len(names))]
