"""Standings as Markdown and as JSON."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from statistics import median
from typing import Any

from benchmarks.arena import Standing
from benchmarks.contest import PEAK_MB, Contest, Goal
from benchmarks.pace import pace

__all__ = ["as_json", "heading", "markdown"]

PACKAGES = ("livepairs", "numpy", "numba", "pyarrow", "pandas", "polars", "duckdb", "statsmodels")


def heading(trades: int, rounds: int) -> str:
    """Return what the figures depend on: machine, load, pace and versions."""
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{trades:,} trades, {rounds} rounds in turn, {os.cpu_count()} cores{load}; "
        f"Python {platform.python_version()}, {packages}.\n"
        f"{pace()}\n"
        "Medians; compare within this run only."
    )


def markdown(contest: Contest, standings: list[Standing]) -> str:
    """Return a contest as a heading, a table and its goals."""
    names = list(dict.fromkeys(name for standing in standings for name in standing.figures))
    titles = ["", contest.unit, "lowest - highest", "ours is", "CPU s", PEAK_MB, *names]
    lines = [f"## {contest.title}", "", _row(titles), _row(["---", *["---:"] * (len(titles) - 1)])]
    for standing in standings:
        figures = [_number(median(standing.figures[name])) if name in standing.figures else "" for name in names]
        lines.append(
            _row(
                [
                    standing.name,
                    _number(median(standing.values)),
                    f"{_number(min(standing.values))} - {_number(max(standing.values))}",
                    _ratio(contest, standings[0], standing),
                    _number(median(standing.cpu_seconds)),
                    f"{standing.peak_mb:.0f}",
                    *figures,
                ]
            )
        )
    goals = [_goal(contest, goal, standings) for goal in contest.goals]
    notes = [contest.notes] if contest.notes else []
    return "\n".join([*lines, "", *notes, *(goal["text"] for goal in goals)]) + "\n"


def as_json(contest: Contest, standings: list[Standing]) -> dict[str, Any]:
    """Return a contest with every single value measured."""
    return {
        "title": contest.title,
        "unit": contest.unit,
        "contenders": [
            {
                "name": standing.name,
                "values": standing.values,
                "cpu_seconds": standing.cpu_seconds,
                "peak_mb": standing.peak_mb,
                "figures": standing.figures,
            }
            for standing in standings
        ],
        "goals": [_goal(contest, goal, standings) for goal in contest.goals],
    }


def _goal(contest: Contest, goal: Goal, standings: list[Standing]) -> dict[str, Any]:
    reached = standings[0].figure(goal.figure, contest.unit)
    if isinstance(goal.limit, str):
        (peer,) = (standing for standing in standings if standing.name == goal.limit)
        limit, of = peer.figure(goal.figure, contest.unit), f" of {goal.limit}"
    else:
        limit, of = goal.limit, ""
    is_met = reached < limit if goal.relation == "<" else reached > limit
    verdict = "met" if is_met else "NOT MET"
    text = f"- goal {goal.figure} {goal.relation} {_number(limit)}{of}: {_number(reached)}, {verdict}"
    return {"figure": goal.figure, "reached": reached, "limit": limit, "is_met": is_met, "text": text}


def _ratio(contest: Contest, ours: Standing, peer: Standing) -> str:
    if peer is ours:
        return ""
    ratio = median(ours.values) / median(peer.values)
    if not contest.is_higher_better:
        ratio = 1 / ratio
    return f"{_number(ratio)}x"


def _number(value: float) -> str:
    """Return a number with three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
