"""What every page of a run shows alike, worked out for the first that asks and kept while nothing has changed.

Fifty pages of one run show the same prices, the same figures and the same marks on the scrub bar. Each takes them from
here, so what an update costs grows by a page's own part of it alone: telling its browser.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from livepairs.hub import Run
from livepairs.hub.publisher import current_beat

__all__ = ["shared", "stamp_of"]

_Made = TypeVar("_Made")

_KEPT: WeakKeyDictionary[Run, dict[Hashable, tuple[Hashable, Any]]] = WeakKeyDictionary()  # Any: as each key's maker


def stamp_of(run: Run) -> Hashable:
    """Return what is another as soon as a run's figures may be: the beat, or its moment, its counts and its rows."""
    if beat := current_beat():
        return beat
    status, tables = run.status, run.tables
    rows = (tables.bars.total_rows, tables.pairs.total_rows, tables.events.total_rows, tables.trades.total_rows)
    return (run.state.generation, status.now_us, status.trades, status.late, *rows)


def shared(run: Run, key: Hashable, stamp: Hashable, make: Callable[[], _Made]) -> _Made:
    """Return what was made for this key at this stamp; make it if nobody has. Nobody may change it.

    Parameters
    ----------
    run
        Whose it is; kept as long as the run is.
    key
        What it is, with all it depends on beside the stamp.
    stamp
        What makes it another, as ``stamp_of`` does.
    make
        Makes it. Pages live on one loop, so two never make it at once.
    """
    kept = _KEPT.setdefault(run, {})
    known = kept.get(key)
    if known is None or known[0] != stamp:
        known = kept[key] = (stamp, make())
    made: _Made = known[1]
    return made
