"""The drawer: which pair is shown, what is being played and with which windows, and the keys."""

from __future__ import annotations

from html import escape
from itertools import combinations
from typing import Final
from urllib.parse import urlencode

from panel.viewable import Viewable

from livepairs.hub import Run, get_hub
from livepairs.schema import Pair, interval_us
from livepairs.views import numbers
from livepairs.views.assets import stylesheet
from livepairs.views.component import LiveText
from livepairs.views.frame.visit import Visit
from livepairs.views.frame.visitor import is_embedded, visitor

__all__ = ["drawer"]

_MOST_OTHERS: Final = 9
"""Pairs of a source with five symbols, the one that is shown left out."""


def drawer(visit: Visit) -> Viewable:
    """Return what the drawer of a page shows."""
    params = visit.run.params
    interval = interval_us(params.interval)
    windows = params.pair_params
    facts = {
        "Bars": params.interval,
        "Prices": windows.price,
        "Hedge ratio": windows.hedge,
        "Hedge window": numbers.bars(windows.hedge_window, interval),
        "z window": numbers.bars(windows.z_window, interval),
        "Correlation window": numbers.bars(windows.corr_window, interval),
        "Entry, exit": f"|z| {params.entry:g}, {params.exit:g}",
    }
    keys = {"Play or pause": "space", "One bar back": ",", "One bar forward": ".", "Follow": "f"}
    parts = [
        "<h2>Pair</h2>",
        _pairs(visit),
        "<h2>Source</h2>",
        _list(_source(visit)),
        "<h2>Measures</h2>",
        _list(facts),
    ]
    parts += ["<h2>Keys</h2>", _list({name: f"<kbd>{key}</kbd>" for name, key in keys.items()}, is_markup=True)]
    parts.append(_signed_in())
    return LiveText(markup="".join(parts), stylesheets=[stylesheet("drawer")], sizing_mode="stretch_width", margin=0)


def _signed_in() -> str:
    """Return who is signed in, and the way out; nothing where nobody has to sign in."""
    who = visitor()
    settings = get_hub().settings
    if who is None or get_hub().gate.is_open:
        return ""
    leave = ""
    if settings.auth is not None and not is_embedded():  # else a host let them in, and its sign-in is its own
        leave = f'<ul><li><a href="{escape(settings.prefix)}/logout">Sign out</a></li></ul>'
    return f"<h2>You</h2>{_list({'Name': who.name, 'Role': who.role})}{leave}"


def _pairs(visit: Visit) -> str:
    items = []
    for pair in _offered(visit.run):
        query = urlencode({**visit.run_query, "pair": str(pair)}, safe="/")
        current = ' aria-current="true"' if pair == visit.pair else ""
        items.append(f'<li><a href="?{escape(query)}"{current}>{escape(str(pair))}</a></li>')
    return f"<ul>{''.join(items)}</ul>"


def _offered(run: Run) -> list[Pair]:
    """Return the pairs that are computed, and those of few enough symbols to name them; a scan finds the others."""
    known = list(run.params.pairs)
    legs = {frozenset((pair.y, pair.x)) for pair in known}
    others = [Pair(y, x) for x, y in combinations(run.symbols, 2) if frozenset((y, x)) not in legs]
    return known + (others if len(others) <= _MOST_OTHERS else [])


def _source(visit: Visit) -> dict[str, str]:
    recording = visit.run.recording
    if recording is None:
        return {"Live": visit.run.label}
    seconds = (recording.end_us - recording.start_us) / 1e6
    return {
        "Recording": recording.name,
        "Origin": "synthetic, generated" if recording.is_synthetic else recording.source,
        "Symbols": ", ".join(recording.symbols),
        "From": numbers.day_clock(recording.start_us),
        "To": numbers.day_clock(recording.end_us),
        "Length": numbers.duration(seconds),
        "Trades": numbers.count(recording.trade_count),
    }


def _list(facts: dict[str, str], *, is_markup: bool = False) -> str:
    rows = (f"<dt>{escape(name)}</dt><dd>{text if is_markup else escape(text)}</dd>" for name, text in facts.items())
    return f"<dl>{''.join(rows)}</dl>"
