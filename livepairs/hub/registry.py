"""The hub: which runs there are, how a page gets one, and how many there may be."""

from __future__ import annotations

import logging
import re
import secrets
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from livepairs.access import open_gate
from livepairs.clock import Clock, SystemClock
from livepairs.config import Settings
from livepairs.errors import ConfigError, FullError, LivepairsError
from livepairs.hub.kernels import compile_aside, compile_for
from livepairs.hub.opening import (
    Opened,
    at_moment,
    judged_by,
    legs,
    longest_window_us,
    open_library,
    open_listed,
    open_source,
)
from livepairs.hub.parity import ParityWatch
from livepairs.hub.reels import Reels
from livepairs.hub.rulebook import open_rulebook
from livepairs.hub.run import Run
from livepairs.hub.runparts import RunSetup
from livepairs.hub.telling import open_chronicle, open_post_office
from livepairs.moment import Moment
from livepairs.schema import Pair, interval_us
from livepairs.sources.replay import Replay, ReplayPlan

if TYPE_CHECKING:
    from livepairs.hub.library import Library
    from livepairs.pipeline import Pipeline, RunParams
    from livepairs.stores.recording import Recording

__all__ = ["LIVE_ID", "Hub"]

_LOG = logging.getLogger(__name__)

LIVE_ID: Final = "live"
"""The id of the one run of a live source."""

HISTORY_US: Final = 600_000_000
"""Event time, at least, that a new replay has played when it first shows."""

SHOWN_BARS: Final = 1_000
"""Bars beyond the windows that a moment far into a huge recording shows before it."""

PROVEN_TRADES: Final = 5_000_000
"""A recording of no more trades is proved as soon as it is made; it takes some seconds of one core."""

JOIN_S: Final = 5.0
"""How long ``close`` waits for each run's thread."""

