"""What a benchmark is made of; a file in ``cases`` has one ``CONTEST`` and is found there without being listed."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Literal

import pyarrow as pa

from benchmarks import cases

__all__ = ["AbsentError", "Contender", "Contest", "Goal", "Outcome", "Scale", "find_contests"]

PEAK_MB = "peak MB"


class AbsentError(Exception):
    """Raised by a side that cannot run here, with what is missing; the others run without it."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a run is: trades in the recording of a day, and where that recording is (made once, for all)."""

    trades: int
    recording: str
    is_quick: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one turn gave: the value in the contest's unit, further figures by name, and rows to be compared."""

    value: float
    figures: dict[str, float] = field(default_factory=dict)
    rows: pa.Table | None = None


@dataclass(frozen=True, slots=True)
class Contender:
    """One side. ``prepare`` runs once in its process and returns what is then run at each turn.

    ``turns`` limits how often it is run: once is enough for a side that is a thousand times slower.
    """

    name: str
    prepare: Callable[[Scale], Callable[[], Outcome]]
    turns: int | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """What the first contender is to reach in a figure: the contest's unit, ``PEAK_MB`` or one of its own.

    ``limit`` is a number, or the name of the contender whose median it must beat.
    """

    figure: str
    relation: Literal["<", ">"]
    limit: float | str


@dataclass(frozen=True, slots=True)
class Contest:
    """A benchmark: ours first, then its peers; ``check`` compares the rows they gave before anything is timed."""

    title: str
    unit: str
    contenders: Sequence[Contender]
    is_higher_better: bool = True
    check: Callable[[dict[str, pa.Table]], None] | None = None
    goals: Sequence[Goal] = ()
    is_huge: bool = False
    notes: str = ""


def find_contests() -> dict[str, Contest]:
    """Return the contests by the name of their file."""
    names = sorted(module.name for module in pkgutil.iter_modules(cases.__path__))
    return {name: import_module(f"benchmarks.cases.{name}").CONTEST for name in names}


def trades_glob(scale: Scale, symbol: str = "*") -> str:
    """Return the pattern of the recording's trade files, of one symbol or of all."""
    return str(Path(scale.recording, "trades", f"symbol={symbol}", "*.parquet"))
