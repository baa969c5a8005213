"""What rules would have done over rows that are known: how often they fired, in storms or not, and what came of it.

Pure. The rows go through the very machine that watches a live run, so what is rehearsed is what would have fired, on
the same bars and with the same values; ``aftermath`` then says what the spread did next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livepairs.alerts.aftermath import Aftermath

__all__ = ["STORM_ALERTS", "STORM_BARS", "Rehearsal", "in_storm", "rehearsal_of"]

STORM_ALERTS: Final = 3
"""Alerts of one rule, whatever the pair, that make a storm ..."""

STORM_BARS: Final = 60
"""... when they fire within so many bars."""

DAY_US: Final = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a rule would have done.

    Parameters
    ----------
    fired, cleared
        How often.
    days
        Length of what was rehearsed, in days of 24 hours.
    storm
        How many of the fired were in a storm.
    judged
        How many of them can be judged: a half-life was known, and two of them were over before the rows end.
    back
        How many of the judged came back within two half-lives.
    bars_median
        Median of the bars that took; None where none came back.
    pain_sigma_median, pain_sigma_worst
        How much farther the spread went first, in its deviations when the alert fired; None where none is judged.
    pain_bps_median, pain_bps_worst
        The same as a loss in basis points of the gross notional, the costs of getting in and out included.
    """

    fired: int
    cleared: int
    days: float
    storm: int
    judged: int
    back: int
    bars_median: float | None
    pain_sigma_median: float | None
    pain_sigma_worst: float | None
    pain_bps_median: float | None
    pain_bps_worst: float | None

    @property
    def per_day(self) -> float:
        """Alerts a day; 0 for no time at all."""
        return self.fired / self.days if self.days > 0 else 0.0

    @property
    def storm_share(self) -> float | None:
        """Share of the fired that were in a storm; None where none fired."""
        return self.storm / self.fired if self.fired else None

    @property
    def back_share(self) -> float | None:
        """Share of the judged that came back in time; None where none is judged."""
        return self.back / self.judged if self.judged else None

    def as_dict(self) -> dict[str, Any]:
        """Return every figure by name, the shares included, fit for JSON."""
        shares = {"per_day": self.per_day, "storm_share": self.storm_share, "back_share": self.back_share}
        return asdict(self) | shares


def rehearsal_of(
    storms: Sequence[NDArray[np.bool_]], came: Aftermath, *, cleared: int, span_us: int, costs_bps: float
) -> Rehearsal:
    """Sum up what was seen over one or several recordings.

    Parameters
    ----------
    storms
        ``in_storm`` of each recording.
    came
        What came of every alert of all of them; no more and no fewer than in ``storms``.
    cleared
        How often the rule cleared.
    span_us
        Time the recordings cover together, in microseconds.
    costs_bps
        What getting in and out costs, in basis points of the gross notional.
    """
    judged = came.is_judged
    sigma, bps, bars = came.pain_sigma[judged], came.pain_bps[judged] + costs_bps, came.bars[came.is_back]
    return Rehearsal(
        fired=len(judged),
        cleared=cleared,
        days=span_us / DAY_US,
        storm=sum(int(part.sum()) for part in storms),
        judged=int(judged.sum()),
        back=int(came.is_back.sum()),
        bars_median=_median(bars),
        pain_sigma_median=_median(sigma),
        pain_sigma_worst=float(sigma.max()) if len(sigma) else None,
        pain_bps_median=_median(bps),
        pain_bps_worst=float(bps.max()) if len(bps) else None,
    )


def in_storm(times_us: NDArray[np.int64], *, interval_us: int) -> NDArray[np.bool_]:
    """Say of each alert of a rule whether it was one of ``STORM_ALERTS`` or more within ``STORM_BARS`` bars.

    Parameters
    ----------
    times_us
        Bars at which it fired, whatever the pair, ``(n_fired,)``, in their order.
    interval_us
        Length of a bar.

    Examples
    --------
    >>> second = 1_000_000
    >>> in_storm(np.array([0, 300, 310, 340, 500]) * second, interval_us=second).tolist()
    [False, True, True, True, False]
    """
    storm = np.zeros(len(times_us), np.bool_)
    reach = STORM_ALERTS - 1
    if len(times_us) <= reach:
        return storm
    is_first = times_us[reach:] - times_us[:-reach] < STORM_BARS * interval_us
    for step in range(STORM_ALERTS):
        storm[step : step + len(is_first)] |= is_first
    return storm


def _median(values: NDArray[np.float64]) -> float | None:
    return float(np.median(values)) if len(values) else None
