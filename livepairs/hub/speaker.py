"""Whose events they are: a run that says them, and the origin that history keeps with each."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Literal, Protocol

from livepairs.stores.history_rows import Origin

if TYPE_CHECKING:
    from livepairs.hub.taping import TapeState
    from livepairs.runparams import RunParams
    from livepairs.stores.recording import Recording
    from livepairs.tables.board import Tables

__all__ = ["Place", "Speaker"]


class Tape(Protocol):
    """What is being recorded of a live run."""

    @property
    def state(self) -> TapeState: ...


class Speaker(Protocol):
    """Who says events: a run, with pages or without."""

    @property
    def kind(self) -> Literal["live", "replay"]: ...
    @property
    def label(self) -> str: ...
    @property
    def params(self) -> RunParams: ...
    @property
    def recording(self) -> Recording | None: ...
    @property
    def is_healed(self) -> bool: ...
    @property
    def taping(self) -> Tape: ...
    @property
    def tables(self) -> Tables: ...
    def announce(self) -> None:
        """Wake who looks, after its events were kept."""


class Place:
    """Where a run's events come from, made anew when that has changed: not for every bar that has an event."""

    def __init__(self, run: Speaker) -> None:
        self._run = run
        self._made: tuple[RunParams, str, bool, Origin] | None = None

    def origin(self) -> Origin:
        """Return where an event comes from that is made now; on the run's thread."""
        params, taped, is_healed = self._run.params, _taped(self._run), self._run.is_healed
        made = self._made
        if made is None or made[0] is not params or made[1:3] != (taped, is_healed):
            made = self._made = params, taped, is_healed, _origin_of(self._run)
        return made[3]


def _taped(run: Speaker) -> str:
    """Return the name of the recording that is being made of a live run; empty where none is."""
    if run.recording is not None:
        return ""
    state = run.taping.state
    return state.name if state.status == "recording" else ""


def _origin_of(run: Speaker) -> Origin:
    """Return where a run's events come from at this moment."""
    params, recording = run.params, run.recording
    rules = params.rules_in_force
    computed = asdict(params.pair_params) | {
        "pairs": [str(pair) for pair in params.pairs],
        "grace_us": params.grace_us,
        "healed": run.is_healed,
    }
    return Origin(
        run_kind=run.kind,
        source=run.label,
        recording=_taped(run) if recording is None else recording.name,
        digest=recording.digest if recording is not None else "",
        interval=params.interval,
        params=json.dumps(computed, sort_keys=True, default=str),
        rule_version=rules.version,
        rules=rules.text,
    )
