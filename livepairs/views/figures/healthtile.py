"""The tile of a pair's health: one light, and its reasons on a click; and the correlation by ticks in words."""

from __future__ import annotations

import math
from html import escape
from typing import Final

from livepairs.views import numbers
from livepairs.views.figures.checkup import Checkup

__all__ = ["checkup_values", "health_markup"]

_NAMES: Final = ("Cointegration", "Half-life", "Hedge drift", "CUSUM", "Staleness", "Innovation ratio")
_WORDS: Final = {"good": "● healthy", "watch": "▲ watch", "bad": "■ weak", "unknown": "○ warming up"}
_SEEN: Final = 0.9
"""Share of the correlation that bars see below which the chip warns."""


def health_markup() -> str:
    """Return the tile, and the list of reasons that a click on it opens."""
    tip = "Whether the pair's relation holds, as the worst of six tests on the hedge window says; click for the reasons"
    rows = "".join(
        f'<dt>{escape(name)}</dt><dd><i data-v="mark{n}" data-s="mark{n}">○</i> <span data-v="reason{n}">–</span></dd>'
        for n, name in enumerate(_NAMES)
    )
    return (
        f'<div class="tile health" title="{escape(tip)}"><span>Health</span>'
        '<button popovertarget="reasons"><b data-v="health" data-s="health">–</b></button>'
        '<small data-v="health-note">being checked</small>'
        f'<div id="reasons" popover><h3>Health of the pair</h3><dl>{rows}</dl></div></div>'
    )


def checkup_values(checkup: Checkup) -> tuple[dict[str, str], dict[str, str]]:
    """Return texts and states, in the form ``LiveText`` takes."""
    health = checkup.health
    values = {"health": _WORDS[health.light], "health-note": _note(checkup)}
    states: dict[str, str] = {"health": health.light}
    for place, reason in enumerate(health.reasons):
        values[f"mark{place}"], values[f"reason{place}"] = _WORDS[reason.light][0], reason.text
        states[f"mark{place}"] = reason.light
    ticks = checkup.ticks
    if ticks is not None and math.isfinite(ticks.correlation):
        values["corr-note"] = f"ticks {numbers.fixed(ticks.correlation, 3)}, bars see {100 * ticks.share:.0f} %"
        states["corr-note"] = "warn" if ticks.share < _SEEN else ""
    else:
        values["corr-note"], states["corr-note"] = "too few trades for ticks", ""
    return values, states


def _note(checkup: Checkup) -> str:
    reasons = checkup.health.reasons
    worst = [reason.name for reason in reasons if reason.light == checkup.health.light]
    if checkup.health.light in ("good", "unknown"):
        return f"{sum(reason.light == 'good' for reason in reasons)} of {len(reasons)} tests good"
    return worst[0] if len(worst) == 1 else f"{len(worst)} reasons"
