"""Conditions as a list of NumPy steps, in which what several conditions have in common is computed once.

A truth is two arrays, where it is true and where it is false; with a NaN it is neither. So NaN is never true, and under
``not`` neither; ``and`` and ``or`` are Kleene's: unknown and false is false. Only the array that is asked for is
computed. Conditions that differ in their numbers alone are one condition with a column of numbers, so that a thousand
of them are as many steps as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livepairs.alerts.nodes import (
    Arithmetic,
    Both,
    Call,
    Column,
    Comparison,
    Either,
    Flag,
    Literal,
    Node,
    Not,
    Test,
)

__all__ = ["Numbers", "Program"]

Values = Any
"""An array over rows, or one number that stands for all of them."""

Numbers = Mapping[int, tuple[float, ...]]

Apply = Callable[..., Values]


def _divide(left: Values, right: Values) -> Values:
    return np.where(np.equal(right, 0.0), np.nan, np.divide(left, right))


def _before(values: Values) -> Values:
    """Return the values one row earlier; NaN before the first."""
    moved = np.empty(np.shape(values))
    moved[..., :1, :] = np.nan
    moved[..., 1:, :] = values[..., :-1, :]
    return moved


def _differs(left: Values, right: Values) -> Values:
    # Not NumPy's !=, for which a NaN differs from everything.
    return np.less(left, right) | np.greater(left, right)


def _is_known(values: Values) -> Values:
    return np.equal(values, values)


_NUMBERS: Final[dict[str, Apply]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": _divide,
    "abs": np.abs,
    "negative": np.negative,
    "min": np.minimum,
    "max": np.maximum,
}

_COMPARED: Final[dict[str, Apply]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": _differs,
}

_CONTRARY: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
"""The comparison that is true where another is false, and not where there is a NaN."""


class Program:
    """Steps that compute some conditions over rows of columns; add the conditions, then run it as often as you like.

    Columns have a row a bar, the earlier first, and a column a subject. What a function knows of the bar before it
    takes from the row before, and knows nothing at the first.
    """

    def __init__(self) -> None:
        self._slots: dict[tuple[object, ...], int] = {}
        self._loads: dict[str, int] = {}
        self._constants: dict[int, Values] = {}
        self._fixed: set[int] = set()
        self._numbers: Numbers = {}
        self._steps: list[tuple[int, Apply, tuple[int, ...]]] = []
        self._wanted: list[int] = []

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the conditions read."""
        return tuple(self._loads)

    def add(self, node: Node, numbers: Numbers | None = None, *, is_false: bool = False) -> int:
        """Add a condition and return its place among the results of ``run``.

        Parameters
        ----------
        node
            The condition.
        numbers
            By the start of a literal the numbers that it stands for, one for each of several conditions; then the
            result may have one more axis, which is the first.
        is_false
            Compute where it is false, not where it is true.
        """
        self._numbers = numbers or {}
        self._wanted.append(self._truth(node, is_true=not is_false))
        return len(self._wanted) - 1

    def run(self, columns: Mapping[str, NDArray[Any]]) -> list[NDArray[np.bool_]]:
        """Compute all conditions.

        Parameters
        ----------
        columns
            Arrays ``(n_bars, n_subjects)``, at least those of ``columns``: floats for numbers; for flags booleans, or
            floats in which NaN is not known.
        """
        values: list[Values] = [None] * len(self._slots)
        for name, slot in self._loads.items():
            values[slot] = columns[name]
        for slot, constant in self._constants.items():
            values[slot] = constant
        with np.errstate(all="ignore"):
            for slot, apply, inputs in self._steps:
                values[slot] = apply(*(values[place] for place in inputs))
        return [values[slot] for slot in self._wanted]

    def _slot(self, apply: Apply, *inputs: int) -> int:
        key = (apply, *inputs)
        if key not in self._slots:
            self._slots[key] = len(self._slots)
            self._steps.append((self._slots[key], apply, inputs))
            if self._fixed.issuperset(inputs):
                self._fixed.add(self._slots[key])
        return self._slots[key]

    def _load(self, name: str) -> int:
        slot = self._loads[name] = self._slots.setdefault(("column", name), len(self._slots))
        return slot

    def _constant(self, values: tuple[float, ...]) -> int:
        slot = self._slots.setdefault(("literal", *values), len(self._slots))
        self._fixed.add(slot)
        self._constants[slot] = values[0] if len(set(values)) == 1 else np.array(values)[:, None, None]
        return slot

    def _number(self, node: Node) -> int:
        match node:
            case Literal(value=value, start=start):
                return self._constant(self._numbers.get(start, (value,)))
            case Column(name=name):
                return self._load(name)
            case Arithmetic(sign=sign, left=left, right=right):
                return self._slot(_NUMBERS[sign], self._number(left), self._number(right))
            case Call(name=name, inputs=(only,)):
                return self._slot(_NUMBERS[name], self._number(only))
            case Call(name=name, inputs=(first, *rest)):
                slot = self._number(first)
                for other in rest:
                    slot = self._slot(_NUMBERS[name], slot, self._number(other))
                return slot
            case _:
                raise TypeError(f"{node} is no number")

    def _truth(self, node: Node, *, is_true: bool) -> int:
        """Return the slot of where a condition is true, or of where it is false."""
        match node:
            case Comparison(sign=sign, left=left, right=right):
                return self._compared(sign, self._number(left), self._number(right), is_true=is_true)
            case Flag(name=name):
                return self._compared(">", self._load(name), self._constant((0.0,)), is_true=is_true)
            case Not(inner=inner):
                return self._truth(inner, is_true=not is_true)
            case Both(left=left, right=right):
                parts = self._truth(left, is_true=is_true), self._truth(right, is_true=is_true)
                return self._joined(*parts, is_both=is_true)
            case Either(left=left, right=right):
                parts = self._truth(left, is_true=is_true), self._truth(right, is_true=is_true)
                return self._joined(*parts, is_both=not is_true)
            case Test(name=name, inputs=inputs):
                return self._test(name, [self._number(item) for item in inputs], is_true=is_true)
            case _:
                raise TypeError(f"{node} is no condition")

    def _compared(self, sign: str, left: int, right: int, *, is_true: bool) -> int:
        return self._slot(_COMPARED[sign if is_true else _CONTRARY[sign]], left, right)

    def _joined(self, left: int, right: int, *, is_both: bool) -> int:
        return self._slot(np.logical_and if is_both else np.logical_or, left, right)

    def _test(self, name: str, inputs: list[int], *, is_true: bool) -> int:
        if name == "has_value":
            known = self._slot(_is_known, inputs[0])
            return known if is_true else self._slot(np.logical_not, known)
        if name == "crosses":
            ways = [self._test(way, inputs, is_true=is_true) for way in ("rises", "falls")]
            return self._joined(*ways, is_both=not is_true)
        now, then = (">=", "<") if name == "rises" else ("<=", ">")
        # What reads no column is the same at every bar.
        earlier = [slot if slot in self._fixed else self._slot(_before, slot) for slot in inputs]
        is_there = self._compared(now, inputs[0], inputs[1], is_true=is_true)
        was_not = self._compared(then, earlier[0], earlier[1], is_true=is_true)
        return self._joined(is_there, was_not, is_both=is_true)
