"""Looks up what an event's rule saw: the rule as it was, the rows around the bar, and from where to replay it.

Rows come from the run that is watched where it has them, and else from a replay of the recording, which is kept. Works
on a thread of its own: both may take a while.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from livepairs.alerts.explain import explain
from livepairs.alerts.reading import read_rules
from livepairs.alerts.rule import Rule
from livepairs.alerts.vocabulary import LIGHT
from livepairs.errors import LivepairsError, RecordingError
from livepairs.hub import Hub, Run
from livepairs.schema import Pair
from livepairs.views.alerts.alertlink import lead_us, moment_link
from livepairs.views.alerts.eventcard import why_of
from livepairs.views.alerts.rowskept import params_of, rows_of

if TYPE_CHECKING:
    from livepairs.recorded_rows import Rows
    from livepairs.stores.history_rows import HistoryRow
    from livepairs.stores.recording import Recording

__all__ = ["Grounds", "grounds_of", "recording_of"]

_LOOKED_AT: Final = 200_000
_SAME: Final = 1e-12
"""How far, relatively, a value may be from the event's to be that of the same computation; a database may round it."""
_CHECKED: Final = (
    "A check replayed the recording and held every row against what was seen live; the message names the first that "
    "differs. The replay opens there."
)
_LIGHTS_MADE: Final = 20
"""Health lights made before a bar that is explained: the one it had, and those of the window shown."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """An explanation as the event's card takes it, and the way to the event's replay; None for nowhere."""

    why: dict[str, Any]
    link: str | None


@dataclass(frozen=True, slots=True)
class _Bar:
    """The rows of one pair up to a bar and after, and the bar's place among them."""

    columns: Mapping[str, NDArray[Any]]
    times_us: NDArray[np.int64]
    row: int


def grounds_of(event: HistoryRow, hub: Hub, run: Run) -> Grounds:
    """Return why an event came, and the link to two half-lives before it.

    What cannot be explained is said in words; only a database that is away is an error.

    Raises
    ------
    HistoryError
        If the rules of the time cannot be read from history.
    """
    if event.recorded is not None and event.subject == event.recorded.recording:
        return Grounds({"problem": _CHECKED}, moment_link(event, plays=False))
    rule = _rule_of(event, hub)
    try:
        bar = _bar_of(event, rule, hub, run)
    except LivepairsError as error:
        return Grounds({"problem": f"The bar cannot be looked at: {error}."}, moment_link(event, plays=True))
    if bar is None:
        text = "The rows around this bar are gone, and no recording holds them."
        return Grounds({"problem": text}, moment_link(event, plays=True))
    half_life = float(bar.columns["half_life"][bar.row]) if "half_life" in bar.columns else math.nan
    earlier = lead_us(half_life, (event.recorded or event.origin).interval)
    return Grounds(_why(event, rule, bar), moment_link(event, earlier_us=earlier, plays=True))


def _why(event: HistoryRow, rule: Rule | None, bar: _Bar) -> dict[str, Any]:
    if rule is None:
        return {"problem": "The rules of the time are not kept, so nothing says what the rule looked at."}
    said = explain(rule, bar.columns, bar.row)
    return why_of(said, tuple(int(bar.times_us[place]) for place in said.bars), kind=event.kind)


def _rule_of(event: HistoryRow, hub: Hub) -> Rule | None:
    text = hub.chronicle.history.rules_text(event.origin.rule_version)
    if text is None:
        return None
    return next((rule for rule in read_rules(text).rules if rule.name == event.rule), None)


def _bar_of(event: HistoryRow, rule: Rule | None, hub: Hub, run: Run) -> _Bar | None:
    from livepairs.recorded_rows import Rows

    reads = () if rule is None else rule.columns
    found = _place(Rows(run.label, "", run.params, *_watched(event, run)), event, reads)
    if found is not None and _says_the_same(found, rule, event):
        return found
    origin = event.recorded
    if origin is None:
        return None
    recording = recording_of(origin.recording, origin.digest, hub, run)
    params, is_healed = params_of(origin, event.subject)
    # Lights are made for the bars around it alone.
    rows = rows_of(recording, params, healed=is_healed, reads=[name for name in reads if name != LIGHT])
    return _place(rows, event, reads)


def _watched(event: HistoryRow, run: Run) -> tuple[pa.RecordBatch, pa.RecordBatch | None]:
    """Return what the run that is watched still has of PAIRS and FEED rows; of the pair alone, if it is one."""
    pairs, feed = run.tables.pairs.tail(_LOOKED_AT), run.tables.feed.tail(_LOOKED_AT)
    own = pairs.filter(pc.equal(pairs["pair"], event.subject))
    return _one(own), _one(feed) if len(feed) else None


def _one(rows: pa.Table) -> pa.RecordBatch:
    batches = rows.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=rows.schema)


def _place(rows: Rows, event: HistoryRow, reads: Collection[str]) -> _Bar | None:
    """Return the bar of an event with all that its rule reads; None if the rows do not hold that."""
    columns = rows.of(event.subject)
    times_us = columns.get("ts", np.empty(0))
    place = int(np.searchsorted(times_us, event.ts_us))
    if place == len(times_us) or times_us[place] != event.ts_us:
        return None
    if LIGHT in reads:
        columns = {**columns, LIGHT: _lights(rows, event.subject, place)}
    if not set(reads) <= columns.keys():
        return None
    return _Bar(columns, times_us.astype(np.int64), place)


def _lights(rows: Rows, pair: str, place: int) -> NDArray[np.float64]:
    """Return the lights of a pair around a bar, as they are told; NaN long before it."""
    from livepairs.pairs.lights import EVERY_US, LightMachine

    params = rows.params
    own = rows.pairs.filter(pc.equal(rows.pairs.column("pair"), pair))
    bars_a_light = max(1, EVERY_US // params.interval_us)
    first = max(0, place - params.pair_params.hedge_window - _LIGHTS_MADE * bars_a_light)
    machine = LightMachine([Pair.parse(pair)], params.pair_params, interval_us=params.interval_us)
    lights = np.full(own.num_rows, np.nan)
    lights[first : place + 1] = machine.update(own.slice(first, place + 1 - first))
    return lights


def _says_the_same(bar: _Bar, rule: Rule | None, event: HistoryRow) -> bool:
    """Whether these rows were computed as those the event came from: another window gives other values."""
    if rule is None or not event.has_value:
        return False
    value = float(bar.columns[rule.column][bar.row])
    return math.isclose(value, event.value, rel_tol=_SAME, abs_tol=0.0)


def recording_of(name: str, digest: str, hub: Hub, run: Run) -> Recording:
    """Return a recording by name, if it is still the one with that digest.

    Raises
    ------
    ConfigError, RecordingError
        If there is none, or another one under the name.
    """
    played = run.recording
    if played is not None and played.digest == digest:
        return played
    if hub.recording is not None and hub.recording.digest == digest:
        return hub.recording
    found = hub.library.shelf.open(name)
    if found.digest != digest:
        raise RecordingError(f"recording {name!r} holds other rows than when the alert fired; get the one of then")
    return found
