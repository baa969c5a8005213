"""What a rehearsal has found, as the alerts page shows it: finished texts, and places in per cent. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from livepairs.alerts.aftermath import HALF_LIVES
from livepairs.alerts.rehearse import STORM_ALERTS, STORM_BARS, Rehearsal
from livepairs.columns import ints_of
from livepairs.views import numbers

if TYPE_CHECKING:
    from livepairs.alerts.rule import Rule
    from livepairs.rehearse_recording import Fired, Rehearsed

__all__ = ["rehearsed_as"]

MARKS: Final = 400
"""Alerts drawn on a recording's line, at most: more could not be told apart."""


def rehearsed_as(found: Rehearsed) -> dict[str, Any]:
    """Return tiles, a line of alerts for each recording, and the figures of each."""
    return {
        "rule": found.rule.name,
        "tiles": _tiles(found.whole),
        "lines": [
            {
                "name": name,
                "fired": numbers.count(each.fired),
                "back": _share(each.back_share) if each.judged else "",
                "marks": _marks(fired),
            }
            for (name, each), fired in zip(found.each, found.fired, strict=True)
        ],
        "judged": " ".join((_judged(found.rule, found.whole), *found.remarks)),
    }


def _tiles(got: Rehearsal) -> list[tuple[str, str, str, str]]:
    """Return name, figure, small print and explanation of each tile."""
    days = f"in {numbers.duration(got.days * 86_400)}"
    median, worst = got.pain_sigma_median, got.pain_sigma_worst
    bps, worst_bps = got.pain_bps_median, got.pain_bps_worst
    took = "" if got.bars_median is None else f"after {got.bars_median:,.0f} bars"
    return [
        ("Fired", numbers.count(got.fired), days, "How often the rule would have fired"),
        ("A day", _rate(got.per_day), "per 24 h", "How often in 24 hours of recording"),
        ("In storms", _share(got.storm_share), f"{STORM_ALERTS} in {STORM_BARS} bars",
         f"Share of the alerts that were {STORM_ALERTS} or more of this rule within {STORM_BARS} bars"),
        ("Came back", _share(got.back_share), took,
         f"Share of the judged alerts after which a quarter or less of the distance was left within {HALF_LIVES:g} "
         "half-lives; and the median of the bars that took"),
        ("Median pain", _size(median, "σ"), _size(bps, "bps after costs"),
         "How much farther the spread went first, in its deviations at the alert; and as a loss with costs"),
        ("Worst pain", _size(worst, "σ"), _size(worst_bps, "bps after costs"), "The same for the worst alert"),
    ]  # fmt: skip


def _judged(rule: Rule, got: Rehearsal) -> str:
    if got.fired == 0:
        return "It would never have fired. Move a number."
    if rule.symbols:
        return "None is judged: it speaks of symbols, and only a pair has a spread that comes back."
    if got.judged == got.fired:
        return "All alerts are judged."
    return (
        f"{numbers.count(got.judged)} of {numbers.count(got.fired)} alerts are judged; the others had no half-life, or "
        "less than two of them before the recording ends."
    )


def _marks(fired: Fired) -> list[tuple[float, str, str]]:
    """Return place in per cent, outcome and words of the alerts on a recording's line."""
    times = ints_of(fired.events.column("ts"))
    if not len(times):
        return []
    first, last = fired.span_us
    chosen = np.unique(np.linspace(0, len(times) - 1, min(MARKS, len(times))).astype(np.int64))
    said = fired.events.column("message")
    marks = []
    for row in chosen.tolist():
        outcome = "back" if fired.came.is_back[row] else "out" if fired.came.is_judged[row] else "open"
        place = 100.0 * (int(times[row]) - first) / max(1, last - first)
        marks.append((round(place, 3), outcome, f"{numbers.day_clock(int(times[row]))}: {said[row].as_py()}"))
    return marks


def _share(value: float | None) -> str:
    return numbers.NONE if value is None else f"{value:.0%}"


def _size(value: float | None, unit: str) -> str:
    return numbers.NONE if value is None else f"{numbers.fixed(value, 2)} {unit}"


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
