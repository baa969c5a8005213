"""Rules rehearsed over recordings: each recording is replayed once, and its rows kept for the next question.

A rule's numbers may then be moved as often as one likes: what is asked again is the rule machine and what came of each
alert, not the replay. Stands above the pure rooms because it opens recordings.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from livepairs.alerts.aftermath import NEEDED, Aftermath, aftermath, join_aftermaths
from livepairs.alerts.event import FIRED
from livepairs.alerts.machine import RuleMachine
from livepairs.alerts.rehearse import Rehearsal, in_storm, rehearsal_of
from livepairs.alerts.rule import Rule, RuleSet
from livepairs.columns import floats_of, ints_of
from livepairs.errors import ConfigError
from livepairs.headless import play
from livepairs.schema import PAIRS, interval_us

if TYPE_CHECKING:
    from livepairs.pipeline import RunParams
    from livepairs.schema import Chunk
    from livepairs.stores.recording import Recording

__all__ = ["COSTS_BPS", "Fired", "KeptRows", "Rehearsed", "Rows", "rehearse", "replay_rows"]

COSTS_BPS: Final = 12.0
"""Fees and slippage of getting in and out with both legs where nobody says otherwise, as a backtest has them."""

MOST_CELLS: Final = 60_000_000
"""Numbers kept of all recordings together: some 500 MB."""


@dataclass(frozen=True)
class Rows:
    """What a recording computes: all that rules read.

    Parameters
    ----------
    name, digest
        Of the recording.
    params
        What was computed; ``params.rules`` is of no account.
    pairs
        All of its PAIRS, in one batch.
    feed
        The FEED rows of the same bars; None where no rule has asked for them.
    """

    name: str
    digest: str
    params: RunParams
    pairs: pa.RecordBatch
    feed: pa.RecordBatch | None = None

    @cached_property
    def by_pair(self) -> Mapping[str, Mapping[str, NDArray[np.float64]]]:
        """The columns of each pair, in the order of time; ``ts`` in microseconds."""
        names = [str(pair) for pair in self.params.pairs]
        if len(names) == 1:
            return {names[0]: _columns(self.pairs)}
        return {name: _columns(self.pairs.filter(pc.equal(self.pairs.column("pair"), name))) for name in names}

    @property
    def span_us(self) -> int:
        """Time from the first bar to the end of the last."""
        ts = ints_of(self.pairs.column("ts"))
        return int(ts[-1]) - int(ts[0]) + interval_us(self.params.interval) if len(ts) else 0

    @property
    def cells(self) -> int:
        """How many numbers it keeps."""
        rows: int = self.pairs.num_rows
        return rows * len(PAIRS.names)


@dataclass(frozen=True, slots=True)
class Fired:
    """The alerts of a rule in one recording, one row each in the order of time.

    Parameters
    ----------
    recording
        Its name.
    span_us
        Open of its first and its last bar.
    events
        EVENTS rows that fired.
    is_storm
        Whether each was in a storm.
    came
        What came of each.
    """

    recording: str
    span_us: tuple[int, int]
    events: pa.RecordBatch
    is_storm: NDArray[np.bool_]
    came: Aftermath


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rule would have done: over all recordings, over each, and alert by alert."""

    rule: Rule
    whole: Rehearsal
    each: tuple[tuple[str, Rehearsal], ...]
    fired: tuple[Fired, ...]


def rehearse(rule: Rule, recordings: Sequence[Rows], *, costs_bps: float = COSTS_BPS) -> Rehearsed:
    """Return what a rule would have done over recordings, whether it is armed or not.

    Parameters
    ----------
    rule
        The rule, as it is or as it might be.
    recordings
        Rows of each.
    costs_bps
        What getting in and out costs, in basis points of the gross notional.

    Raises
    ------
    ConfigError
        If the rule reads what is not among the rows: how the feed came in.
    """
    for rows in recordings:
        _check_known(rule, rows)
    parts = [_rehearse_one(rule, rows) for rows in recordings]
    each = tuple(
        (rows.name, _sum([fired], [cleared], rows.span_us, costs_bps))
        for rows, (fired, cleared) in zip(recordings, parts, strict=True)
    )
    fired = tuple(part for part, _ in parts)
    whole = _sum(fired, [cleared for _, cleared in parts], sum(rows.span_us for rows in recordings), costs_bps)
    return Rehearsed(rule, whole, each, fired)


def _check_known(rule: Rule, rows: Rows) -> None:
    known = {*rows.pairs.schema.names, *(() if rows.feed is None else rows.feed.schema.names)}
    missing = [name for name in rule.columns if name not in known]
    if missing or (rule.symbols and rows.feed is None):
        what = ", ".join(missing) or "the feed of single symbols"
        raise ConfigError(
            f"rule {rule.name!r} reads {what}, known only while a feed comes in; rehearse rules of pair columns"
        )


