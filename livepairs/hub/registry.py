"""The hub: which runs there are, how a page gets one, and how many there may be."""

from __future__ import annotations

import atexit
import logging
import re
import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from livepairs.clock import Clock, SystemClock
from livepairs.config import Settings, load_settings
from livepairs.errors import ConfigError
from livepairs.hub.kernels import compile_aside
from livepairs.hub.opening import Opened, legs, longest_window_us, open_source
from livepairs.hub.run import Run
from livepairs.hub.runparts import RunSetup
from livepairs.schema import Pair, interval_us
from livepairs.sources.replay import Replay, ReplayPlan

if TYPE_CHECKING:
    from livepairs.pipeline import Pipeline, RunParams
    from livepairs.stores.recording import Recording

__all__ = ["LIVE_ID", "Hub", "get_hub", "start_hub", "stop_hub"]

_LOG = logging.getLogger(__name__)

LIVE_ID: Final = "live"
"""The id of the one run of a live source."""

HISTORY_US: Final = 600_000_000
"""Event time, at least, that a new replay has played when it first shows."""

SHOWN_BARS: Final = 1_000
"""Bars beyond the windows that a moment far into a huge recording shows before it."""

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
        self._clock = clock or SystemClock()
        self._opened = opened or open_source(settings)
        self._make_pipeline = make_pipeline or _make_pipeline
        self._on_viewed: Callable[[], None] = compile_aside if make_pipeline is None else lambda: None
        self._runs: dict[str, Run] = {}
        self._leaving: set[Run] = set()
        self._is_closed = False
        self._lock = threading.RLock()

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs there are now, oldest first."""
        with self._lock:
            return tuple(self._runs.values())

    @property
    def recording(self) -> Recording | None:
        """What the replays play; None where the source is live."""
        return self._opened.recording

    @property
    def symbols(self) -> tuple[str, ...]:
        """What the source has."""
        if self._opened.recording is not None:
            return self._opened.recording.symbols
        assert self._opened.live is not None
        return self._opened.live(self._clock).symbols

    def open(self, run_id: str | None = None, pair: Pair | None = None) -> Run:
        """Return the run of that id, a new one under it, or without a usable id a new one under a random id.

        A live source has one run, whatever the id. A run that has failed is replaced, so loading a page again is trying
        again. The run has begun when this returns, its tables fill meanwhile.

        Parameters
        ----------
        run_id
            From the URL, so anything: only 8 to 64 letters, digits, ``_`` and ``-`` are taken as an id.
        pair
            What is to be computed beside what the settings name; see ``Run.add_pair``.

        Raises
        ------
        ConfigError
            If as many runs as may be are being watched, or the pair cannot be had.
        """
        if pair is not None:
            pair.check_symbols(self.symbols)
        run = self._open(run_id)
        if pair is not None:
            run.add_pair(pair)
        return run

    def _open(self, run_id: str | None) -> Run:
        with self._lock:
            if self._is_closed:
                raise ConfigError("the server is stopping; start it again")
            if self._opened.live is not None:
                run_id = LIVE_ID
            elif run_id is None or not _WELL_FORMED.fullmatch(run_id):
                run_id = secrets.token_urlsafe(12)
            known = self._runs.get(run_id)
            if known is not None and known.state.status != "failed" and known.touch():
                return known
            self._make_room()
            return self._begin(run_id)

    def close(self) -> None:
        """End all runs and wait for their threads."""
        with self._lock:
            self._is_closed = True
            runs = {*self._runs.values(), *self._leaving}
            self._runs.clear()
        for run in runs:
            run.close()
        for run in runs:
            run.join(JOIN_S)

    def _begin(self, run_id: str) -> Run:
        setup = self._live_setup() if self._opened.live is not None else self._replay_setup(run_id)
        idle_us = None if self._opened.live is not None else int(self.settings.run_idle_s * 1e6)
        run = Run(setup, self._clock, publish_hz=self.settings.publish_hz, idle_us=idle_us)
        run.on_closed = self._forget
        run.on_viewed = self._on_viewed
        replaced = self._runs.pop(run_id, None)
        if replaced is not None:
            self._leaving.add(replaced)
        self._runs[run_id] = run
        run.start()
        _LOG.info("run %s of %s begins", run_id, setup.label)
        return run

    def _replay_setup(self, run_id: str) -> RunSetup:
        recording, params = self._opened.recording, self._opened.params
        assert recording is not None
        symbols = legs(params, recording.symbols)
        pipeline = self._make_pipeline(symbols, params)
        window_us = longest_window_us(params)
        plan = ReplayPlan(
            interval_us=interval_us(params.interval),
            grace_us=params.grace_us,
            symbols=symbols,
            speed=self._opened.speed,
            history_us=max(HISTORY_US, 2 * window_us),
            warmup_us=(pipeline.warmup_bars + SHOWN_BARS) * interval_us(params.interval) + params.grace_us,
            healed=self.settings.healed,
        )
        return RunSetup(
            id=run_id,
            label=self._opened.label,
            source=Replay(recording, self._clock, plan),
            pipeline=pipeline,
            params=params,
            recording=recording,
            is_synthetic=recording.is_synthetic,
        )

    def _live_setup(self) -> RunSetup:
        assert self._opened.live is not None
        source = self._opened.live(self._clock)
        pipeline = self._make_pipeline(source.symbols, self._opened.params)
        return RunSetup(
            id=LIVE_ID,
            label=self._opened.label,
            source=source,
            pipeline=pipeline,
            params=self._opened.params,
            is_synthetic=self._opened.is_synthetic,
        )

    def _make_room(self) -> None:
        """Let the replay nobody has looked at for longest go, if there is no room for another."""
        if len(self._runs) < self.settings.max_runs:
            return
        alone = [(since_us, run) for run in self._runs.values() if (since_us := run.alone_since_us) is not None]
        if not alone:
            raise ConfigError(
                f"{len(self._runs)} replays are being watched, as many as may be; "
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


_installed: list[Hub] = []
_install_lock = threading.Lock()


def get_hub() -> Hub:
    """Return the process-wide hub; the first call makes it, from the environment and ``livepairs.toml``.

    Raises
    ------
    ConfigError, RecordingError
        If a setting is wrong or the source cannot be opened.
    """
    with _install_lock:
        return _installed[0] if _installed else _install(load_settings())


def start_hub(settings: Settings) -> Hub:
    """Make the process-wide hub from these settings, before anything asks for it.

    Raises
    ------
    ConfigError
        If there is one already, or as for ``Hub``.
    """
    with _install_lock:
        if _installed:
            raise ConfigError("this process serves a source already; stop it before it serves another")
        return _install(settings)


def stop_hub() -> None:
    """Close the process-wide hub, if there is one; the next call that needs one makes it anew."""
    with _install_lock:
        hubs = tuple(_installed)
        _installed.clear()
    atexit.unregister(stop_hub)
    for hub in hubs:
        hub.close()


def _install(settings: Settings) -> Hub:
    _installed.append(Hub(settings))
    atexit.register(stop_hub)
    return _installed[0]
