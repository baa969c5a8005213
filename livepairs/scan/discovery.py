"""Q-values of a quarter of a million pairs, both kinds from one sort.

The same numbers to the bit as ``livepairs.stats.q_values`` (statsmodels), which sorts anew for each kind and brings
statsmodels; a live scan does this at every bar.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["discovered", "discovery_rates", "ranked_rates"]

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
    order = np.argsort(p)
    found = np.empty_like(p), np.empty_like(p)
    for q, ranked in zip(found, ranked_rates(p[order]), strict=True):
        q[order] = ranked
    return found


def ranked_rates(ranked: Floats) -> tuple[Floats, Floats]:
    """Return both q-values of tests whose p-values are in order, the smallest first.

    Examples
    --------
    >>> ranked_rates(np.array([0.01, 0.04]))[0].tolist()
    [0.02, 0.04]
    """
    count = len(ranked)
    if count == 0:
        return ranked.copy(), ranked.copy()
    share = np.arange(1, count + 1) / count
    harmonic = np.sum(1.0 / np.arange(1, count + 1))
    return _corrected(ranked / share), _corrected(ranked / (share / harmonic))


def _corrected(raw: Floats) -> Floats:
    """Return the least of each value and all after it, at most one."""
    least: Floats = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return least


def discovered(p: Floats, fdr: float) -> NDArray[np.bool_]:
    """Return which tests have a q-value after Benjamini and Hochberg below ``fdr``; only the small p are sorted.

    Examples
    --------
    >>> discovered(np.array([0.01, 0.04, 0.5]), 0.05).tolist()
    [True, False, False]
    """
    ranked = np.sort(p[p < fdr])
    passing = ranked[ranked / (np.arange(1, len(ranked) + 1) / len(p)) < fdr]
    found: NDArray[np.bool_] = p <= (passing[-1] if len(passing) else -1.0)
    return found
