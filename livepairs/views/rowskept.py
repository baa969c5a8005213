"""The rows of recordings that pages of this process have asked about: explained and rehearsed from one memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from livepairs.schema import Pair

if TYPE_CHECKING:
    from livepairs.pipeline import RunParams
    from livepairs.rehearse_recording import KeptRows, Rows
    from livepairs.schema import Chunk
    from livepairs.stores.history_rows import Origin
    from livepairs.stores.recording import Recording

__all__ = ["kept_rows", "params_of", "rows_of"]

_lock = threading.Lock()
_kept: list[KeptRows] = []


def kept_rows() -> KeptRows:
    """Return the memory, the same for every page."""
    # Here and not above: most pages ask nothing of it, and it brings the replay.
    from livepairs.rehearse_recording import KeptRows

    with _lock:
        if not _kept:
            _kept.append(KeptRows())
        return _kept[0]


def rows_of(
    recording: Recording, params: RunParams, *, healed: bool, on_chunk: Callable[[Chunk], None] | None = None
) -> Rows:
    """Return the rows of a recording, from a replay if they are not kept; on a thread that may take its time."""
    from livepairs.hub.kernels import compile_for

    known = kept_rows().find(recording, params, healed=healed)
    if known is not None:
        return known
    # In a process of its own: here the compiler would hold up the server for seconds.
    compile_for()
    return kept_rows().of(recording, params, healed=healed, on_chunk=on_chunk)


def params_of(origin: Origin, pair: str) -> tuple[RunParams, bool]:
    """Return what computes a pair as where an event came from, and whether the late trades were in their bars."""
    from livepairs.pairs.machine import PairParams
    from livepairs.pipeline import RunParams

    said: dict[str, Any] = json.loads(origin.params or "{}")
    names = ("hedge_window", "z_window", "corr_window", "adf_lags", "price", "hedge")
    windows = PairParams(**{name: said[name] for name in names if name in said})
    params = RunParams(pairs=(Pair.parse(pair),), interval=origin.interval, pair_params=windows)
    if "grace_us" in said:
        params = replace(params, grace_us=int(said["grace_us"]))
    return params, bool(said.get("healed"))
