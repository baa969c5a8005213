"""The words of a condition: the columns it may read and the functions it may call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from livepairs.schema import FEED, PAIRS

__all__ = ["COLUMNS", "FEED_COLUMNS", "FLAGS", "FUNCTIONS", "LIGHT", "PAIR_COLUMNS", "PARITY", "Signature"]

LIGHT: Final = "health"
"""The pair's health light as a number: 0 good, 1 watch, 2 bad; NaN while it is not known."""

PARITY: Final = "parity_lost"
"""A check has found that a recording does not replay to what was live; of recordings, and of no bar."""

PAIR_COLUMNS: Final = tuple(name for name in PAIRS.names if name not in {"ts", "pair"})
FEED_COLUMNS: Final = tuple(name for name in FEED.names if name not in {"ts", "symbol"})
COLUMNS: Final = (*PAIR_COLUMNS, LIGHT, *FEED_COLUMNS, PARITY)

FLAGS: Final = frozenset(
    (PARITY, *(field.name for schema in (PAIRS, FEED) for field in schema if pa.types.is_boolean(field.type)))
)
"""Columns that are true or false, and conditions by themselves."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes (numbers, ``fewest`` to ``most``) and gives: a number, or a truth."""

    fewest: int
    most: int
    is_truth: bool
    meaning: str


FUNCTIONS: Final = {
    "abs": Signature(1, 1, False, "the size without its sign"),
    "min": Signature(2, 8, False, "the smallest; NaN if one of them is"),
    "max": Signature(2, 8, False, "the largest; NaN if one of them is"),
    "crosses": Signature(2, 2, True, "the first was on the other side of the second at the bar before"),
    "rises": Signature(2, 2, True, "the first was below the second at the bar before, and is not now"),
    "falls": Signature(2, 2, True, "the first was above the second at the bar before, and is not now"),
    "has_value": Signature(1, 1, True, "the number is not NaN"),
}
