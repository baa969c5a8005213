"""The work of a run's thread: what its source yields goes through the pipeline until it ends, fails or is stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from livepairs.clock import Clock
from livepairs.errors import LivepairsError
from livepairs.hub.reel import Point
from livepairs.hub.runparts import RunSetup, sentence_of
from livepairs.schema import Chunk
from livepairs.sources import Source
from livepairs.sources.replay import Replay

if TYPE_CHECKING:
    from livepairs.pipeline import RunParams

__all__ = ["Feeding"]

_LOG = logging.getLogger(__name__)

SEEK_QUIET_US: Final = 500_000
"""Wall time for which views are not woken while a moment is sought: a seek shows once, not in pieces."""

SELDOM_US: Final = 200_000
"""Wall time since the last bar from which on one that closes is shown at once."""


class Feeding:
    """Carries a source into a pipeline, on the run's thread; only ``outgrow`` may be called from others.

    Parameters
    ----------
    setup
        The source and the pipeline.
    clock
        What paces it.
    heed
        Called with each chunk once it has gone through.
    changed
        Called when there is something new to be seen, and with whether somebody waits for it.
    """

    def __init__(
        self, setup: RunSetup, clock: Clock, *, heed: Callable[[Chunk], None], changed: Callable[[bool], None]
    ) -> None:
        self._setup = setup
        self._clock = clock
        self._heed = heed
        self._changed = changed
        self._lock = threading.Lock()
        self._wanted: RunParams | None = None
        self.params = setup.params
        """What is computed, or will be from the next chunk on."""
        self._quiet_until_us = 0
        self._bars = self._closed_us = 0
        self.error: str | None = None
        """Why it failed, a sentence for the user."""
        self.has_ended = False
        """An endless source has ended all the same; nothing follows."""

    def outgrow(self, params: RunParams) -> None:
        """Compute this from the next chunk on, or from where the source is rewound to."""
        with self._lock:
            self.params = self._wanted = params

    async def run(self) -> None:
        """Feed until the source ends for good; a failure is kept in ``error``."""
        try:
            await self.feed()
        except Exception as error:  # noqa: BLE001 - one of the two borders: a run that fails never takes the server along
            # One of our own errors is the user's to mend, and a traceback says nothing more.
            is_bug = not isinstance(error, LivepairsError)
            _LOG.error("run %s failed: %s", self._setup.id, error, exc_info=is_bug)
            self.error = sentence_of(error)
            self._changed(False)

    async def feed(self) -> None:
        """Feed until the source ends for good."""
        source = self._setup.source
        if not isinstance(source, Replay):
            await self._pass_on(source)
            self.has_ended = True
            self._changed(False)
            return
        while True:
            self._rewind(source)
            await self._pass_on(source)
            if not source.is_rewound:
                self._finish()
                await source.wait_until_rewound()

    def _rewind(self, source: Replay) -> None:
        pipeline, params = self._setup.pipeline, self._outgrown()
        if params is not None:
            pipeline.rebuild(source.symbols, params)
        reel = self._setup.reel(pipeline.params, source.symbols, source.is_healed)
        source.near = reel.before if reel is not None else _nowhere
        seeds = source.rewind()
        if reel is not None and isinstance(source.resumed, Point):
            pipeline.resume(source.resumed.checkpoint, reel.rows(source.resumed, pipeline.tables.bars.limit_rows))
        elif params is None:
            pipeline.reset()
        for seed in seeds:
            pipeline.bars.seed(seed.symbol, seed.bar_us, seed.close)
        self._quiet_until_us = self._clock.now_us() + SEEK_QUIET_US

    async def _pass_on(self, source: Source) -> None:
        is_replay = isinstance(source, Replay)
        async with aclosing(source.chunks()) as chunks:  # type: ignore[type-var]  # ours are async generators
            async for chunk in chunks:
                if not is_replay and (params := self._outgrown()) is not None:
                    self._setup.pipeline.widen(params)
                self._follow_rules()
                self._setup.pipeline.update(chunk)
                self._heed(chunk)
                self._show(source)

    def _follow_rules(self) -> None:
        """Take the rules in force, between two closed bars; whoever asks on this thread hears of them from now on."""
        pipeline, rules = self._setup.pipeline, self._setup.rules
        if rules is not None and rules() is not pipeline.params.rules:
            pipeline.set_rules(rules())
            with self._lock:
                self.params = replace(self.params, rules=pipeline.params.rules)

    def _outgrown(self) -> RunParams | None:
        """Return what is to be computed if that has changed since it was asked last."""
        with self._lock:
            wanted, self._wanted = self._wanted, None
        return wanted

    def _finish(self) -> None:
        recording = self._setup.recording
        if recording is not None and recording.is_final:
            self._setup.pipeline.finish()
        self._changed(False)

    def _show(self, source: Source) -> None:
        is_seeking = isinstance(source, Replay) and source.control.order().target_us is not None
        now_us = self._clock.now_us()
        if not is_seeking or now_us >= self._quiet_until_us:
            self._changed(self._has_closed(now_us))

    def _has_closed(self, now_us: int) -> bool:
        """Return whether a bar has closed that is waited for: where one follows the other it comes with the rest."""
        bars, last_us = self._setup.pipeline.tables.bars.total_rows, self._closed_us
        if bars == self._bars:
            return False
        self._bars, self._closed_us = bars, now_us
        return now_us - last_us >= SELDOM_US


def _nowhere(_ts_us: int) -> None:
    """Find no place to go on from: nothing has been computed ahead."""
