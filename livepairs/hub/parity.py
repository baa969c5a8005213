"""What follows when a check finds that a recording does not replay to what was live: an event, kept, shown and told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from livepairs.alerts.event import event_batch
from livepairs.alerts.parity import parity_events
from livepairs.alerts.rule import RuleSet
from livepairs.hub.telling import channels_told
from livepairs.schema import EVENTS
from livepairs.stores.history_rows import Origin
from livepairs.tables.ring import Table

if TYPE_CHECKING:
    from livepairs.clock import Clock
    from livepairs.hub.chronicle import Chronicle
    from livepairs.hub.proof import Proof
    from livepairs.hub.rulebook import Rulebook
    from livepairs.hub.run import Run
    from livepairs.stores.recording import Recording

__all__ = ["ParityWatch"]

NOTICES_KEPT: Final = 1_000
_WINDOWS: Final = ("hedge_window", "z_window", "corr_window", "adf_lags", "price", "hedge")


class ParityWatch:
    """Turns the outcome of checks into events. Thread-safe.

    Parameters
    ----------
    chronicle
        Keeps the events, and what is to be told of them.
    rulebook
        Has the rules in force.
    clock
        Tells whether a rule is quiet now.
    runs
        Gives the runs there are, whose pages are woken.
    """

    def __init__(
        self, chronicle: Chronicle, rulebook: Rulebook, clock: Clock, *, runs: Callable[[], Iterable[Run]]
    ) -> None:
        self._chronicle, self._rulebook, self._clock, self._runs = chronicle, rulebook, clock, runs
        self.notices = Table(EVENTS, limit_rows=NOTICES_KEPT)
        """EVENTS rows of no run, for every page's bell."""

    def proved(self, recording: Recording, proof: Proof) -> None:
        """Take the outcome of a check; nothing follows unless the replay differs or the files are damaged."""
        if proof.status not in ("differs", "damaged"):
            return
        rules, now_us = self._rulebook.current, self._clock.now_us()
        ts_us = recording.end_us if proof.at_us is None else proof.at_us
        said = parity_events(rules, recording.name, ts_us=ts_us, finding=proof.sentence)
        if not said:
            return
        batch = event_batch([event for event, _ in said])
        to = channels_told(rules, batch, now_us)
        self._chronicle.add(batch, origin_of_check(recording, rules), to=to, announce=self._announce)
        self.notices.append(batch)
        self._announce()

    def _announce(self) -> None:
        for run in self._runs():
            run.announce()


def origin_of_check(recording: Recording, rules: RuleSet) -> Origin:
    """Return where an event of a recording's check comes from: its replay, with what it was computed with live."""
    proof = recording.manifest.proof
    computed: Mapping[str, object] = {}
    if proof is not None:
        params = proof.params
        windows = {name: getattr(params, name) for name in _WINDOWS}
        computed = windows | {"pairs": list(params.pairs), "grace_us": params.grace_us, "healed": False}
    return Origin(
        run_kind="replay",
        source=recording.name,
        recording=recording.name,
        digest=recording.digest,
        interval="1s" if proof is None else proof.params.interval,
        params=json.dumps(computed, sort_keys=True),
        rule_version=rules.version,
        rules=rules.text,
    )
