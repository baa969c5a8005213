"""Walk-forward: choose on the past, trade the choice on what follows, move on; each trades from flat to flat."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from livepairs.backtest.result import columns_of
from livepairs.errors import ConfigError
from livepairs.schema import TIME

__all__ = ["FOLDS", "Fold", "folds_of"]

FOLDS = columns_of(
    train_start=TIME,
    train_end=TIME,
    test_start=TIME,
    test_end=TIME,
    hedge_window=pa.int64(),
    z_window=pa.int64(),
    entry=pa.float64(),
    exit=pa.float64(),
    stop=pa.float64(),
    train_sharpe=pa.float64(),
    test_return=pa.float64(),
    test_trades=pa.int64(),
).set(8, pa.field("stop", pa.float64()))
"""One row a fold: what was chosen on the training bars, and what it made on the test bars, both ends exclusive."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Bars trained on and bars tested on, ends exclusive."""

    train_start: int
    train_end: int
    test_start: int
    test_end: int


def folds_of(first: int, end: int, *, folds: int, purge: int, embargo: int) -> list[Fold]:
    """Return the folds: the bars are cut into ``folds + 1`` parts, and each but the first is tested in turn.

    Parameters
    ----------
    first, end
        Bars to use; training always begins at the first.
    folds
        How many to make.
    purge
        Bars before each test that are not trained on.
    embargo
        Bars at the beginning of each test that are left out of it too, so that what the choice was made on and what
        it is judged by are that much further apart.

    Raises
    ------
    ConfigError
        If there are too few bars.
    """
    cuts = first + (end - first) * np.arange(folds + 2) // (folds + 1)
    shortest = int(np.diff(cuts).min())
    if folds < 1 or purge < 0 or embargo < 0 or shortest <= max(purge, embargo) + 2:
        raise ConfigError(
            f"{folds} folds of {end - first:,} usable bars with a purge of {purge} and an embargo of {embargo} bars "
            "leave nothing to train or test on; use fewer folds, shorter gaps or a longer recording"
        )
    return [Fold(first, int(a) - purge, int(a) + embargo, int(b)) for a, b in pairwise(cuts[1:])]
