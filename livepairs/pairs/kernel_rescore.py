"""z over another window, from spreads that are known already: a sweep's windows without the rest of the arithmetic."""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence

from livepairs.pairs.kernel import IS_LOG, ROUNDING, SPREAD, score
from livepairs.stats.compiled import kernel
from livepairs.stats.elementary import log

__all__ = ["rescore"]


@kernel("f8[]", "i8[r]", "i8", "f8[r]", "f8[r]", "f8[r]", "f8[r]", "f8[]", releases_gil=True)
def rescore(
    state: MutableSequence[float],
    layout: Sequence[int],
    first_bar: int,
    y_close: Sequence[float],
    x_close: Sequence[float],
    beta: Sequence[float],
    spread: Sequence[float],
    out: MutableSequence[float],
) -> None:
    """Write the statistics of z anew for consecutive bars that begin with the first full hedge window.

    Parameters
    ----------
    state, layout
        Zeros, and a layout with the window wanted.
    first_bar
        Absolute number of the first bar given.
    y_close, x_close, beta, spread
        Columns of PAIRS, ``(n,)``.
    out
        Receives MEAN, STD and Z at their places among ``STATISTICS``, ``(len(STATISTICS) * n,)``; NaN before.
    """
    rows = len(spread)
    for row in range(rows):
        out[SPREAD * rows + row] = spread[row]
        y = y_close[row]
        x = x_close[row]
        if layout[IS_LOG] == 1:
            y = log(y)
            x = log(x)
        noise = ROUNDING * (math.fabs(y) + math.fabs(beta[row] * x))
        score(state, layout, first_bar + row, noise, out, row, rows)
