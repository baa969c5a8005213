"""A slice of a run as one HTML file: its charts and figures, with all they need, for a browser without a network."""

from __future__ import annotations

import asyncio
import threading
from html import escape
from typing import Final

import panel as pn
from bokeh.document import Document
from bokeh.models import UIElement
from panel.io.notebook import patch_inline_stylesheets
from panel.io.resources import Resources, set_resource_mode
from panel.io.save import file_html
from panel.viewable import Viewable

from livepairs.errors import ConfigError, LivepairsError
from livepairs.hub import Run
from livepairs.moment import to_iso
from livepairs.schema import Pair
from livepairs.views.charts.chartorigin import origin_of
from livepairs.views.charts.pricecharts import PriceCharts
from livepairs.views.charts.spreadcharts import SpreadCharts
from livepairs.views.figures.checkup import check_up
from livepairs.views.figures.kpis import Kpis
from livepairs.views.homes.cell import blend
from livepairs.views.screen import Panel

__all__ = ["page_of", "wait_until_there"]

_ARRIVAL_S: Final = 120.0
_FRAME: Final = """
{% block postamble %}
<style>:root { color-scheme: light dark } body { margin: 8px; background: light-dark(#ffffff, #11151a) }</style>
{% endblock %}
"""


def wait_until_there(run: Run) -> None:
    """Return once a run has come to the moment it was sent to; not to be called on the run's own thread.

    Raises
    ------
    LivepairsError
        If it has failed.
    ConfigError
        If it takes longer than two minutes.
    """
    # A loop of its own on a thread of its own: a notebook's is at work on the very cell that asks.
    found: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(asyncio.wait_for(_arrival(run), _ARRIVAL_S))
        except (LivepairsError, TimeoutError) as error:
            found.append(error)

    waiter = threading.Thread(target=work, name="livepairs-arrival")
    waiter.start()
    waiter.join()
    if found and isinstance(found[0], TimeoutError):
        raise ConfigError(f"the replay was not there after {_ARRIVAL_S:g} s; ask for a shorter slice")
    if found:
        raise found[0]


async def _arrival(run: Run) -> None:
    changed = asyncio.Event()
    leave = run.subscribe(changed.set)
    try:
        while not _is_there(run):
            await changed.wait()
            changed.clear()
    finally:
        leave()


def _is_there(run: Run) -> bool:
    state = run.state
    if state.status == "failed":
        raise LivepairsError(f"the replay failed: {state.error}")
    return not state.is_seeking and run.tables.bars.total_rows > 0


def page_of(run: Run, pair: Pair, span_us: tuple[int, int], *, view: str) -> str:
    """Return the page; of a replay that stands at the end of the span.

    Parameters
    ----------
    run, pair, span_us
        What is shown, from when to when.
    view
        ``"spread"`` or ``"market"``.
    """
    run.paper.wait()  # a page shows the trades a moment later; what is written here is not looked at again
    charts = SpreadCharts(run, pair) if view == "spread" else PriceCharts(run, pair)
    charts.hold(*span_us)
    panels = [charts] if view == "market" else [_figures(run, pair), charts]
    for panel in panels * 2:  # what is not on the way to a first paint comes with the second look
        panel.refresh()
    charts.close()
    origin = origin_of(run, pair)
    said = f"<b>{escape(origin.title)}</b> · {to_iso(span_us[0])} – {to_iso(span_us[1])} · {escape(origin.source)}"
    heading = pn.pane.HTML(said, styles={"color": "var(--mui-palette-text-secondary)", "font": "13px system-ui"})
    place = pn.Column(heading, *(panel.view for panel in panels), sizing_mode="stretch_width")
    blend(place)
    place.styles = {"--lp-window": "100vh"}
    return _written(place, f"{pair} · livepairs")


def _figures(run: Run, pair: Pair) -> Panel:
    examined = check_up(run, pair)
    if examined is not None:
        examined.result()
    return Kpis(run, pair)


def _written(place: Viewable, title: str) -> str:
    """Return a page with everything in it; Panel's own ``save`` leaves its style sheets with another host."""
    document = Document()
    with set_resource_mode("inline"):
        root = place.get_root(document)
        for model in root.select({"type": UIElement}):
            patch_inline_stylesheets(model)
        document.add_root(root)
        return str(file_html(document, Resources(mode="inline"), title, template=_FRAME))
