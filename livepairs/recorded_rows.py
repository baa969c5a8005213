"""All that rules read of a recording, from one replay: pair statistics, and where asked for how the trades came in.

A recording is replayed once and its rows are kept for the next question: a rule's numbers may then be moved as often as
one likes. Health lights are made of the pair rows, and only for a rule that reads them: each takes a while.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from livepairs.alerts.aftermath import NEEDED
from livepairs.alerts.reading import read_rules
from livepairs.alerts.vocabulary import FEED_COLUMNS, LIGHT
from livepairs.columns import flags_of, floats_of, ints_of
from livepairs.headless import play
from livepairs.schema import FEED, PAIRS, interval_us

if TYPE_CHECKING:
    from livepairs.runparams import RunParams
    from livepairs.schema import Chunk
    from livepairs.stores.recording import Recording

__all__ = ["KeptRows", "Rows", "Tell", "replay_rows", "with_lights"]

MOST_CELLS: Final = 60_000_000
"""Numbers kept of all recordings together: some 500 MB."""

LIT_ROWS: Final = 2_000
"""Pair rows whose lights are made at a time, so that one sees how far it is."""

Columns = Mapping[str, NDArray[np.float64]]
Tell = Callable[[str, float], None]
"""Told what is being done and how much of it is, from 0 to 1; what it raises ends the work."""


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
    lights
        The health light of each row of ``pairs``; None likewise.
    has_receipts
        Whether it holds when its trades were received: without, none of them was late.
    """

    name: str
    digest: str
    params: RunParams
    pairs: pa.RecordBatch
    feed: pa.RecordBatch | None = None
    lights: NDArray[np.float64] | None = None
    has_receipts: bool = True

    def holds(self, columns: Collection[str]) -> bool:
        """Return whether there is all that a rule reads."""
        return (self.feed is not None or not _of_feed(columns)) and (self.lights is not None or LIGHT not in columns)

    @cached_property
    def by_pair(self) -> Mapping[str, Columns]:
        """The columns of each pair by which an alert is judged, in the order of time; ``ts`` in microseconds."""
        return {name: _columns(self.pairs.filter(rows), ("ts", *NEEDED)) for name, rows in self._places.items()}

    @cached_property
    def _places(self) -> Mapping[str, pa.BooleanArray]:
        names = self.pairs.column("pair")
        return {str(pair): pc.equal(names, str(pair)) for pair in self.params.pairs}

    def of(self, subject: str) -> Columns:
        """Return every column there is of a pair or a symbol, its ``ts`` in microseconds; none of one not known.

        Of the feed, a pair has what its leg has that is worse off.
        """
        if subject in self._places:
            return self._of_pair(subject)
        return {} if self.feed is None else _columns(_of_symbol(self.feed, subject), ("ts", *FEED_COLUMNS))

    def _of_pair(self, name: str) -> Columns:
        is_its = self._places[name]
        columns = _columns(self.pairs.filter(is_its), (column for column in PAIRS.names if column != "pair"))
        if self.lights is not None:
            columns[LIGHT] = self.lights[flags_of(is_its) != 0]
        if self.feed is None:
            return columns
        pair = next(pair for pair in self.params.pairs if str(pair) == name)
        legs = [_at(self.of(leg), columns["ts"]) for leg in (pair.y, pair.x)]
        return columns | {column: np.fmax(*(leg[column] for leg in legs)) for column in FEED_COLUMNS}

    @property
    def span_us(self) -> int:
        """Time from the first bar to the end of the last."""
        ts = ints_of(self.pairs.column("ts"))
        return int(ts[-1]) - int(ts[0]) + interval_us(self.params.interval) if len(ts) else 0

    @property
    def cells(self) -> int:
        """How many numbers it keeps."""
        rows: int = self.pairs.num_rows
        fed: int = 0 if self.feed is None else self.feed.num_rows
        return rows * len(PAIRS.names) + fed * len(FEED.names)


def _of_feed(columns: Collection[str]) -> bool:
    return not set(columns).isdisjoint(FEED_COLUMNS)


