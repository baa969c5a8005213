"""Rules rehearsed over recordings: what each would have done, and what came of every alert.

Stands above the pure rooms because the rows come from recordings; see ``recorded_rows``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from livepairs.alerts.aftermath import Aftermath, aftermath, join_aftermaths
from livepairs.alerts.event import FIRED
from livepairs.alerts.machine import RuleMachine
from livepairs.alerts.rehearse import Rehearsal, in_storm, rehearsal_of
from livepairs.alerts.rule import Rule, RuleSet
from livepairs.columns import ints_of
from livepairs.errors import ConfigError
from livepairs.recorded_rows import Rows
from livepairs.schema import interval_us

__all__ = ["COSTS_BPS", "Fired", "Rehearsed", "rehearse"]

COSTS_BPS: Final = 12.0
"""Fees and slippage of getting in and out with both legs where nobody says otherwise, as a backtest has them."""

OF_RECEIPT: Final = ("lag_s", "late_share")
"""Columns that say nothing where it is not known when a trade was received."""


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
    """What a rule would have done: over all recordings, over each, and alert by alert.

    ``remarks`` are sentences on what the recordings could not tell.
    """

    rule: Rule
    whole: Rehearsal
    each: tuple[tuple[str, Rehearsal], ...]
    fired: tuple[Fired, ...]
    remarks: tuple[str, ...] = ()


def rehearse(rule: Rule, recordings: Sequence[Rows], *, costs_bps: float = COSTS_BPS) -> Rehearsed:
    """Return what a rule would have done over recordings, whether it is armed or not.

    Parameters
    ----------
    rule
        The rule, as it is or as it might be.
    recordings
        Rows of each, with all that the rule reads.
    costs_bps
        What getting in and out costs, in basis points of the gross notional.

    Raises
    ------
    ConfigError
        If the rows were made without something the rule reads, or it is one of recordings.
    """
    if rule.recordings:
        raise ConfigError(
            f"rule {rule.name!r} speaks of recordings when they are checked, and of no bar; rehearse rules of pairs "
            "and symbols, and check recordings on their page or by livepairs verify"
        )
    for rows in recordings:
        if not rows.holds(rule.columns):
            raise ConfigError(
                f"rule {rule.name!r} reads {', '.join(rule.columns)}, and the rows of {rows.name!r} were made without; "
                "make them with replay_rows(..., reads=rule.columns)"
            )
    parts = [_rehearse_one(rule, rows) for rows in recordings]
    each = tuple(
        (rows.name, _sum([fired], [cleared], rows.span_us, costs_bps))
        for rows, (fired, cleared) in zip(recordings, parts, strict=True)
    )
    fired = tuple(part for part, _ in parts)
    whole = _sum(fired, [cleared for _, cleared in parts], sum(rows.span_us for rows in recordings), costs_bps)
    return Rehearsed(rule, whole, each, fired, _remarks(rule, recordings))


def _remarks(rule: Rule, recordings: Sequence[Rows]) -> tuple[str, ...]:
    read = [name for name in OF_RECEIPT if name in rule.columns]
    bare = [rows.name for rows in recordings if not rows.has_receipts]
    if not read or not bare:
        return ()
    return (
        f"Without times of receipt no trade is late, and {' and '.join(read)} cannot tell anything: so it is in "
        f"{', '.join(bare)}, as in all that was imported, generated or healed.",
    )


def _rehearse_one(rule: Rule, rows: Rows) -> tuple[Fired, int]:
    params, bar_us = rows.params, interval_us(rows.params.interval)
    rules = RuleSet(rules=(replace(rule, is_armed=True),))
    events = RuleMachine(rules, params.pairs, interval_us=bar_us).update(rows.pairs, rows.feed, rows.lights)
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
