"""Rows are there before a hand that drags comes to their edge; a long window is not handed out page by page."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from livepairs.schema import BARS
from livepairs.views.charts.chartwindow import ChartWindow, Held

HOUR = 3_600_000_000
NOW_US = 100 * HOUR


class Pages:
    """Stands for the recording's rows: so many pages are still to be read."""

    first_us, kept_us = 0, NOW_US

    def __init__(self, pages: int) -> None:
        self.left = pages

    def read(self, *_: int) -> bool:
        self.left -= 1
        return self.left >= 0

    def lacks(self, *_: int) -> int:
        return max(0, self.left)


def make_window() -> ChartWindow:
    tables = SimpleNamespace(bars=SimpleNamespace(tail=lambda _rows: BARS.empty_table()))
    params, status = SimpleNamespace(interval_us=1_000_000, grace_us=0), SimpleNamespace(now_us=NOW_US)
    run: Any = SimpleNamespace(params=params, status=status, tables=tables, recording=None)
    return ChartWindow(run, lambda: None)


def look(window: ChartWindow, start_h: float, hours: float = 1.0) -> Held:
    """Show that many hours of the recording; return what the charts hold then."""
    start_ms = start_h * HOUR / 1000
    window.heard({"start": start_ms, "end": start_ms + hours * HOUR / 1000, "pixels": 1_800, "follows": False})
    return window.held


def test_other_rows_are_given_before_a_drag_comes_to_the_edge_of_those_that_are_there() -> None:
    window = make_window()
    held = look(window, 10.0)
    assert held.span_us == (int(9.5 * HOUR), int(11.5 * HOUR))
    assert look(window, 9.75) is held
    assert look(window, 9.65).span_us == (int(9.15 * HOUR) // held.step_us * held.step_us, int(11.15 * HOUR))


def test_where_there_is_nothing_more_nothing_else_is_given() -> None:
    window = make_window()
    held = look(window, 0.1)
    assert held.span_us[0] == 0
    assert look(window, 0.0) is held
    held = look(window, 98.8, hours=1.2)
    assert look(window, 98.81, hours=1.2) is held


def test_a_long_window_is_handed_out_with_its_first_page_and_its_last() -> None:
    window = make_window()
    pages: Any = Pages(pages=20)
    window.rows = pages

    async def read() -> int:
        version = window.version
        window.want(0, HOUR)
        assert window._task is not None
        await window._task
        return window.version - version

    assert asyncio.run(read()) == 2
    assert pages.left < 0


def test_a_file_is_made_of_all_rows_of_its_window_and_they_are_read_first() -> None:
    window, pages, made = make_window(), Pages(pages=3), []
    window.rows = pages  # type: ignore[assignment]
    face: Any = SimpleNamespace(busy="", shown="", param=SimpleNamespace(update=lambda **_: None))
    window.show_on(face)

    async def ask() -> None:
        window.ask((0, HOUR), lambda: made.append(pages.left))
        assert not made
        assert window._asking is not None
        await window._asking
        window.speak()

    asyncio.run(ask())
    assert made == [0]
    window.ask((0, HOUR), lambda: made.append("at once"))
    assert made == [0, "at once"]


def test_more_than_is_kept_is_not_read_for_ever_and_makes_no_file() -> None:
    window, made = make_window(), []
    window.rows = SimpleNamespace(first_us=0, kept_us=NOW_US, read=lambda *_: True, lacks=lambda *_: 5)  # type: ignore[assignment]

    async def read() -> None:
        window.want(0, HOUR)
        assert window._task is not None
        await window._task
        window.ask((0, HOUR), lambda: made.append(1))
        assert window._asking is not None
        await window._asking

    asyncio.run(read())
    window.speak()
    assert not made
    assert window._busy == "too many rows for a file: show fewer days"
