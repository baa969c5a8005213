"""What a viewer costs the server: sessions that speak Bokeh's protocol, all watching one replay at the pace of life."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale
from benchmarks.house import Load, measure, served

VIEWERS, QUICK_VIEWERS = 50, 4
SECONDS, QUICK_SECONDS = 30.0, 3.0
HZ = "4"
UNIT = "% of a core a viewer, at 4 updates/s"
CPU, RATE, MEMORY, LATE = "ms CPU a message", "messages/s", "MB a viewer", "ms late, p95"
ONE_RUN = "?run=benchmark-viewers"

OURS = ["-m", "livepairs", "serve", "recordings/demo", "--port", "0"]
OUR_SETTINGS = {
    "LIVEPAIRS_SPEED": "1",
    "LIVEPAIRS_PUBLISH_HZ": HZ,
    "LIVEPAIRS_MAX_SESSIONS": "1000",
    "LIVEPAIRS_OPENS_PER_MINUTE": "100000",
    "LIVEPAIRS_DATABASE_URL": "sqlite://",
}


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many watch, for how many seconds they are measured, and how often they are told."""

    viewers: int = VIEWERS
    seconds: float = SECONDS
    hz: str = HZ

    def at(self, scale: Scale) -> Crowd:
        """Return it at its size, or a few for a moment."""
        return Crowd(QUICK_VIEWERS, QUICK_SECONDS, self.hz) if scale.is_quick else self


def market(scale: Scale) -> Callable[[], Outcome]:
    """The market page."""
    return lambda: visited(OURS, f"market{ONE_RUN}", Crowd().at(scale))


def spread(scale: Scale) -> Callable[[], Outcome]:
    """The spread page; its bars are another source, so it is not timed."""
    return lambda: visited(OURS, f"spread{ONE_RUN}", Crowd().at(scale))


def raw(scale: Scale) -> Callable[[], Outcome]:
    """Four figures by plain Bokeh."""
    return lambda: visited(["-m", "benchmarks.rawbokeh", HZ], "market", Crowd().at(scale), is_joined=False)


def visited(command: list[str], page: str, crowd: Crowd, *, is_joined: bool = True) -> Outcome:
    """Return what a page costs a server, and what its viewers get."""
    settings = OUR_SETTINGS | {"LIVEPAIRS_PUBLISH_HZ": crowd.hz}
    with served(command, settings) as house:
        load: Load = asyncio.run(measure(house, page, crowd.viewers, seconds=crowd.seconds))
    figures = {CPU: load.cpu_ms, RATE: load.updates_hz, MEMORY: load.own_mb}
    if load.p95_ms == load.p95_ms:
        figures[LATE] = load.p95_ms
    # Plain Bokeh sends a message for each source, so four updates a second are more of them.
    share = load.core_share if is_joined else load.cpu_ms * load.updates_hz / 10
    return Outcome(share, figures)


CONTEST = Contest(
    title=f"{VIEWERS} viewers of one replay, server on one core",
    unit=UNIT,
    contenders=(
        Contender("market page", market, turns=1),
        Contender("spread page", spread, turns=1),
        Contender("raw Bokeh streaming, four figures", raw, turns=1),
    ),
    is_higher_better=False,
    goals=(Goal(UNIT, "<", 2.0), Goal(MEMORY, "<", 2.0), Goal(LATE, "<", 250.0)),
    notes="CPU and memory are what the viewers beyond the first two add. A machine with other work to do gives fewer "
    "updates than four a second, so the share is that of four of them. Late is against the quickest bar of all.",
)
