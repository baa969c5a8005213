"""Links from an event to the replay that shows it: recording, time, pair, windows and rules as they were. Pure."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from livepairs.errors import ConfigError
from livepairs.moment import Measures, Moment, to_query
from livepairs.schema import Pair, interval_us
from livepairs.stores.history_rows import HistoryRow, Origin

__all__ = ["HALF_LIVES", "UNKNOWN_BARS", "lead_us", "moment_link"]

HALF_LIVES: Final = 2.0
"""How much earlier than its alert a replay begins."""

UNKNOWN_BARS: Final = 60
"""Bars it begins earlier where the half-life is not known."""

MOST_BARS: Final = 600
"""Bars it begins earlier at most: nobody waits an hour for an alert."""


def lead_us(half_life: float, interval: str) -> int:
    """Return how much earlier a replay begins, from the half-life in bars at the alert; NaN where it is not known.

    Examples
    --------
    >>> lead_us(42.0, "1s"), lead_us(float("nan"), "1s"), lead_us(1e9, "1m")
    (84000000, 60000000, 36000000000)
    """
    bars = HALF_LIVES * half_life if math.isfinite(half_life) and half_life > 0 else UNKNOWN_BARS
    return math.ceil(min(bars, MOST_BARS)) * interval_us(interval)


def moment_link(row: HistoryRow, *, earlier_us: int = 0, plays: bool = False, page: str = "spread") -> str | None:
    """Return the address, relative to the pages, of the run at an event's moment.

    Parameters
    ----------
    row
        The event.
    earlier_us
        How much before the close of its bar the run begins.
    plays
        Whether it goes on from there by itself.
    page
        Which page shows it.

    Returns
    -------
    str or None
        None where no finished recording has the event.
    """
    origin = row.recorded
    if origin is None or not origin.digest:
        return None
    is_check = row.subject == origin.recording
    measures = _measures(origin)
    closed_us = row.ts_us + interval_us(origin.interval) + round((measures.grace_ms or 0.0) * 1000)
    moment = Moment(
        recording=origin.recording, digest=origin.digest, at_us=max(0, closed_us - earlier_us),
        pair=_pair(row.subject), measures=measures, plays=plays or None, rule=row.rule, rules=origin.rule_version,
        event="" if is_check else row.id,  # what a check has found no bar says again
    )  # fmt: skip
    return f"{page}?{to_query(moment)}"


def _pair(subject: str) -> Pair | None:
    try:
        return Pair.parse(subject)
    except ConfigError:
        return None  # a rule of symbols speaks of one of them


def _measures(origin: Origin) -> Measures:
    said: dict[str, Any] = json.loads(origin.params or "{}")
    grace_us = said.get("grace_us")
    return Measures(
        bars=origin.interval,
        price=said.get("price"),
        hedge=said.get("hedge_window"),
        z=said.get("z_window"),
        corr=said.get("corr_window"),
        lags=said.get("adf_lags"),
        method=said.get("hedge"),
        grace_ms=None if grace_us is None else grace_us / 1000,
        healed=said.get("healed") or None,
    )
