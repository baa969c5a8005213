"""A condition over columns: compiled once, evaluated over rows, and taken apart to be explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livepairs.alerts.mistake import RuleError
from livepairs.alerts.nodes import Both, Column, Either, Flag, Literal, Node, Not
from livepairs.alerts.parser import parse
from livepairs.alerts.program import Program

__all__ = ["Condition", "Number", "compile_condition"]

REMEMBERED: Final = 20_000
"""Compiled conditions kept: a file of thousands of rules that changes by one is not compiled anew."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number literal of a condition: its value, and its characters in the text."""

    value: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, or one clause of it.

    Parameters
    ----------
    text
        As written.
    node
        What it says.
    """

    text: str
    node: Node

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads, in the order of the text, each once."""
        return tuple(dict.fromkeys(node.name for node in _walk(self.node) if isinstance(node, Column | Flag)))

    @property
    def shape(self) -> tuple[object, ...]:
        """What conditions have in common that differ in their numbers alone."""
        return tuple(_outline(self.node))

    @property
    def numbers(self) -> tuple[Number, ...]:
        """The number literals, in the order of the text, without their signs."""
        found = (node for node in _walk(self.node) if isinstance(node, Literal))
        return tuple(Number(node.value, node.start, node.end) for node in found)

    def clauses(self) -> tuple[Condition, ...]:
        """Return the parts that ``and``, ``or`` and ``not`` join, in the order of the text; a lone one is the whole."""
        return tuple(Condition(self.text[node.start : node.end], node) for node in _leaves(self.node))

    def evaluate(self, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
        """Return where it is true; NaN is never true, under ``not`` neither.

        Parameters
        ----------
        columns
            Arrays of one shape, a row a bar in the order of time: floats for numbers; for flags booleans, or floats in
            which NaN is not known. What crosses is judged against the row before: give one row more than you ask for.
        """
        return self.truths(columns)[0]

    def truths(self, columns: Mapping[str, NDArray[Any]]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return where it is true, and where it is false; with a NaN it may be neither."""
        program = Program()
        program.add(self.node)
        program.add(self.node, is_false=True)
        shape = np.shape(columns[self.columns[0]])
        rows = {name: np.reshape(columns[name], (shape[0], -1)) for name in self.columns}
        true, false = (np.reshape(found, shape) for found in program.run(rows))
        return true, false


@lru_cache(maxsize=REMEMBERED)
def compile_condition(text: str) -> Condition:
    """Return the condition that a text says.

    Raises
    ------
    RuleError
        With the place, if it cannot be understood or reads no column.

    Examples
    --------
    >>> import numpy as np
    >>> compile_condition("abs(z) >= 2").evaluate({"z": np.array([1.0, -2.5, float("nan")])})
    array([False,  True, False])
    """
    condition = Condition(text, parse(text))
    if not condition.columns:
        raise RuleError("the condition reads no column, so it never changes; compare one, as in abs(z) >= 2")
    return condition


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for field in fields(node):
        value = getattr(node, field.name)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, Node):
                yield from _walk(inner)


def _outline(node: Node) -> Iterator[object]:
    """Yield what tells the kind of each node, and how many it has below."""
    for inner in _walk(node):
        if not isinstance(inner, Literal):
            yield from (getattr(inner, name, None) for name in ("name", "sign"))
        yield type(inner), len(getattr(inner, "inputs", ()))


def _leaves(node: Node) -> Iterator[Node]:
    match node:
        case Both(left=left, right=right) | Either(left=left, right=right):
            yield from _leaves(left)
            yield from _leaves(right)
        case Not(inner=inner):
            yield from _leaves(inner)
        case _:
            yield node