_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Hub:
    """All runs of one process. Thread-safe.

    Parameters
    ----------
    settings
        What is shown and how; the source is opened at once.
    clock
        What paces the runs.

    Raises
    ------
    ConfigError, RecordingError
        If the source cannot be opened.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        opened: Opened | None = None,
        make_pipeline: Callable[[tuple[str, ...], RunParams], Pipeline] | None = None,
    ) -> None:
        self.settings = settings
        self.gate = open_gate(settings.auth, is_read_only=settings.read_only)
        """Who visitors are and what they may do."""
        self.is_stopping = False
        self._clock = clock or SystemClock()
        self._opened = opened or open_source(settings)
        self.rulebook = open_rulebook(settings, self._clock)
        """The rules in force, which its runs follow."""
        self._make_pipeline = make_pipeline or _make_pipeline
        self._is_hurried = make_pipeline is None
        self._reels = Reels(self._make_pipeline, compile_for)
        self.chronicle = open_chronicle(settings, self._clock, on_told=self._told)
        """The history of events, and what carries them there."""
        self.post = open_post_office(
            settings, self._clock, history=lambda: self.chronicle.history, rules=lambda: self.rulebook.current
        )
        """What tells the channels that rules notify."""
        self.parity = ParityWatch(self.chronicle, self.rulebook, self._clock, runs=lambda: self.runs)
        """What follows when a recording's replay is found to differ from what was live."""
        self._runs: dict[str, Run] = {}
        self._leaving: set[Run] = set()
        self._library: Library | None = None
        self._is_closed = False
        self._lock = threading.RLock()

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs there are now, oldest first."""
        with self._lock:
            return tuple(self._runs.values())

    def _told(self) -> None:
        self.post.wake()

    @property
    def label(self) -> str:
        """The name of the server's own source."""
        return self._opened.label

    @property
    def recording(self) -> Recording | None:
        """What the replays play; None where the source is live."""
        return self._opened.recording

    @property
    def library(self) -> Library:
        """The recordings there are, and the work on them."""
        with self._lock:
            if self._library is None:
                self._library = open_library(self.settings)
                self._library.on_proved = self.parity.proved
            return self._library

    def open(self, run_id: str | None = None, pair: Pair | None = None, recording: str | None = None) -> Run:
        """Return the run of that id, or a new one under it or a random one; see ``open_moment``."""
        return self.open_moment(Moment(run=run_id or "", pair=pair, recording=recording or ""))

    def open_moment(self, moment: Moment) -> Run:
        """Return the run a link asks for: the one of its id while it lives, else a new one at the link's moment.

        A live source has one run, whatever the id. A run that has failed is replaced, so loading a page again is trying
        again. The run has begun when this returns, its tables fill meanwhile.

        Parameters
        ----------
        moment
            From the URL, so anything: only 8 to 64 letters, digits, ``_`` and ``-`` are taken as an id, and not that of
            a run of something else. The time, the speed and whether it plays are those a new run begins with. The pair
            is computed beside what the settings name; see ``Run.add_pair``.

        Raises
        ------
        ConfigError
            If as many runs as may be are being watched, or what the link asks for cannot be had: which, and what can.
        RecordingError
            If the recording cannot be opened.
        """
        opened, listed = self._named(moment.recording, moment.digest)
        known = self._runs.get(moment.run)
        if known is not None and not moment.recording and known.recording is not None:
            opened, listed = self._named(known.listed)
        opened = judged_by(at_moment(opened, moment), moment.rules, self._rules_text)
        run = self._open(moment, opened, listed)
        if moment.pair is not None:
            run.add_pair(moment.pair)
        return run

    def _rules_text(self, version: str) -> str | None:
        return self.rulebook.text_of(version) or self.chronicle.history.rules_text(version)

    def _named(self, recording: str, digest: str = "") -> tuple[Opened, str]:
        """Return a recording by its name, and under which name it was found in the library; none for the source."""
        own = self._opened.recording
        if not recording or (own is not None and own.name == recording and self._is_own(own, digest)):
            return self._opened, ""
        return open_listed(self.settings, self.library.shelf.open(recording)), recording

    def _is_own(self, own: Recording, digest: str) -> bool:
        """Say whether its name means the source's recording, or another one in the folder of recordings."""
        listed = {entry.path.resolve() for entry in self.library.shelf.entries() if entry.name == own.name}
        return listed <= {own.path.resolve()} or bool(digest and own.digest.startswith(digest))

    def _open(self, moment: Moment, opened: Opened, listed: str) -> Run:
        with self._lock:
            if self._is_closed:
                raise ConfigError("the server is stopping; start it again")
            run_id = self._id_for(moment, opened, listed)
            known = self._runs.get(run_id)
            if known is not None and known.state.status != "failed" and known.touch():
                return known
            if moment.pair is not None:
                moment.pair.check_symbols(opened.symbols(self._clock))
            self._make_room()
            return self._begin(run_id, opened, listed)

    def _id_for(self, moment: Moment, opened: Opened, listed: str) -> str:
        """Return the id under which a page finds its run, or begins it."""
        wanted = moment.run
        known = self._runs.get(wanted)
        is_replayed = known is not None and known.kind == "replay" and known.state.status != "failed"
        if known is not None and is_replayed and listed == known.listed and known.computes(moment.measures):
            return known.id
        if opened.live is not None:
            return LIVE_ID
        if is_replayed or not _WELL_FORMED.fullmatch(wanted):
            return secrets.token_urlsafe(12)
        return wanted

    def delete_recording(self, name: str) -> None:
        """Remove a recording from disk, and the runs of it that nobody watches.

        Raises
        ------
        ConfigError
            If it is being watched, it is not one that may be deleted, or there is none.
        RecordingError
            If the disk refuses.
        """
        path = self.library.shelf.find(name).path.resolve()
        runs = [run for run in self.runs if run.recording is not None and run.recording.path.resolve() == path]
        viewers = sum(run.viewer_count for run in runs)
        if viewers:
            raise ConfigError(
                f"recording {name!r} is being watched by {viewers} page{'s' if viewers > 1 else ''}; close them first"
            )
        for run in runs:
            run.close()
        self.library.delete(name)

    def announce_stop(self) -> None:
        """Tell every page that the server is about to stop; what is being recorded goes on until ``close``."""
        self.is_stopping = True
        for run in self.runs:
            run.announce("the server is stopping; load the page again when it is back")

    def close(self) -> None:
        """End all runs and wait for their threads."""
        with self._lock:
            self._is_closed = True
            library, self._library = self._library, None
            runs = {*self._runs.values(), *self._leaving}
            self._runs.clear()
        for run in runs:
            run.close()
        for run in runs:
            run.join(JOIN_S)
        self.rulebook.close()
        self._reels.close()
        if library is not None:
            library.close()
        self.post.close()
        self.chronicle.close()

    def _begin(self, run_id: str, opened: Opened, listed: str) -> Run:
        setup = self._live_setup(opened) if opened.live is not None else self._replay_setup(run_id, opened, listed)
        idle_us = None if opened.live is not None else int(self.settings.run_idle_s * 1e6)
        run = Run(setup, self._clock, publish_hz=self.settings.publish_hz, idle_us=idle_us)
        run.on_closed = self._forget
        run.on_viewed = partial(self._viewed, run)
        if run.kind == "live":
            run.taping.on_saved = lambda: self._saved(run)
        replaced = self._runs.pop(run_id, None)
        if replaced is not None:
            self._leaving.add(replaced)
        self._runs[run_id] = run
        self.chronicle.follow(run)
        self.rulebook.start()
        run.start()
        _LOG.info("run %s of %s begins", run_id, setup.label)
        return run

    def _replay_setup(self, run_id: str, opened: Opened, listed: str) -> RunSetup:
        recording = opened.recording
        assert recording is not None
        params, rules = self.rulebook.apply(opened.params)
        symbols = legs(params, recording.symbols)
        pipeline = self._make_pipeline(symbols, params)
        window_us = longest_window_us(params)
        plan = ReplayPlan(
            interval_us=interval_us(params.interval),
            grace_us=params.grace_us,
            symbols=symbols,
            speed=opened.speed,
            history_us=max(HISTORY_US, 2 * window_us),
            warmup_us=(pipeline.warmup_bars + SHOWN_BARS) * interval_us(params.interval) + params.grace_us,
            healed=self.settings.healed if opened.healed is None else opened.healed,
        )
        source = Replay(recording, self._clock, plan)
        if opened.at_us is not None:
            source.control.seek(opened.at_us)
        if opened.plays is False:
            source.control.pause()
        return RunSetup(
            id=run_id,
            label=opened.label,
            source=source,
            pipeline=pipeline,
            params=params,
            recording=recording,
            is_synthetic=recording.is_synthetic,
            listed=listed,
            rules=rules,
            reel=partial(self._reels.find, recording),
        )

    def _viewed(self, run: Run) -> None:
        """Make quick what somebody looks at: compiled kernels, and all of a recording computed ahead."""
        if not self._is_hurried:
            return
        compile_aside()
        if run.recording is not None and run.kind == "replay":
            run.look_ahead(partial(self._reels.want, run.recording))

    def _live_setup(self, opened: Opened) -> RunSetup:
        assert opened.live is not None
        source = opened.live(self._clock)
        params, rules = self.rulebook.apply(opened.params)
        pipeline = self._make_pipeline(source.symbols, params)
        return RunSetup(
            id=LIVE_ID,
            label=opened.label,
            source=source,
            pipeline=pipeline,
            params=params,
            rules=rules,
            is_synthetic=opened.is_synthetic,
        )

    def record(self, run: Run) -> None:
        """Begin to record a live run into the library, under the time it begins.

        Raises
        ------
        ConfigError
            If it is being recorded already, or has no feed.
        RecordingError
            If the folder cannot be made.
        """
        # Here and not above: most servers replay.
        from livepairs.stores.retention import name_at

        if run.kind != "live":
            raise ConfigError("a replay is a recording already; record a live feed")
        shelf = self.library.shelf
        run.taping.start(shelf.free_path(name_at(shelf.folder, run.shown_us).name))
        self.library.changed()

    def _saved(self, run: Run) -> None:
        """Tell pages of a new recording, and prove it at once unless that takes long; on a thread of the run's."""
        if self._is_closed:
            return
        tape, library = run.taping.state, self.library
        try:
            if tape.status == "saved" and tape.session is not None and tape.session.trades <= PROVEN_TRADES:
                library.prove(tape.name)
            if tape.status == "saved":
                self.chronicle.recorded(tape.name, library.shelf.open(tape.name).digest)
        except LivepairsError as error:
            _LOG.warning("recording %s was not checked: %s", tape.name, error)
        library.changed()

    def _make_room(self) -> None:
        """Let the replay nobody has looked at for longest go, if there is no room for another."""
        replays = [run for run in self._runs.values() if run.kind == "replay"]
        if len(replays) < self.settings.max_runs:
            return
        alone = [(since_us, run) for run in replays if (since_us := run.alone_since_us) is not None]
        if not alone:
            raise FullError(
                f"as many replays are being watched as may be ({len(replays)}); "
                "close a page, open a shared link, or raise max_runs"
            )
        _, run = min(alone, key=lambda entry: entry[0])
        del self._runs[run.id]
        self._leaving.add(run)
        run.close()

    def _forget(self, run: Run) -> None:
        with self._lock:
            self._leaving.discard(run)
            if self._runs.get(run.id) is run:
                del self._runs[run.id]
        _LOG.info("run %s has ended", run.id)


def _make_pipeline(symbols: tuple[str, ...], params: RunParams) -> Pipeline:
    # Here and not above: the pipeline brings compiled kernels, which a server needs with its first run only.
    from livepairs.pipeline import Pipeline

    return Pipeline(symbols, params)
