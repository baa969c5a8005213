"""Why a rule says what it says at a bar: its inputs, the window before, and the truth of each clause; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livepairs.alerts.condition import Condition
from livepairs.alerts.rule import Rule

__all__ = ["WINDOW", "Clause", "Explanation", "Reason", "explain"]

WINDOW: Final = 12
"""Bars before and with the one explained that are taken apart, at least; a rule's ``for_bars`` if that is more."""

MOST_WINDOW: Final = 60
LOOK_BACK: Final = 1_000
"""Bars looked back at to say how long something has held."""

Columns = Mapping[str, NDArray[Any]]
Truth = bool | None
"""None where nobody can say: a number that is missing is neither above nor below."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison of a condition.

    Parameters
    ----------
    text
        As written.
    truth
        At the bar.
    held
        Bars in a row, the one explained included, for which it has been so; at most ``LOOK_BACK``.
    inputs
        Column, value at the bar, value at the bar before.
    history
        Its truth at each bar of the window, oldest first.
    """

    text: str
    truth: Truth
    held: int
    inputs: tuple[tuple[str, float, float], ...]
    history: tuple[Truth, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition with its clauses; the fields are those of ``Clause``."""

    text: str
    truth: Truth
    held: int
    history: tuple[Truth, ...]
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a rule fires, clears, or does neither.

    Parameters
    ----------
    for_bars
        For how many bars ``when`` must hold.
    when, clear
        The two conditions; ``clear`` is None where ``when`` decides alone.
    bars
        Rows of the window, oldest first.
    window
        Values of every column read, at these rows.
    """

    for_bars: int
    when: Reason
    clear: Reason | None
    bars: tuple[int, ...]
    window: Mapping[str, tuple[float, ...]]

    @property
    def is_met(self) -> bool:
        """Whether ``when`` has held long enough at the bar."""
        return self.when.truth is True and self.when.held >= self.for_bars


def explain(rule: Rule, columns: Columns, row: int) -> Explanation:
    """Return why a rule says what it says of one subject.

    Parameters
    ----------
    rule
        The rule.
    columns
        At least the columns it reads, one subject's rows in the order of time, ``(n_bars,)`` each. What comes after
        ``row`` is of no account.
    row
        The bar, from 0 to ``n_bars - 1``.

    Examples
    --------
    >>> rule = Rule(name="far", when="abs(z) >= 2 and corr > 0.5", for_bars=2)
    >>> said = explain(rule, {"z": np.array([1.0, 2.5, -3.0, 0.0]), "corr": np.array([0.9, 0.9, 0.8, 0.1])}, 2)
    >>> said.is_met, said.when.held, [(clause.text, clause.truth) for clause in said.when.clauses]
    (True, 2, [('abs(z) >= 2', True), ('corr > 0.5', True)])
    """
    window = min(MOST_WINDOW, max(WINDOW, rule.for_bars))
    # One row more than is looked at: what crosses is judged against the row before.
    first = max(0, row - max(LOOK_BACK, rule.for_bars))
    clears = rule.clears
    read = dict.fromkeys((*rule.fires.columns, *(clears.columns if clears else ())))
    rows = {name: columns[name][first : row + 1] for name in read}
    shown = min(window, row - first + 1)
    return Explanation(
        for_bars=rule.for_bars,
        when=_reason(rule.fires, rows, shown),
        clear=None if clears is None else _reason(clears, rows, shown),
        bars=tuple(range(row + 1 - shown, row + 1)),
        window={name: tuple(values[-shown:].astype(np.float64).tolist()) for name, values in rows.items()},
    )


def _reason(condition: Condition, rows: Columns, shown: int) -> Reason:
    truths = _truths(condition, rows)
    clauses = tuple(_clause(clause, rows, shown) for clause in condition.clauses())
    return Reason(condition.text, _said(truths[-1]), _held(truths), tuple(map(_said, truths[-shown:])), clauses)


def _clause(clause: Condition, rows: Columns, shown: int) -> Clause:
    truths = _truths(clause, rows)
    inputs = tuple(
        (name, float(values[-1]), float(values[-2]) if len(values) > 1 else float("nan"))
        for name in clause.columns
        for values in (rows[name],)
    )
    return Clause(clause.text, _said(truths[-1]), _held(truths), inputs, tuple(map(_said, truths[-shown:])))


def _truths(condition: Condition, rows: Columns) -> NDArray[np.int8]:
    """Return 1 where it is true, 0 where it is false, -1 where nobody can say."""
    true, known = condition.truths(rows)
    return np.where(true, 1, np.where(known, 0, -1)).astype(np.int8)


def _said(truth: np.int8) -> Truth:
    return None if truth < 0 else bool(truth)


def _held(truths: NDArray[np.int8]) -> int:
    other = np.flatnonzero(truths != truths[-1])
    return len(truths) - (int(other[-1]) + 1 if len(other) else 0)
