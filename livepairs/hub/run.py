"""One run: a source, its pipeline, and the thread that joins them until some time after the last viewer left."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from livepairs.clock import Clock
from livepairs.errors import ConfigError
from livepairs.hub.feeding import Feeding
from livepairs.hub.opening import legs, measures_of
from livepairs.hub.publishers import Publishers
from livepairs.hub.runparts import OVER, RunSetup, RunState
from livepairs.hub.scans import Scans
from livepairs.hub.stage import Stage
from livepairs.hub.taping import Taping
from livepairs.hub.tradetape import TradeTape
from livepairs.hub.viewers import Viewers
from livepairs.moment import Measures
from livepairs.schema import Chunk, Gap, Pair
from livepairs.sources import Line
from livepairs.sources.replay import Replay, ReplayControl

if TYPE_CHECKING:
    from livepairs.hub.closes import Closes
    from livepairs.hub.landmarks import Landmarks
    from livepairs.hub.paper import PaperDesk
    from livepairs.hub.reel import Reel
    from livepairs.pipeline import RunParams, Status, Tables
    from livepairs.stores.recording import Recording

__all__ = ["Run"]

TURN_US: Final = 500_000
"""How often a live run looks after what must not wait for the next trade: what a page says of a feed that is silent."""

MOST_PAIRS: Final = 32
"""Pairs one run may compute: what visitors add costs everybody who watches it."""


class Run:
    """A source feeding a pipeline on a thread of its own.

    Parameters
    ----------
    setup
        What it is made of.
    clock
        What paces it.
    publish_hz
        Calls a second, at most, that a subscriber gets.
    idle_us
        Wall time it goes on without a viewer; None for ever.
    """

    def __init__(self, setup: RunSetup, clock: Clock, *, publish_hz: float = 10.0, idle_us: int | None = None) -> None:
        self._setup = setup
        self._clock = clock
        self._over: str | None = None
        self._feeding = Feeding(setup, clock, heed=self._heed, changed=self._changed)
        self._publishers = Publishers(publish_hz)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._body: asyncio.Task[None] | None = None
        self._is_closing = False
        self._paper: PaperDesk | None = None
        self._taping: Taping | None = None
        self.tape = TradeTape()
        """The last trades, for what goes on within a bar."""
        self._landmarks: Landmarks | None = None
        self.stage = Stage()
        """Who steers it."""
        self._lock = threading.Lock()
        self._viewers = Viewers(clock, idle_us)
        self._scans: Scans | None = None
        self._thread = threading.Thread(target=self._work, name=f"livepairs-run-{setup.id}", daemon=True)
        self.on_closed: Callable[[Run], None] = lambda _run: None
        """Called once, on the run's thread, when it is over."""
        self.on_viewed: Callable[[], None] = lambda: None
        """Called with each viewer added, on the caller's thread."""

    @property
    def id(self) -> str:
        return self._setup.id

    @property
    def kind(self) -> Literal["replay", "live"]:
        return "live" if self.control is None else "replay"

    @property
    def label(self) -> str:
        return self._setup.label

    @property
    def recording(self) -> Recording | None:
        """What is replayed; None for a live run."""
        return self._setup.recording

    @property
    def listed(self) -> str:
        """Name in the library under which its recording was asked for; empty for the server's own source."""
        return self._setup.listed

    @property
    def is_synthetic(self) -> bool:
        """The trades are generated, not traded; whatever shows them must say so."""
        return self._setup.is_synthetic

    @property
    def params(self) -> RunParams:
        """What is computed; a pair that was added a moment ago has no rows yet."""
        return self._feeding.params

    @property
    def is_healed(self) -> bool:
        """Whether a replay shows back-filled rows in their bars, as it truly was."""
        return isinstance(self._setup.source, Replay) and self._setup.source.is_healed

    def heal(self, *, healed: bool) -> None:
        """Replay as it truly was, or as it was seen, from the moment where it is; from any thread, at once back."""
        if isinstance(self._setup.source, Replay) and healed != self.is_healed:
            self._setup.source.heal(healed=healed)
            self.on_viewed()

    @property
    def ahead(self) -> Reel | None:
        """What has been computed ahead of a replay, as far as it is; None where nothing is."""
        source = self._setup.source
        if not isinstance(source, Replay):
            return None
        return self._setup.reel(self.params, source.symbols, source.is_healed)

    @property
    def landmarks(self) -> Landmarks:
        """The moments of a replay that one steps to."""
        # Here and not above: nothing is spent on it until somebody steps.
        from livepairs.hub.landmarks import Landmarks

        with self._lock:
            if self._landmarks is None:
                self._landmarks = Landmarks(self)
            return self._landmarks

    @property
    def legs(self) -> tuple[str, ...]:
        """The symbols that some pair needs."""
        return self._setup.source.symbols

    def announce(self, over: str | None = None) -> None:
        """Wake its viewers: something beside the tables has changed, or why it is about to be over; from any thread."""
        self._over = over or self._over
        self._changed()

    def computes(self, measures: Measures) -> bool:
        """Say whether this is what a link asks for, as far as it says so."""
        asked = measures.given().items()
        return not asked or asked <= measures_of(self.params, healed=self.is_healed).given().items()

    @property
    def symbols(self) -> tuple[str, ...]:
        """What the source has: any two of them make a pair."""
        recording = self._setup.recording
        return self._setup.source.symbols if recording is None else recording.symbols

    @property
    def tables(self) -> Tables:
        """What has been computed, to be read by cursor from any thread."""
        return self._setup.pipeline.tables

    @property
    def status(self) -> Status:
        """The pipeline's own account after its last chunk."""
        return self._setup.pipeline.status

    @property
    def paper(self) -> PaperDesk:
        """Paper trading of its pairs, which nothing is spent on until somebody asks for it."""
        from livepairs.hub.paper import PaperDesk

        with self._lock:
            if self._paper is None:
                self._paper = PaperDesk(self.tables, self.params, self.recording)
            return self._paper

    @property
    def taping(self) -> Taping:
        """The record button of a live run."""
        with self._lock:
            if self._taping is None:
                made = self._setup.is_synthetic
                self._taping = Taping(self._setup.source, self.label, lambda: self.params, is_synthetic=made)
            return self._taping

    @cached_property  # a protocol is dear to ask for, and each page does several times a beat
    def line(self) -> Line | None:
        """The connection of a live run to its venue; None where there is none."""
        return self._setup.source if isinstance(self._setup.source, Line) else None

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the source could not vouch for, the future of a replay included."""
        line, recording = self.line, self.recording
        return recording.gaps if recording is not None else line.feed.gaps if line is not None else ()

    @property
    def control(self) -> ReplayControl | None:
        """What a viewer may turn; None for a live run."""
        return self._setup.source.control if isinstance(self._setup.source, Replay) else None

    @property
    def state(self) -> RunState:
        """Where it stands now. What a control was told shows at once."""
        if self.control is None:
            status: Literal["playing", "ended", "failed"] = "ended" if self._feeding.has_ended else "playing"
            status = "failed" if self._error else status
            return RunState(status, self.status.now_us, 1.0, self._error, 0)
        order = self.control.order()
        shown: Literal["playing", "paused", "ended", "failed"] = "playing" if order.is_playing else "paused"
        if self._error or order.is_ended:
            shown = "failed" if self._error else "ended"
        return RunState(
            shown, order.now_us, order.speed, self._error, order.generation, is_seeking=order.target_us is not None
        )

    @property
    def shown_us(self) -> int:
        """The event time shown; where nothing has come yet, the time at which it will."""
        return self.state.now_us or self._clock.now_us()

    @property
    def _error(self) -> str | None:
        return self._feeding.error or self._over

    @property
    def viewer_count(self) -> int:
        return self._viewers.count

    @property
    def is_alive(self) -> bool:
        """False once its thread is on its way out; it does not come back."""
        return not self._is_closing

    def add_viewer(self) -> None:
        """Count a page that shows it. Call it once the page is connected, never for a mere request."""
        self._viewers.add()
        self.on_viewed()

    def remove_viewer(self) -> None:
        """Count a page less; some time after the last one the run ends."""
        self._viewers.remove()

    @property
    def scans(self) -> Scans:
        """The scans of all pairs of its source; none goes on unless somebody watches it."""
        with self._lock:
            if self._scans is None:
                price = self.params.pair_params.price
                self._scans = Scans(
                    self.symbols, price, self._scannable_us, self._open_closes, announce=self._publishers.changed
                )
            return self._scans

    def _scannable_us(self) -> int:
        """Return the event time a scan may look at; 0 while a moment is sought, when the tables are on their way."""
        control = self.control
        return 0 if control is not None and control.order().target_us is not None else self.status.now_us

    def _open_closes(self, interval_us: int, bars: int) -> Closes:
        # Here and not above: only a scanner page needs it.
        from livepairs.hub.closes import open_closes

        return open_closes(self._setup, self.params, interval_us=interval_us, bars=bars)

    def add_pair(self, pair: Pair) -> None:
        """Compute this pair too from now on, for everybody who watches; from any thread, at once back.

        The run keeps its id and its moment. A replay reads the recording again up to where it is, for it reads no
        symbols that no pair needs; a live run computes the pair from the bars it has kept.

        Raises
        ------
        ConfigError
            If the source has not both symbols, or the run has as many pairs as may be.
        """
        with self._lock:
            if pair in self.params.pairs:
                return
            pair.check_symbols(self.symbols)
            if len(self.params.pairs) >= MOST_PAIRS:
                raise ConfigError(
                    f"this run computes {MOST_PAIRS} pairs already, as many as may be; open {pair} in a run of its own"
                )
            params = replace(self.params, pairs=(*self.params.pairs, pair))
            self._feeding.outgrow(params)
        if isinstance(self._setup.source, Replay):
            self._setup.source.read(legs(params, self.symbols))

    def look_ahead(self, want: Callable[[RunParams, tuple[str, ...], bool], None]) -> None:
        """Call with what a replay computes, of which symbols, and whether healed; a live run has nothing ahead."""
        source = self._setup.source
        if isinstance(source, Replay):
            want(self.params, source.symbols, source.is_healed)

    def touch(self) -> bool:
        """Start the time without a viewer anew, for a page is on its way; return False if the run is over already."""
        return self._viewers.touch() and self.is_alive

    @property
    def alone_since_us(self) -> int | None:
        """Wall time since when nobody has been looking; None while somebody is."""
        return self._viewers.alone_since_us

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call back on the running loop, at most ``publish_hz`` times a second, when something changed.

        Returns what ends the subscription; call it on the same loop. A callback that raises is logged and dropped.

        Raises
        ------
        RuntimeError
            If no event loop is running: subscribe when the page is connected, not while it is built.
        """
        return self._publishers.subscribe(callback)

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def close(self) -> None:
        """Ask it to end; from any thread, more than once if need be."""
        with self._lock:
            self._is_closing = True
            loop, body = self._loop, self._body
        if loop is not None and body is not None:
            with suppress(RuntimeError):  # it ended by itself meanwhile
                loop.call_soon_threadsafe(body.cancel)

    def join(self, timeout_s: float | None = None) -> None:
        """Wait, on another thread, until it has ended."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _work(self) -> None:
        try:
            with suppress(asyncio.CancelledError):
                asyncio.run(self._live())
        finally:
            self._is_closing = True
            self._over = OVER
            if self._taping is not None:
                self._taping.close()
            self._changed()
            self._setup.pipeline.close()
            self._publishers.clear()
            if self._scans is not None:
                self._scans.close()
            self.on_closed(self)

    async def _live(self) -> None:
        with self._lock:
            if self._is_closing:
                return
            self._loop, self._body = asyncio.get_running_loop(), asyncio.current_task()
        control = self.control
        tasks = [asyncio.ensure_future(self._feeding.run())]
        if control is None:
            tasks.append(asyncio.ensure_future(self._turn()))
        try:
            with nullcontext() if control is None else control.listened(self._turned):
                await self._viewers.left_alone()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _turn(self) -> None:
        while True:
            await self._clock.sleep(TURN_US)
            if self._taping is not None:
                self._taping.heed(None)
            self._changed()

    def _heed(self, chunk: Chunk) -> None:
        self.tape.heed(chunk, self.control.order().generation if self.control is not None else 0)
        if self._paper is not None:
            self._paper.heed()
        if self._taping is not None:
            self._taping.heed(chunk)

    def _turned(self) -> None:
        self._changed(is_urgent=not self.state.is_seeking)  # the moment sought shows once it is there

    def _changed(self, is_urgent: bool = False) -> None:  # noqa: FBT001, FBT002 - a callback of Feeding
        if self._scans is not None:
            self._scans.wake()
        self._publishers.changed(is_urgent=is_urgent)
