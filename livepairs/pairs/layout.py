"""Where each part of a pair's state stands in its flat array; the kernel reads these places from an integer array."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from livepairs.pairs.hedge import OLS
from livepairs.stats.ew_ols import FADE_SLOTS
from livepairs.stats.kalman_hedge import FILTER_SLOTS
from livepairs.stats.sliding import moments_size, slider_size

__all__ = ["Layout", "make_layout"]

BESIDE_SLOTS: Final = max(FADE_SLOTS, FILTER_SLOTS)


class Layout:
    """Places in the layout array."""

    HEDGE_WINDOW: Final = 0
    Z_WINDOW: Final = 1
    CORR_WINDOW: Final = 2
    LAGS: Final = 3
    IS_LOG: Final = 4
    Y_RING: Final = 5
    X_RING: Final = 6
    RESIDUALS: Final = 7
    LEVELS: Final = 8
    REGRESSION: Final = 9
    SPREAD: Final = 10
    CHANGES: Final = 11
    VECTOR: Final = 12
    MOMENTS: Final = 13
    """Result of the levels slider; the others' results follow."""
    REGRESSION_MOMENTS: Final = 14
    OTHER_MOMENTS: Final = 15
    PRODUCTS: Final = 16
    SETTINGS: Final = 17
    """Of the hedge method, two numbers."""
    BESIDE: Final = 18
    """What the hedge method keeps while it goes through a window."""
    SIZE: Final = 19
    METHOD: Final = 20
    """Of the hedge ratio, a place in ``hedge.METHODS``; the one number after the places."""


def make_layout(
    hedge_window: int, z_window: int, corr_window: int, *, lags: int, is_log: bool, method: int = OLS
) -> NDArray[np.int64]:
    """Return the layout array; ``SIZE`` is the length of the state."""
    wide = 4 + 2 * lags
    sizes = (
        1,  # bars seen
        hedge_window,
        hedge_window,
        hedge_window,
        slider_size(2, hedge_window),
        slider_size(wide, hedge_window - 1 - lags),
        slider_size(1, z_window),
        slider_size(2, corr_window),
        wide,
        moments_size(2),
        moments_size(wide),
        moments_size(2),
        (lags + 2) ** 2,
        2,
        BESIDE_SLOTS,
    )
    places = np.cumsum(sizes)
    return np.array([hedge_window, z_window, corr_window, lags, int(is_log), *places, method], dtype=np.int64)
