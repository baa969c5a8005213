"""What is asked of a scan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from livepairs.errors import ConfigError

__all__ = ["LEAST_BARS", "ScanParams"]

LEAST_BARS: Final = 30
"""With fewer bars the largest regression of the AIC search has hardly a row to spare."""

PRICES: Final = ("log", "level")


@dataclass(frozen=True, slots=True)
class ScanParams:
    """What is asked of a scan.

    Parameters
    ----------
    price
        ``"log"`` (default) or ``"level"``: what is regressed on what.
    window
        The last so many bars; None takes all there are.
    lags
        Lags of the cointegration test; None lets the AIC choose for each pair, up to 12 (bars / 100)^(1/4).
    fdr
        Share of false finds accepted among the pairs that pass.

    Raises
    ------
    ConfigError
        If a value is out of range.
    """

    price: str = "log"
    window: int | None = None
    lags: int | None = None
    fdr: float = 0.05

    def __post_init__(self) -> None:
        if self.price not in PRICES:
            raise ConfigError(f"price {self.price!r} is not known; use one of {', '.join(PRICES)}")
        if self.window is not None and self.window < LEAST_BARS:
            raise ConfigError(f"window of {self.window} bars is too short; use {LEAST_BARS} or more")
        if self.lags is not None and self.lags < 0:
            raise ConfigError(f"lags {self.lags} are out of range; use 0 or more, or aic")
        if not 0.0 < self.fdr < 1.0:
            raise ConfigError(f"fdr of {self.fdr} is out of range; use a share between 0 and 1, such as 0.05")

    def most_lags(self, bars: int) -> int:
        """Return the largest lag that is tried on so many bars: the rule of Schwert (1989), as in statsmodels.

        Raises
        ------
        ConfigError
            If there are too few bars for the lags asked for.

        Examples
        --------
        >>> ScanParams().most_lags(1440)
        24
        >>> ScanParams(lags=1).most_lags(1440)
        1
        """
        if bars < LEAST_BARS:
            raise ConfigError(f"{bars} bars are too few to scan; give {LEAST_BARS} or more")
        if self.lags is None:
            return min(bars // 2 - 1, math.ceil(12.0 * math.sqrt(math.sqrt(bars / 100.0))))
        if self.lags > bars // 2 - 3:
            raise ConfigError(f"{self.lags} lags are too many for {bars} bars; use at most {bars // 2 - 3}")
        return self.lags
