"""Q-values of a quarter of a million pairs, both kinds from one sort.

The same numbers to the bit as ``livepairs.stats.q_values`` (statsmodels), which sorts anew for each kind and brings
statsmodels; a live scan does this at every bar.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["discovery_rates"]

Floats = NDArray[np.float64]


def discovery_rates(p: Floats) -> tuple[Floats, Floats]:
    """Return the q-values after Benjamini and Hochberg and after Benjamini and Yekutieli.

    Parameters
    ----------
    p
        P-values of all tests made, ``(n,)``, none of them NaN.

    Examples
    --------
    >>> bh, by = discovery_rates(np.array([0.01, 0.04, 0.5]))
    >>> bh.round(4).tolist()
    [0.03, 0.06, 0.5]
    >>> by.round(4).tolist()
    [0.055, 0.11, 0.9167]
    """
    count = len(p)
    if count == 0:
        return p.copy(), p.copy()
    order = np.argsort(p)
    ranked = p[order]
    share = np.arange(1, count + 1) / count
    harmonic = np.sum(1.0 / np.arange(1, count + 1))
    return _corrected(ranked / share, order), _corrected(ranked / (share / harmonic), order)


def _corrected(raw: Floats, order: NDArray[np.intp]) -> Floats:
    """Return the least of each value and all after it, at most one, in the order of the tests."""
    least = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    found = np.empty_like(least)
    found[order] = least
    return found
