"""What stands in a notebook's cell: sent in one piece, no faster than it is drawn, and let go with the output."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import panel as pn
import pytest
from bokeh.document import Document
from bokeh.models import ImportedStyleSheet, UIElement
from pyviz_comms import Comm

from livepairs.notebook import Preview, preview
from livepairs.views.homes import cell
from livepairs.views.homes.cell import Cell, CellScreen, blend
from livepairs.views.homes.viewers import Spread

DEMO = Path(__file__).resolve().parents[3] / "recordings" / "demo"


@pytest.fixture
def shown() -> Iterator[Preview]:
    found = preview(DEMO, at="2026-01-05T08:30:00Z", bars="5s")
    yield found
    found.close()


def shown_in_a_cell(shown: Preview) -> tuple[CellScreen, Cell]:
    screen = CellScreen(shown.run)
    place = Cell(Spread(shown.run).placed(screen), screen.echo)
    blend(place)
    place.get_root(Document(), Comm())
    screen.follow(place)
    return screen, place


def test_a_browser_that_has_not_drawn_is_sent_nothing_more(shown: Preview, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(cell, "push", lambda document, comm, *, binary: sent.append(document))

    async def look() -> None:
        screen, _ = shown_in_a_cell(shown)
        screen.refresh()
        screen.refresh()
        assert len(sent) == 1
        screen.echo.heard({"beat": 1})
        screen.refresh()
        assert len(sent) == 2
        screen._leave(None)

    asyncio.run(look())


def test_a_view_ends_with_its_output(shown: Preview) -> None:
    async def look() -> None:
        screen, place = shown_in_a_cell(shown)
        assert shown.run.viewer_count == 1
        place._models.clear()  # what Panel does when the notebook removes an output
        screen.refresh()
        assert shown.run.viewer_count == 0

    asyncio.run(look())


def test_what_the_browser_says_is_heard_on_the_loop_and_not_where_it_comes_in(
    shown: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[object] = []

    async def look() -> None:
        loop = asyncio.get_running_loop()
        screen, place = shown_in_a_cell(shown)
        monkeypatch.setattr(place, "_heard", lambda *_said: heard.append(asyncio.get_running_loop()), raising=False)
        await asyncio.to_thread(place._on_msg, "ref", None, None)
        await asyncio.sleep(0)
        assert heard == [loop]
        screen._leave(None)

    asyncio.run(look())


def test_charts_take_the_colours_around_them(shown: Preview) -> None:
    async def look() -> None:
        screen, place = shown_in_a_cell(shown)
        figures = [
            chart for pane in place.select(pn.pane.Bokeh) for chart in pane.object.children if hasattr(chart, "yaxis")
        ]
        assert figures
        assert all(chart.background_fill_alpha == 0 for chart in figures)
        screen._leave(None)

    asyncio.run(look())


def test_no_style_of_a_cell_is_left_to_another_host(shown: Preview) -> None:
    async def look() -> None:
        place = Cell(Spread(shown.run).placed(CellScreen(shown.run)))
        root = place.get_root(Document())  # as a widget, for VS Code; Panel sees to a cell of JupyterLab itself
        sheets = [sheet for model in root.select({"type": UIElement}) for sheet in model.stylesheets]
        assert [sheet.url for sheet in sheets if isinstance(sheet, ImportedStyleSheet)] == []

    asyncio.run(look())
