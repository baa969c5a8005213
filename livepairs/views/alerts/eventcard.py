"""One event as its card shows it, and the explanation of what its rule saw: finished texts. Pure."""

from __future__ import annotations

import math
from typing import Any, Final

from livepairs.alerts.explain import Clause, Explanation, Reason, Truth
from livepairs.stores.history_rows import HistoryRow, Origin
from livepairs.views import numbers

__all__ = ["card_of", "number", "why_of"]

_TRUTHS: Final = {True: "yes", False: "no", None: "unknown"}
_NO_REPLAY: Final = (
    "It was seen live and no recording holds it, so it cannot be replayed. Record the feed, and the next one can."
)


def card_of(row: HistoryRow, link: str | None) -> dict[str, Any]:
    """Return an event for its card.

    Parameters
    ----------
    row
        The event.
    link
        Where its replay is; None for nowhere.
    """
    seen = row.acknowledged
    return {
        "id": row.id,
        "kind": row.kind,
        "level": row.level,
        "message": row.message,
        "facts": _facts(row),
        "replay": link or "",
        "no_replay": _NO_REPLAY,
        "seen": None
        if seen is None
        else {"who": seen.who or "somebody", "at": numbers.day_clock(seen.at_us), "note": seen.note},
    }


def _facts(row: HistoryRow) -> list[tuple[str, str, str]]:
    shown = [
        ("Bar (UTC)", numbers.day_clock(row.ts_us).removesuffix(" UTC"), "Open of the closed bar the rule looked at"),
        ("Rule", row.rule, "Name of the rule"),
        ("Pair" if "/" in row.subject else "Subject", row.subject, "What the rule spoke of"),
        ("Value", number(row.value), "The column the rule compares first, at that bar"),
        ("Level", row.level, "How loud it is"),
        ("Seen", _source(row.origin), "Where it was seen first"),
    ]
    if row.recorded is not None and row.recorded.recording:
        shown.append(("Recording", row.recorded.recording, "Where it can be replayed from"))
    if row.origin.rule_version:
        shown.append(("Rules", row.origin.rule_version, "Version of the rules at the time"))
    shown.append(("Id", row.id, "The same in live, replay and after a restart"))
    return shown


def _source(origin: Origin) -> str:
    return f"live, {origin.source}" if origin.run_kind == "live" else f"in a replay of {origin.source}"


def why_of(said: Explanation, times_us: tuple[int, ...], *, kind: str) -> dict[str, Any]:
    """Return an explanation for the card.

    Parameters
    ----------
    said
        What ``alerts.explain`` found.
    times_us
        Open of each bar of the window.
    kind
        ``fired`` or ``cleared``: what the event was.
    """
    names = list(said.window)
    rows = [
        [numbers.day_clock(time_us)[11:19], *(number(said.window[name][place]) for name in names)]
        for place, time_us in enumerate(times_us)
    ]
    return {
        "verdict": _verdict(said, kind),
        "when": _reason(said.when),
        "clear": None if said.clear is None else _reason(said.clear),
        "window": {"names": ["bar (UTC)", *names], "rows": rows},
    }


def _verdict(said: Explanation, kind: str) -> str:
    needs = "" if said.for_bars == 1 else f" It must hold for {said.for_bars} bars."
    if kind == "fired":
        held = f"{said.when.held} bar{'s' if said.when.held != 1 else ''}"
        return f"At this bar the condition has held for {held}, so the rule fired.{needs}"
    if said.clear is None:
        return "At this bar the condition is false again, and the rule names no other, so it cleared."
    return "At this bar the condition to clear is true, so the rule let go."


def _reason(part: Reason) -> dict[str, Any]:
    held = f"{_TRUTHS_SAID[part.truth]} for {numbers.count(part.held)} bar{'s' if part.held != 1 else ''}"
    return {
        "text": part.text,
        "truth": _TRUTHS[part.truth],
        "held": held,
        "clauses": [_clause(c) for c in part.clauses],
    }


def _clause(clause: Clause) -> dict[str, Any]:
    return {
        "text": clause.text,
        "truth": _TRUTHS[clause.truth],
        "inputs": [(name, number(now), number(before)) for name, now, before in clause.inputs],
        "history": [_TRUTHS[truth] for truth in clause.history],
    }


_TRUTHS_SAID: Final[dict[Truth, str]] = {True: "true", False: "false", None: "unknown"}


def number(value: float) -> str:
    """Return a number of any size in four digits or so.

    Examples
    --------
    >>> number(2.4834), number(0.000123), number(61_234.5), number(-1.0), number(float("nan"))
    ('2.483', '0.000123', '61,234.5', '−1', '–')
    """
    if not math.isfinite(value):
        return numbers.NONE
    text = f"{value:,.1f}" if abs(value) >= 10_000 else f"{value:.4g}"
    return text.replace("-", "−")
