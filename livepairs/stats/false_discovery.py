"""Multiple looks: of many pairs tested some look good by chance; q-values say what share of a list does."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import Floats, series

__all__ = ["q_values"]

METHODS: Final = {"bh": "fdr_bh", "by": "fdr_by"}


def q_values(p: ArrayLike, *, method: Literal["bh", "by"] = "bh") -> Floats:
    """Return for each p-value the expected share of false finds in the list that just takes it in.

    Parameters
    ----------
    p
        P-values of all tests made, ``(n,)``: not of the good ones only. NaN are tests that could not be made; they get
        NaN and do not count.
    method
        ``"bh"`` for tests that are independent or depend positively, ``"by"`` for any dependence, as pairs that share
        their legs have; it costs a factor of ``1 + 1/2 + ... + 1/n`` (12.31 for 124,750 pairs).

    Raises
    ------
    ConfigError
        If a value is not a probability or the method unknown.

    Notes
    -----
    ``q_(i) = min over j >= i of n p_(j) / j``: Benjamini and Hochberg, Journal of the Royal Statistical Society B 57
    (1995); Benjamini and Yekutieli, Annals of Statistics 29 (2001). Computed by
    ``statsmodels.stats.multitest.multipletests``. A batch form: every look changes all.

    Examples
    --------
    >>> q_values([0.01, 0.04, float("nan"), 0.5])
    array([0.03, 0.06,  nan, 0.5 ])
    """
    if method not in METHODS:
        raise ConfigError(f"method {method!r} is not known; use one of {', '.join(METHODS)}")
    values = series(p)
    known = ~np.isnan(values)
    if ((values[known] < 0.0) | (values[known] > 1.0)).any():
        raise ConfigError("a p-value is not between 0 and 1; hand in probabilities")
    found = np.full(len(values), np.nan)
    if known.any():
        from statsmodels.stats.multitest import multipletests

        found[known] = multipletests(values[known], method=METHODS[method])[1]
    return found