def _columns(batch: pa.RecordBatch, names: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    return {name: _numbers(batch.column(name)) for name in names}


def _numbers(column: pa.Array) -> NDArray[Any]:
    if pa.types.is_boolean(column.type):
        return flags_of(column).astype(np.float64)
    return ints_of(column) if pa.types.is_timestamp(column.type) else floats_of(column)


def _of_symbol(feed: pa.RecordBatch, symbol: str) -> pa.RecordBatch:
    return feed.filter(pc.equal(feed.column("symbol"), symbol))


def _at(columns: Columns, ts: NDArray[np.float64]) -> Columns:
    """Return the columns of the feed at these bars; NaN at a bar it has none of."""
    known = columns["ts"]
    if not len(known):
        return {name: np.full(len(ts), np.nan) for name in FEED_COLUMNS}
    place = np.minimum(np.searchsorted(known, ts), len(known) - 1)
    return {name: np.where(known[place] == ts, columns[name][place], np.nan) for name in FEED_COLUMNS}


_WATCHED: Final = read_rules('[[rule]]\nname = "how the feed came in"\nwhen = "gap_open"\n')
"""Rules that have a replay make the FEED rows; what they say is of no account."""


def replay_rows(
    recording: Recording,
    params: RunParams,
    *,
    healed: bool = False,
    reads: Collection[str] = (),
    tell: Tell = lambda _stage, _share: None,
) -> Rows:
    """Replay a recording once and return what it computes.

    Parameters
    ----------
    recording, params
        What is replayed, and with which pairs and windows.
    healed
        As it truly was; its trades then have no receipt times.
    reads
        Columns that rules read: how the feed came in and the health lights are made if they are among them.
    tell
        See ``Tell``.

    Raises
    ------
    ConfigError
        If a pair is not in the recording.
    RecordingError
        If it cannot be read.
    """
    for pair in params.pairs:
        pair.check_symbols(recording.symbols)
    span_us = max(1, recording.vouched_us - recording.start_us)

    def watch(chunk: Chunk) -> None:
        tell(f"Replaying {recording.name} once", min(1.0, max(0.0, (chunk.now_us - recording.start_us) / span_us)))

    is_fed = _of_feed(reads)
    played = play(recording, replace(params, rules=_WATCHED if is_fed else None), healed=healed, on_chunk=watch)
    made = Rows(
        recording.name, recording.digest, params, _whole(played.pairs),
        feed=_whole(played.feed) if is_fed else None, has_receipts=not healed and recording.max_lag_us > 0,
    )  # fmt: skip
    return made if made.holds(reads) else with_lights(made, tell)


def _whole(rows: pa.Table) -> pa.RecordBatch:
    batches = rows.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=rows.schema)


def with_lights(rows: Rows, tell: Tell = lambda _stage, _share: None) -> Rows:
    """Return the rows with the health light of each."""
    # Here and not above: its tests are many, and few rules ask for them.
    from livepairs.pairs.lights import LightMachine

    params = rows.params
    machine = LightMachine(params.pairs, params.pair_params, interval_us=params.interval_us)
    lights = []
    for start in range(0, rows.pairs.num_rows, LIT_ROWS):
        tell(f"Judging the health of {rows.name}", start / rows.pairs.num_rows)
        lights.append(machine.update(rows.pairs.slice(start, LIT_ROWS)))
    return replace(rows, lights=np.concatenate([np.empty(0), *lights]))


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

    def find(
        self, recording: Recording, params: RunParams, *, healed: bool = False, reads: Collection[str] = ()
    ) -> Rows | None:
        """Return rows that are kept; None if they are not, or do not hold all these columns."""
        rows = self._known(_key(recording, params, healed=healed))
        return rows if rows is None or rows.holds(reads) else None

    def of(
        self,
        recording: Recording,
        params: RunParams,
        *,
        healed: bool = False,
        reads: Collection[str] = (),
        tell: Tell = lambda _stage, _share: None,
    ) -> Rows:
        """Return the rows of a recording, from a replay if they are not kept; see ``replay_rows``."""
        key = _key(recording, params, healed=healed)
        with self._at_work:
            known = self._known(key)
            if known is not None and known.holds(reads):
                return known
            if known is not None and (known.feed is not None or not _of_feed(reads)):
                made = with_lights(known, tell)
            else:
                made = replay_rows(recording, params, healed=healed, reads=reads, tell=tell)
            if made.lights is None and known is not None:
                made = replace(made, lights=known.lights)
            self._keep(key, made)
            return made

    def _known(self, key: tuple[object, ...]) -> Rows | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: tuple[object, ...], made: Rows) -> None:
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(rows.cells for rows in self._kept.values()) > self._most_cells:
                self._kept.popitem(last=False)


def _key(recording: Recording, params: RunParams, *, healed: bool) -> tuple[object, ...]:
    numbers = params.pairs, params.interval, params.grace_us, params.pair_params
    return (str(recording.path), recording.digest, healed, *numbers)
