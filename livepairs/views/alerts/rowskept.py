"""The rows of recordings that pages of this process have asked about: explained and rehearsed from one memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from livepairs.schema import Pair

if TYPE_CHECKING:
    from livepairs.pipeline import RunParams
    from livepairs.recorded_rows import KeptRows, Rows, Tell
    from livepairs.stores.history_rows import Origin
    from livepairs.stores.recording import Recording

__all__ = ["kept_rows", "params_of", "rows_of"]

_lock = threading.Lock()
_kept: list[KeptRows] = []


def kept_rows() -> KeptRows:
    """Return the memory, the same for every page."""
    # Here and not above: most pages ask nothing of it, and it brings the replay.
    from livepairs.recorded_rows import KeptRows

    with _lock:
        if not _kept:
            _kept.append(KeptRows())
        return _kept[0]


def rows_of(
    recording: Recording,
    params: RunParams,
    *,
    healed: bool,
    reads: Collection[str] = (),
    tell: Tell = lambda _stage, _share: None,
) -> Rows:
    """Return all that a rule reads of a recording, from a replay if it is not kept; on a thread that may take its time.

    See ``recorded_rows.replay_rows``.
    """
    from livepairs.hub.kernels import compile_for

    known = kept_rows().find(recording, params, healed=healed, reads=reads)
    if known is not None:
        return known
    # In a process of its own: here the compiler would hold up the server for seconds.
    compile_for()
    return kept_rows().of(recording, params, healed=healed, reads=reads, tell=tell)


def params_of(origin: Origin, subject: str) -> tuple[RunParams, bool]:
    """Return what computes a pair as where an event came from, and whether the late trades were in their bars.

    Of a symbol, one of the pairs that has it for a leg.
    """
    from livepairs.pairs.machine import PairParams
    from livepairs.pipeline import RunParams

    said: dict[str, Any] = json.loads(origin.params or "{}")
    names = ("hedge_window", "z_window", "corr_window", "adf_lags", "price", "hedge")
    windows = PairParams(**{name: said[name] for name in names if name in said})
    params = RunParams(pairs=(_pair_of(subject, said),), interval=origin.interval, pair_params=windows)
    if "grace_us" in said:
        params = replace(params, grace_us=int(said["grace_us"]))
    return params, bool(said.get("healed"))


def _pair_of(subject: str, said: dict[str, Any]) -> Pair:
    pairs = [Pair.parse(text) for text in said.get("pairs", ())]
    with_leg = (pair for pair in pairs if subject in (pair.y, pair.x))
    return next(with_leg, None) or Pair.parse(subject)
