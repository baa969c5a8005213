"""A rule rehearsed over a day of one-second bars: the machine, what came of each alert, and the sums."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.cases.sweep import make_bars
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale
from benchmarks.market import BTC, ETH

DAY = 86_400
UNIT = "ms"
MOVED = "ms, threshold moved"
STORM = "ms, 0.9 in place of 0.5"


def ours(scale: Scale) -> Callable[[], Outcome]:
    """`rehearse` of `abs(z) >= 2`, then of other thresholds over the rows kept."""
    from livepairs.alerts.rule import Rule
    from livepairs.pairs.machine import PairMachine
    from livepairs.pipeline import RunParams
    from livepairs.recorded_rows import Rows
    from livepairs.rehearse_recording import rehearse
    from livepairs.schema import Pair
    from livepairs.stats import compiled

    bars, pair = make_bars(5_000 if scale.is_quick else DAY), Pair(ETH, BTC)
    compiled.prepare()
    params = RunParams(pairs=(pair,))
    rows = Rows("day", "", params, PairMachine([pair]).update(bars.combine_chunks().to_batches()[0]))

    def timed(when: str, clear: str) -> tuple[float, int]:
        started = time.perf_counter()
        found = rehearse(Rule(name="z", when=when, clear=clear), [rows])
        return (time.perf_counter() - started) * 1_000, found.whole.fired

    def turn() -> Outcome:
        first, fired = timed("abs(z) >= 2", "abs(z) <= 0.5")
        moved = max(timed(f"abs(z) >= {1 + step / 10}", "abs(z) <= 0.5")[0] for step in range(0, 20, 5))
        storm, storm_fired = timed("abs(z) >= 1", "abs(z) <= 0.9")
        return Outcome(first, {MOVED: moved, STORM: storm, "fired": fired, "fired in the storm": storm_fired})

    return turn


CONTEST = Contest(
    title="Rehearsal of one rule over 86,400 bars",
    unit=UNIT,
    contenders=(Contender("livepairs", ours),),
    is_higher_better=False,
    goals=(Goal(UNIT, "<", 300.0), Goal(MOVED, "<", 1_000.0)),
    notes="PAIRS are given, as they are kept after the first question about a recording.",
)
