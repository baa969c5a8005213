"""The frame every page has: navigation, source chip, theme, drawer, and the deck at the bottom.

A page hands in how to build its body; the frame opens the run, keeps chip and deck up to date, and turns what cannot
be shown into a sentence. Models are built under ``freeze``: without it Bokeh walks the document for every one of them.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from typing import Final

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from livepairs.errors import ConfigError, LivepairsError
from livepairs.hub import Run
from livepairs.schema import interval_us
from livepairs.views import numbers, pages
from livepairs.views.alarm import Alarm
from livepairs.views.component import Deck, Navigation
from livepairs.views.drawer import drawer
from livepairs.views.help import help_of
from livepairs.views.palette import PAGE_STYLE, THEME
from livepairs.views.screen import Screen
from livepairs.views.skeleton import TEMPLATE
from livepairs.views.sourcestate import SourceState
from livepairs.views.timeaxis import windows
from livepairs.views.visit import Visit, arrive, is_dark
from livepairs.views.visitor import is_permitted
from livepairs.views.wayout import Silence, way_out

__all__ = ["framed"]

SPEEDS: Final = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 1000, 0)
"""The speeds the deck offers; 0 stands for as fast as possible."""

_log = logging.getLogger(__name__)
_DECK_HEIGHT = 52
_MARKED = 200

Body = Callable[[Screen, Visit], list[Viewable]]


def framed(key: str, title: str, body: Body) -> pmui.Page:
    """Return a whole page.

    Parameters
    ----------
    key
        Name of the page in the address, for example ``"market"``.
    title
        Its title.
    body
        Builds what stands between header and deck.
    """
    document = pn.state.curdoc
    if document is None:
        return _page(key, title, body)
    with document.models.freeze():
        return _page(key, title, body)


def _page(key: str, title: str, body: Body) -> pmui.Page:
    try:
        visit = arrive()
    except LivepairsError as error:
        return _shell(key, title, is_dark=is_dark(), main=[way_out("There is nothing to show", f"{error}.")])
    screen = Screen(visit.run)
    deck = _deck(visit)
    source = SourceState(visit.run, deck, screen.refresh, can_change=is_permitted("live"))
    alarm = Alarm(visit.run, visit.query)
    banner = screen.add("source chip and deck", lambda: source)
    told = screen.add("bell", lambda: alarm)
    silence = [screen.add("silence", lambda: Silence(visit.run))] if visit.run.kind == "live" else []
    main = [source.narrow_row, banner, told, *silence, *body(screen, visit), deck]
    page = _shell(
        key,
        title,
        is_dark=visit.is_dark,
        query=visit.query,
        main=main,
        right=[source.wide, alarm.bell, help_of(key, visit.run)],
    )
    page.sidebar = [drawer(visit)]
    screen.attach()
    return page


def _shell(
    key: str, title: str, *, is_dark: bool, main: list[Viewable], query: str = "", right: Sequence[Viewable] = ()
) -> pmui.Page:
    navigation = Navigation(
        pages=[(name, page.TITLE) for name, page in pages.found().items()], current=key, query=query, dark=is_dark
    )
    header = [navigation, pn.Spacer(sizing_mode="stretch_width", height=1, margin=0)]
    room = {"padding": f"6px 10px {_DECK_HEIGHT + 8}px"}
    column = pn.Column(*main, margin=0, sizing_mode="stretch_width", styles=room)
    page = pmui.Page(
        title="livepairs", meta_title=f"{title} · livepairs", site_url="./",
        header=[*header, *right], main=[column],
        theme_config=THEME, sx=PAGE_STYLE, dark_theme=is_dark, sidebar_open=False, sidebar_variant="temporary",
        sidebar_width=290, sidebar_resizable=False, busy_indicator=None, template=TEMPLATE,
    )  # fmt: skip
    page.jslink(navigation, dark_theme="dark")
    return page


def _deck(visit: Visit) -> Deck:
    run = visit.run
    interval = interval_us(run.params.interval)
    span = (run.recording.start_us, run.recording.end_us) if run.recording else (0, 1000)
    return Deck(
        _steering(visit), is_replay=run.control is not None, start_ms=span[0] / 1000, end_ms=span[1] / 1000,
        step_ms=interval / 1000, speeds=list(SPEEDS), windows=windows(interval), marks=_marks(run), margin=0,
    )  # fmt: skip


def _marks(run: Run) -> list[tuple[str, float, float, str]]:
    """Return what lies on the scrub bar: the gaps and the moments worth jumping to."""
    if run.recording is None:
        return []
    first, whole = run.recording.start_us, max(1, run.recording.end_us - run.recording.start_us)

    def share(time_us: int) -> float:
        return round(100 * min(1.0, max(0.0, (time_us - first) / whole)), 3)

    longest = sorted(run.gaps, key=lambda gap: gap.start_us - gap.end_us)[:_MARKED]
    gaps = [
        ("healed" if gap.is_healed else "gap", share(gap.start_us), share(gap.end_us) - share(gap.start_us),
         f"Gap of {gap.symbol or 'all symbols'} at {numbers.day_clock(gap.start_us)}: {gap.cause or 'no trades'}")
        for gap in longest
    ]  # fmt: skip
    moments = [
        ("moment", share(mark.ts_us), 0.0, f"{mark.label}, {numbers.day_clock(mark.ts_us)}: {mark.note}".rstrip(": "))
        for mark in run.recording.markers[:_MARKED]
    ]
    return [*gaps, *moments]


def _steering(visit: Visit) -> Callable[[str, float | None], None]:
    control = visit.run.control

    def act(name: str, value: float | None) -> None:
        if control is None:
            return
        number = value if value is not None and math.isfinite(value) else 0.0
        actions: dict[str, Callable[[], None]] = {
            "play": control.play,
            "pause": control.pause,
            "step": lambda: control.step(int(number)),
            "speed": lambda: control.set_speed(number or math.inf),
            "seek": lambda: control.seek(int(number * 1000)),
        }
        try:
            actions[name]()
        except (KeyError, ConfigError) as error:
            # A browser can send anything; what it may not do is stop the page.
            _log.warning("deck order %r (%r) was refused: %s", name, value, error)

    return act
