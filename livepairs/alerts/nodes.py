"""What a condition is made of, once it is parsed: numbers that are computed and truths that are judged."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "Arithmetic",
    "Both",
    "Call",
    "Column",
    "Comparison",
    "Either",
    "Flag",
    "Literal",
    "Node",
    "Not",
    "Test",
    "is_truth",
]


@dataclass(frozen=True, slots=True)
class Node:
    """``start`` and ``end`` are its characters in the condition's text; equal nodes may stand at different places."""

    start: int = field(compare=False)
    end: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number as written."""

    value: float


@dataclass(frozen=True, slots=True)
class Column(Node):
    """A column of numbers."""

    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``abs``, ``min``, ``max`` or ``negative`` of numbers."""

    name: str
    inputs: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """``left`` and ``right`` joined by ``+``, ``-``, ``*`` or ``/``."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """Two numbers compared."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Flag(Node):
    """A column that is true or false by itself."""

    name: str


@dataclass(frozen=True, slots=True)
class Test(Node):
    """``crosses``, ``rises``, ``falls`` or ``has_value`` of numbers."""

    name: str
    inputs: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """True where the inner one is false."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Both(Node):
    """``left and right``."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Either(Node):
    """``left or right``."""

    left: Node
    right: Node


def is_truth(node: Node) -> bool:
    """Return whether a node is true or false, rather than a number."""
    return isinstance(node, Comparison | Flag | Test | Not | Both | Either)
