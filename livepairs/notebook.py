"""A pair in a cell of a notebook: the charts and the deck of the pages, the replay running in the kernel, no server.

Used as ``livepairs.preview(...)``; ``docs/notebook.md`` has it on one screen. This file opens what is shown and keeps
it; ``livepairs.views`` draws it.
"""

from __future__ import annotations

import atexit
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from livepairs.config import Settings, load_settings
from livepairs.errors import ConfigError
from livepairs.hub import Hub, Run, get_hub, start_hub, stop_hub
from livepairs.hub.installed import is_hub_started
from livepairs.hub.opening import measures_of
from livepairs.moment import Moment, read_moment, to_iso
from livepairs.schema import Pair
from livepairs.stores.recording import Recording

__all__ = ["Preview", "preview"]

SLICE_BARS: Final = 900
"""How much ``to_html`` writes where nothing else is asked for, as the charts show at first."""

_HUBS: Final[dict[str, Hub]] = {}
"""By source: cells that show the same one share its hub."""


def preview(
    recording_or_source: Recording | str | Path,
    pair: str | None = None,
    *,
    bars: str | None = None,
    speed: float | str | None = None,
    at: str | None = None,
    view: str = "spread",
) -> Preview:
    """Show a pair in a cell, with the deck: play, pause, speed and any moment of a replay.

    Parameters
    ----------
    recording_or_source
        A recording, its path, or a live source as ``"synthetic:?seed=7"``.
    pair
        Y/X; by default the first the source has.
    bars
        Length of a bar, for example ``"5s"``; by default as the settings say.
    speed
        Times real time, from 0.1 to 1000, or ``"max"``.
    at
        The moment to stand at, for example ``"2024-08-08T23:56:12Z"``; by default it plays from where replays begin.
    view
        ``"spread"`` (figures and the charts of the spread page) or ``"market"`` (candles of both legs).

    Raises
    ------
    ConfigError
        If an argument cannot be used; with what can.
    RecordingError
        If there is no such recording.
    """
    return Preview(recording_or_source, {"pair": pair, "bars": bars, "speed": speed, "at": at}, view=view)


class Preview:
    """What ``preview`` returns: it draws itself wherever a cell shows it, each time anew, of one and the same run.

    Parameters
    ----------
    source
        A recording, its path, or a live source.
    said
        Pair, bars, speed and moment, as an address says them; None for what is not said.
    view
        The name of the view.
    """

    def __init__(
        self, source: Recording | str | Path, said: dict[str, str | float | None], *, view: str = "spread"
    ) -> None:
        from livepairs.views.homes.cell import view_of

        view_of(view)
        moment = read_moment({name: str(text) for name, text in said.items() if text is not None})
        self._view = view
        self._hub = _hub_of(str(source.path if isinstance(source, Recording) else source))
        self.run: Run = self._hub.open_moment(replace(moment, run=secrets.token_urlsafe(12)))
        """The replay, or the live feed; its ``tables`` hold what has been computed so far."""
        self.pair: Pair = moment.pair or self.run.params.pairs[0]

    def __repr__(self) -> str:
        return f"<preview of {self.pair} of {self.run.label}: {self.run.state.status}>"

    def _repr_mimebundle_(self, **_wanted: object) -> Any:  # as IPython calls it, and what it takes
        from livepairs.views.homes.cell import show

        return show(self.run, self.pair, self._view)

    def to_html(
        self, path: str | Path | None = None, *, start: str | int | None = None, end: str | int | None = None
    ) -> str:
        """Return a slice as one HTML file that needs no server and no network, and write it.

        Parameters
        ----------
        path
            Where to; None to return it only.
        start, end
            First and last event time, as ``"2024-08-08T23:56:12Z"`` or microseconds since 1970. By default it ends at
            the run's moment and is 900 bars long.

        Raises
        ------
        ConfigError
            If there is no such slice.
        """
        from livepairs.views.homes.standalone import page_of, wait_until_there

        if end is None:
            wait_until_there(self.run)
        end_us = self.run.shown_us if end is None else _time(end)
        start_us = end_us - SLICE_BARS * self.run.params.interval_us if start is None else _time(start)
        if start_us >= end_us:
            raise ConfigError(f"the slice would go from {to_iso(start_us)} to {to_iso(end_us)}; let it begin earlier")
        run = self._standing_at(end_us)
        try:
            wait_until_there(run)
            page = page_of(run, self.pair, (start_us, end_us), view=self._view)
        finally:
            if run is not self.run:
                run.close()
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def _standing_at(self, end_us: int) -> Run:
        """Return a run of its own at that moment, so that nobody's deck is moved; a live feed's is the one there is."""
        if self.run.recording is None:
            return self.run
        measures = measures_of(self.run.params, healed=self.run.is_healed)
        return self._hub.open_moment(Moment(pair=self.pair, at_us=end_us, plays=False, measures=measures))

    def close(self) -> None:
        """End the run; a preview that no cell shows any more ends by itself after a while."""
        self.run.close()
        if not any(run.is_alive for run in self._hub.runs):
            _let_go(self._hub)


def _time(text: str | int) -> int:
    moment = read_moment({"at": str(text)})
    assert moment.at_us is not None
    return moment.at_us


def _hub_of(source: str) -> Hub:
    """Return the hub of a source; the first of a process is the one that everything else asks for."""
    path = Path(source)
    if path.exists():
        source = str(path.resolve())
    if source not in _HUBS:
        # Whoever has the kernel has the machine: nobody signs in. What rules say is not written beside the notebook.
        settings = replace(
            load_settings(), source=source, pairs=(), auth=None, oauth_issuer=None, oauth_provider=None,
            read_only=False, database_url="sqlite://",
        )  # fmt: skip
        _HUBS[source] = _opened(settings)
    return _HUBS[source]


def _opened(settings: Settings) -> Hub:
    if not is_hub_started():
        return start_hub(settings)
    hub = Hub(settings)
    atexit.register(hub.close)
    return hub


def _let_go(hub: Hub) -> None:
    """Close a hub that shows nothing any more; the next preview of its source opens another."""
    for source in [source for source, known in _HUBS.items() if known is hub]:
        del _HUBS[source]
    if is_hub_started() and get_hub() is hub:
        stop_hub()
        return
    atexit.unregister(hub.close)
    hub.close()
