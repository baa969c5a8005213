"""The views by themselves, as Viewers that another Panel app puts where it likes.

Each session of that app watches the run for as long as it lives, as a page of ours does.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import panel as pn
from panel.viewable import Viewable, Viewer

from livepairs.config import load_settings
from livepairs.errors import ConfigError
from livepairs.hub import Hub, Run, get_hub, start_hub
from livepairs.schema import Pair
from livepairs.stores.recording import Recording
from livepairs.views.assets import stylesheet
from livepairs.views.charts.pricecharts import PriceCharts
from livepairs.views.charts.spreadcharts import SpreadCharts
from livepairs.views.deck.transport import Transport
from livepairs.views.figures.kpis import Kpis
from livepairs.views.frame.visit import Visit
from livepairs.views.screen import Screen

__all__ = ["Market", "Spread", "View"]


class View(Viewer):
    """What the views share: a run, a pair, and panels that are kept fresh.

    Parameters
    ----------
    shown
        A run; or a recording, or its path, which is then replayed. One process replays one such source: the first one
        named is opened for it, unless the settings name another.
    pair
        Y/X; by default the first the run has.
    is_steered
        With the deck below it.
    """

    def __init__(
        self, shown: Run | Recording | str | Path | None = None, *, pair: str | None = None, is_steered: bool = True
    ) -> None:
        super().__init__()
        wanted = None if pair is None else Pair.parse(pair)
        self.run = shown if isinstance(shown, Run) else _open(shown, wanted)
        if wanted is not None:
            self.run.add_pair(wanted)
        self.pair = wanted or self.run.params.pairs[0]
        self._is_steered = is_steered

    def _panels(self, screen: Screen) -> list[Viewable]:
        raise NotImplementedError

    def __panel__(self) -> Viewable:
        screen = Screen(self.run)
        place = self.placed(screen)
        screen.attach()
        return place

    def placed(self, screen: Screen) -> Viewable:
        """Return the panels, which the screen keeps fresh from when it is attached."""
        panels = self._panels(screen)
        if self._is_steered:
            visit = Visit(self.run, self.pair, is_dark=pn.config.theme == "dark")
            transport = Transport(visit, "", screen.refresh)
            transport.view.is_guest = True
            transport.view.stylesheets = [*transport.view.stylesheets, stylesheet("decksettled")]
            panels.append(screen.add("deck", lambda: transport))
        return pn.Column(*panels, sizing_mode="stretch_width", margin=0)


class Market(View):
    """Candles and volume of both legs."""

    def _panels(self, screen: Screen) -> list[Viewable]:
        return [screen.add("price", lambda: PriceCharts(self.run, self.pair, screen.refresh))]


class Spread(View):
    """The pair's figures over the charts of legs, spread, z, hedge ratio and correlation."""

    def _panels(self, screen: Screen) -> list[Viewable]:
        return [
            screen.add("figures", lambda: Kpis(self.run, self.pair, screen.refresh)),
            screen.add("spread", lambda: SpreadCharts(self.run, self.pair, screen.refresh)),
        ]


def _open(shown: Recording | str | Path | None, pair: Pair | None) -> Run:
    """Return a run of a recording, in the process's hub; one is made for it where there is none yet."""
    if shown is None:
        return get_hub().open(pair=pair)
    path = (shown.path if isinstance(shown, Recording) else Path(shown)).resolve()
    hub = _hub_of(path)
    own = hub.recording
    listed = None if own is not None and own.path.resolve() == path else path.name
    return hub.open(pair=pair, recording=listed)


def _hub_of(path: Path) -> Hub:
    settings = load_settings()
    try:
        return start_hub(settings if settings.source else replace(settings, source=str(path)))
    except ConfigError:
        return get_hub()  # there is one already
