"""A crowd of two hundred, told once a second: how late a closed bar is with the last of them.

To open so many pages takes the server's one core some minutes, so it is measured only where it is named.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.cases.viewers import LATE, MEMORY, ONE_RUN, OURS, Crowd, visited
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale

CROWD = Crowd(viewers=200, seconds=30.0, hz="1")


def market(scale: Scale) -> Callable[[], Outcome]:
    """The market page."""
    return lambda: visited(OURS, f"market{ONE_RUN}", CROWD.at(scale))


CONTEST = Contest(
    title=f"{CROWD.viewers} viewers of one replay, server on one core",
    unit="% of a core a viewer, at 4 updates/s",
    contenders=(Contender("market page", market, turns=1),),
    is_higher_better=False,
    goals=(Goal(LATE, "<", 1_000.0), Goal(MEMORY, "<", 2.0)),
    is_huge=True,
    notes="A bar that closes comes between two updates, so a viewer has more than one a second.",
)
