"""The parameter sets of a sweep: levels and windows, every combination that makes sense."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import inf, isfinite
from typing import Final

import numpy as np

from livepairs.backtest.rows import Floats
from livepairs.errors import ConfigError

__all__ = ["Grid", "parse_values"]

MOST_VALUES: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Values to try of each parameter.

    Combinations whose exit is not below the entry, or whose stop is not above it, are left out: they are no rules.

    Parameters
    ----------
    entry, exit, stop
        Levels of z as in ``BacktestParams``; None is no stop.
    z_window, hedge_window
        Windows in bars as in ``PairParams``.

    Raises
    ------
    ConfigError
        If a parameter has no value, a level is out of range, or no combination is left.
    """

    entry: tuple[float, ...] = (2.0,)
    exit: tuple[float, ...] = (0.5,)
    stop: tuple[float | None, ...] = (4.0,)
    z_window: tuple[int, ...] = (300,)
    hedge_window: tuple[int, ...] = (300,)

    def __post_init__(self) -> None:
        for name in ("entry", "exit", "stop", "z_window", "hedge_window"):
            if not getattr(self, name):
                raise ConfigError(f"{name} has no value to try; give at least one")
        for level in (*self.entry, *self.exit):
            if not isfinite(level) or level < 0.0:
                raise ConfigError(f"level {level!r} is out of range; use numbers of at least 0")
        if not len(self.levels):
            raise ConfigError("no combination is left; entries must be above exits and below stops")

    @property
    def levels(self) -> Floats:
        """Entry, exit and stop of each combination, ``(m, 3)``; no stop is infinity."""
        stops = (inf if stop is None else stop for stop in self.stop)
        made = [row for row in product(self.entry, self.exit, stops) if row[1] < row[0] < row[2]]
        return np.array(made, dtype=np.float64).reshape(-1, 3)

    def __len__(self) -> int:
        return len(self.levels) * len(self.z_window) * len(self.hedge_window)


def parse_values(text: str) -> tuple[float | None, ...]:
    """Read ``"1:3:0.25"`` (first, last and step; the last is among them) or ``"1,2.5,none"``.

    Raises
    ------
    ConfigError
        If it is neither.

    Examples
    --------
    >>> parse_values("1:2:0.5")
    (1.0, 1.5, 2.0)
    >>> parse_values("3,none")
    (3.0, None)
    """
    try:
        if ":" not in text:
            return tuple(None if part.strip() == "none" else float(part) for part in text.split(","))
        first, last, step = (float(part) for part in text.split(":"))
        count = (last - first) / step
        if not 0 <= count < MOST_VALUES:
            raise ValueError
    except (ValueError, ZeroDivisionError):
        raise ConfigError(f"values {text!r} cannot be read; write 1:3:0.25 (first:last:step) or 1,2.5,4") from None
    # Rounded, so that 1:3:0.1 has 1.3 and not 1.3000000000000003, which no one could ask for by name again.
    return tuple(round(first + step * i, 10) for i in range(int(count + 1e-9) + 1))
