"""Which pairs of a scan are shown, in which order, and how a row reads. Pure: arrays in, text out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livepairs.hub.finds import Finds
from livepairs.hub.scanreport import ScanReport
from livepairs.views import numbers

__all__ = ["ROWS", "Query", "Selection", "rows_of", "select"]

ROWS: Final = 64
"""Rows sent to the browser at once: what is in view and a screen to either side."""

POINTS: Final = 48
"""Points of a sparkline."""

REACH: Final = 4.0
"""A sparkline shows z from minus to plus this; its band of 2 is drawn by the browser."""

SORTS: Final = {"rank": "", "pair": "", "corr": "corr", "p": "coint_p", "q": "", "half_life": "half_life", "z": "z",
                "kept": ""}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a viewer wants to see.

    Parameters
    ----------
    sort, down
        A column of ``SORTS``, and whether the largest comes first.
    search
        Part of a symbol, or of both with a slash between them.
    measure
        Which q: ``q_bh`` or ``q_by``.
    p, q, half_life
        The largest shown; a half-life of None is any, also none.
    corr
        The smallest absolute correlation shown.
    first
        First row in view.
    """

    sort: str = "rank"
    down: bool = False
    search: str = ""
    measure: str = "q_bh"
    p: float = 1.0
    q: float = 1.0
    half_life: float | None = None
    corr: float = 0.0
    first: int = 0

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Query:  # whatever the browser sent
        """Read a query; what is not understood has its default."""
        default = cls()
        wanted: dict[str, Any] = {}  # of the fields' own types
        for field in fields(cls):
            value, plain = message.get(field.name), getattr(default, field.name)
            if isinstance(plain, bool | str):
                if isinstance(value, type(plain)):
                    wanted[field.name] = value
            elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                wanted[field.name] = max(0, int(value)) if field.name == "first" else float(value)
        query = cls(**wanted)
        is_known = query.sort in SORTS and query.measure in ("q_bh", "q_by")
        return query if is_known else cls()


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of a scan that a query wants, in its order, and how many each filter lets through by itself."""

    rows: NDArray[np.int64]
    counts: dict[str, int]


def select(report: ScanReport, query: Query) -> Selection:
    """Filter and sort.

    Parameters
    ----------
    report
        One with finds.
    query
        What is wanted.
    """
    finds = report.finds
    assert finds is not None
    values = finds.values
    half_life = values["half_life"]
    passing = {
        "p": values["coint_p"] <= query.p,
        "q": values[query.measure] <= query.q,
        "half_life": np.ones(len(finds), bool) if query.half_life is None else half_life <= query.half_life,
        "corr": (np.abs(values["corr"]) >= query.corr) if query.corr > 0.0 else np.ones(len(finds), bool),
    }
    wanted = _found(finds, query.search)
    for flags in passing.values():
        wanted &= flags
    rows = np.flatnonzero(wanted)
    counts = {name: int(np.count_nonzero(flags)) for name, flags in passing.items()}
    return Selection(rows[_order(report, query, rows)], counts)


def _found(finds: Finds, search: str) -> NDArray[np.bool_]:
    text = search.strip().upper()
    first, slash, second = (part.strip() for part in text.partition("/"))

    def has(part: str) -> NDArray[np.bool_]:
        return np.array([part in symbol.upper() for symbol in finds.symbols], bool)

    if slash:
        return has(first)[finds.y] & has(second)[finds.x]
    return has(first)[finds.y] | has(first)[finds.x]


def _order(report: ScanReport, query: Query, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order of the rows; ties stand by rank, and what has no number comes last either way."""
    finds = report.finds
    assert finds is not None
    if query.sort == "pair":
        place = np.argsort(np.argsort(np.array(finds.symbols)))
        key = (place[finds.y[rows]] * len(place) + place[finds.x[rows]]).astype(np.float64)
    elif query.sort == "kept":
        key = np.zeros(len(rows)) if report.passed is None else report.passed[rows].astype(np.float64)
    elif query.sort == "rank":
        key = rows.astype(np.float64)
    elif query.sort == "z":
        key = np.abs(finds.values["z"][rows])
    else:
        key = finds.values[SORTS[query.sort] or query.measure][rows]
    order: NDArray[np.int64] = np.argsort(-key if query.down else key, kind="stable")
    return order


def rows_of(report: ScanReport, query: Query, rows: NDArray[np.int64]) -> list[dict[str, str | float]]:
    """Return rows as the browser draws them.

    Parameters
    ----------
    rows
        Which, in order.
    """
    finds = report.finds
    assert finds is not None
    sparks = _sparks(finds.scores(rows))
    return [_row(report, finds, query, int(row), spark) for row, spark in zip(rows, sparks, strict=True)]


def _row(report: ScanReport, finds: Finds, query: Query, row: int, spark: str) -> dict[str, str | float]:
    values = {name: float(column[row]) for name, column in finds.values.items()}
    kept = None if report.passed is None else int(report.passed[row])
    z, half_life = values["z"], values["half_life"]
    return {
        "rank": numbers.count(row + 1),
        "pair": finds.name(row),
        "corr": numbers.fixed(values["corr"], 2, signed=True),
        "p": numbers.p_value(values["coint_p"]),
        "q": numbers.p_value(values[query.measure]),
        "half_life": numbers.NONE if np.isnan(half_life) else f"{half_life:,.1f} bars",
        "z": numbers.fixed(z, 2, signed=True),
        "z_state": "high" if z >= 2.0 else "low" if z <= -2.0 else "",
        "kept": numbers.NONE if kept is None else f"{kept}/{report.past}",
        "kept_share": 0.0 if kept is None or not report.past else 100.0 * kept / report.past,
        "spark": spark,
    }


def _sparks(scores: NDArray[np.float64]) -> list[str]:
    """Return each row of z as the points of a line in a box of 100 by 24."""
    bars = scores.shape[1]
    places = np.unique(np.linspace(0, bars - 1, min(bars, POINTS)).astype(np.int64))
    across = np.round(places * (100.0 / (bars - 1)), 1)
    down = np.round(12.0 - np.clip(np.nan_to_num(scores[:, places]), -REACH, REACH) * (12.0 / REACH), 1)
    return [" ".join(f"{x:g},{y:g}" for x, y in zip(across, line, strict=True)) for line in down]
