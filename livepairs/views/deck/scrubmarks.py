"""What lies on the scrub bar of a replay: gaps, alerts and markers, each where it is in the recording."""

from __future__ import annotations

from livepairs.hub import Run
from livepairs.schema import Marker
from livepairs.views import numbers

__all__ = ["Mark", "marks_of"]

Mark = tuple[str, float, float, str, float]
"""Kind, left and width in per cent, what it is, and the moment in milliseconds that a press goes to."""

_MOST_GAPS = 200
_ALERT_PLACES = 400
"""Places on the bar that tell one alert from the next: more could not be seen."""


def marks_of(run: Run, markers: tuple[Marker, ...]) -> list[Mark]:
    """Return what lies on the bar, in the order in which it is drawn."""
    if run.recording is None:
        return []
    first_us, whole_us = run.recording.start_us, max(1, run.recording.end_us - run.recording.start_us)

    def share(time_us: int) -> float:
        return round(100 * min(1.0, max(0.0, (time_us - first_us) / whole_us)), 3)

    longest = sorted(run.gaps, key=lambda gap: gap.start_us - gap.end_us)[:_MOST_GAPS]
    gaps: list[Mark] = [
        ("healed" if gap.is_healed else "gap", share(gap.start_us), round(share(gap.end_us) - share(gap.start_us), 3),
         f"Gap of {gap.symbol or 'all symbols'} at {numbers.day_clock(gap.start_us)}: {gap.cause or 'no trades'}",
         gap.start_us / 1000)
        for gap in longest
    ]  # fmt: skip
    places: dict[int, int] = {}
    for time_us in run.landmarks.alerts_us():
        places.setdefault(int(share(time_us) * _ALERT_PLACES / 100), time_us)
    alerts: list[Mark] = [
        ("alert", share(time_us), 0.0, f"Alert at {numbers.day_clock(time_us)}", time_us / 1000)
        for time_us in places.values()
    ]
    moments: list[Mark] = [
        ("moment", share(mark.ts_us), 0.0,
         f"{mark.label}, {numbers.day_clock(mark.ts_us)}: {mark.note}".rstrip(": "), mark.ts_us / 1000)
        for mark in markers
    ]  # fmt: skip
    return [*gaps, *alerts, *moments]
