"""The recordings computed ahead for the runs of one hub: wound aside, one after the other, and let go when too many."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from livepairs.hub.reel import POINTS, Reel

if TYPE_CHECKING:
    from livepairs.pipeline import Pipeline, RunParams
    from livepairs.stores.recording import Recording

__all__ = ["Reels"]

_LOG = logging.getLogger(__name__)

LIMIT_BYTES: Final = 512_000_000
"""Memory for rows computed ahead. A day of one-second bars of two symbols and their pair takes 30 MB."""

POINTS_BYTES: Final = 64_000_000
"""Memory for the checkpoints of one reel, about."""

BYTES_A_BAR: Final = 450
"""Memory of a pair's windows, a bar, in a checkpoint."""

BYTES_BESIDE: Final = 150_000
"""Memory of a checkpoint besides, mostly the last trades."""

REST: Final = 1.0
"""Time the winding rests, over the time it works: pages are built on the same cores."""

_Key = tuple[str, str, tuple[str, ...], bool]


class Reels:
    """Reels by what they hold, wound on one thread that ends when there is nothing to wind. Thread-safe.

    Parameters
    ----------
    make_pipeline
        Makes what computes the rows.
    prepare
        Called on the winding thread first; it may take long.
    """

    def __init__(
        self,
        make_pipeline: Callable[[tuple[str, ...], RunParams], Pipeline],
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        self._make_pipeline, self._prepare = make_pipeline, prepare
        self._reels: OrderedDict[_Key, Reel] = OrderedDict()
        self._waiting: deque[tuple[_Key, Reel, RunParams]] = deque()
        self._thread: threading.Thread | None = None
        self._is_closed = self._is_prepared = False
        self._lock = threading.Lock()

    def find(self, recording: Recording, params: RunParams, symbols: tuple[str, ...], healed: bool) -> Reel | None:  # noqa: FBT001
        """Return the reel of a recording computed this way, if it is wound or being wound."""
        key = _key_of(recording, params, symbols, healed)
        with self._lock:
            if key in self._reels:
                self._reels.move_to_end(key)
            return self._reels.get(key)

    def want(self, recording: Recording, params: RunParams, symbols: tuple[str, ...], healed: bool) -> None:  # noqa: FBT001
        """Begin to wind it unless that was done before; at once back."""
        key = _key_of(recording, params, symbols, healed)
        with self._lock:
            if self._is_closed or key in self._reels:
                return
            reel = Reel(recording, symbols, healed=healed, points=_points_for(params))
            self._reels[key] = reel
            self._waiting.append((key, reel, params))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="livepairs-reels", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop winding and let everything go; a thread that still prepares ends by itself."""
        with self._lock:
            self._is_closed = True
            # The compiler is not to be hurried, and nothing is to be wound once it is done.
            thread = self._thread if self._is_prepared else None
            self._waiting.clear()
        if thread is not None:
            thread.join()
        self._reels.clear()

    def _work(self) -> None:
        self._prepare()
        self._is_prepared = True
        while (entry := self._next()) is not None:
            key, reel, params = entry
            try:
                self._wind(key, reel, params)
            except Exception:  # noqa: BLE001 - a convenience must never take the server along; seeks then compute
                _LOG.exception("recording %.16s could not be computed ahead", key[0])
                self._drop(key)
            self._let_go()

    def _wind(self, key: _Key, reel: Reel, params: RunParams) -> None:
        # Here and not above: a page is there before anything is wound.
        from livepairs.hub.outlines import Outliner

        pipeline, outliner = self._make_pipeline(key[2], params), Outliner(key[0], params, reel.start_us, healed=key[3])
        outliner.listen(pipeline)
        reel.wind(pipeline, self._pauser(key, reel), outliner.heed)

    def _next(self) -> tuple[_Key, Reel, RunParams] | None:
        with self._lock:
            if self._waiting and not self._is_closed:
                return self._waiting.popleft()
            self._thread = None
            return None

    def _pauser(self, key: _Key, reel: Reel) -> Callable[[], bool]:
        worked_s = monotonic()

        def pause() -> bool:
            nonlocal worked_s
            sleep(REST * (monotonic() - worked_s))
            worked_s = monotonic()
            if reel.nbytes > LIMIT_BYTES:
                _LOG.info("recording %.16s is too large to be computed ahead as a whole", key[0])
                return False
            return not self._is_closed

        return pause

    def _drop(self, key: _Key) -> None:
        with self._lock:
            self._reels.pop(key, None)

    def _let_go(self) -> None:
        with self._lock:
            while len(self._reels) > 1 and sum(reel.nbytes for reel in self._reels.values()) > LIMIT_BYTES:
                self._reels.popitem(last=False)


def _key_of(recording: Recording, params: RunParams, symbols: tuple[str, ...], healed: bool) -> _Key:  # noqa: FBT001
    return recording.digest, repr(params), symbols, healed


def _points_for(params: RunParams) -> int:
    """Return how many checkpoints to keep: long windows of many pairs take memory."""
    windows = params.pair_params
    bars = windows.hedge_window + windows.z_window + windows.corr_window
    each = BYTES_BESIDE + BYTES_A_BAR * bars // 3 * len(params.pairs)
    return min(POINTS, max(16, POINTS_BYTES // each))