def _rehearse_one(rule: Rule, rows: Rows) -> tuple[Fired, int]:
    params, bar_us = rows.params, interval_us(rows.params.interval)
    rules = RuleSet(rules=(replace(rule, is_armed=True),))
    events = RuleMachine(rules, params.pairs, interval_us=bar_us).update(rows.pairs, rows.feed)
    is_fired = pc.equal(events.column("kind"), FIRED)
    fired = events.filter(is_fired)
    storm = in_storm(ints_of(fired.column("ts")), interval_us=bar_us)
    price: Literal["log", "level"] = "log" if params.pair_params.price == "log" else "level"
    ts = ints_of(rows.pairs.column("ts"))
    span = (int(ts[0]), int(ts[-1])) if len(ts) else (0, 0)
    return Fired(rows.name, span, fired, storm, _came_of(fired, rows, price)), events.num_rows - fired.num_rows


def _came_of(fired: pa.RecordBatch, rows: Rows, price: Literal["log", "level"]) -> Aftermath:
    """Return what came of each alert, in its order; what a rule says of a symbol has no spread to come back."""
    ts, subjects = ints_of(fired.column("ts")), np.array(fired.column("subject").to_pylist(), dtype=object)
    none = np.full(len(ts), np.nan)
    came = Aftermath(none.copy(), np.zeros(len(ts), np.bool_), none.copy(), none.copy())
    for name, columns in rows.by_pair.items():
        places = np.flatnonzero(subjects == name)
        if len(places):
            found = aftermath(columns, np.searchsorted(columns["ts"], ts[places]), price=price)
            for field in ("bars", "is_judged", "pain_sigma", "pain_bps"):
                getattr(came, field)[places] = getattr(found, field)
    return came


def _sum(fired: Sequence[Fired], cleared: Sequence[int], span_us: int, costs_bps: float) -> Rehearsal:
    came = join_aftermaths([part.came for part in fired])
    storms = [part.is_storm for part in fired]
    return rehearsal_of(storms, came, cleared=sum(cleared), span_us=span_us, costs_bps=costs_bps)


def _columns(pairs: pa.RecordBatch) -> dict[str, NDArray[np.float64]]:
    columns = {name: floats_of(pairs.column(name)) for name in NEEDED}
    return {"ts": ints_of(pairs.column("ts")), **columns}  # type: ignore[dict-item]  # times are whole numbers


def replay_rows(
    recording: Recording,
    params: RunParams,
    *,
    healed: bool = False,
    on_chunk: Callable[[Chunk], None] | None = None,
) -> Rows:
    """Replay a recording once and return what it computes.

    ``on_chunk`` is called after each chunk, to show how far it is; what it raises ends the replay.

    Raises
    ------
    ConfigError
        If a pair is not in the recording.
    RecordingError
        If it cannot be read.
    """
    for pair in params.pairs:
        pair.check_symbols(recording.symbols)
    pairs = play(recording, params, healed=healed, on_chunk=on_chunk).pairs.combine_chunks().to_batches()
    batch = pairs[0] if pairs else pa.RecordBatch.from_pylist([], schema=PAIRS)
    return Rows(recording.name, recording.digest, params, batch)


class KeptRows:
    """The rows of recordings that were asked about lately. Thread-safe; one replay at a time.

    Parameters
    ----------
    most_cells
        Numbers kept at most; the rows asked for last are kept whatever they take.
    """

    def __init__(self, most_cells: int = MOST_CELLS) -> None:
        self._most_cells = most_cells
        self._kept: OrderedDict[tuple[object, ...], Rows] = OrderedDict()
        self._lock = threading.Lock()
        self._at_work = threading.Lock()

    def find(self, recording: Recording, params: RunParams, *, healed: bool = False) -> Rows | None:
        """Return rows that are kept; None if they are not."""
        key = _key(recording, params, healed=healed)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def of(
        self,
        recording: Recording,
        params: RunParams,
        *,
        healed: bool = False,
        on_chunk: Callable[[Chunk], None] | None = None,
    ) -> Rows:
        """Return the rows of a recording, from a replay if they are not kept; see ``replay_rows``."""
        with self._at_work:
            known = self.find(recording, params, healed=healed)
            if known is not None:
                return known
            made = replay_rows(recording, params, healed=healed, on_chunk=on_chunk)
            with self._lock:
                self._kept[_key(recording, params, healed=healed)] = made
                while len(self._kept) > 1 and sum(rows.cells for rows in self._kept.values()) > self._most_cells:
                    self._kept.popitem(last=False)
            return made


def _key(recording: Recording, params: RunParams, *, healed: bool) -> tuple[object, ...]:
    numbers = params.pairs, params.interval, params.grace_us, params.pair_params
    return (str(recording.path), recording.digest, healed, *numbers)
