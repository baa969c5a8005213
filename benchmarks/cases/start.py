"""How long an import and a first answer take, each in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale

UNIT = "ms"


def importing(statement: str) -> Callable[[Scale], Callable[[], Outcome]]:
    """Return a side that times a statement in a fresh interpreter, without the interpreter's own start."""
    program = f"import time; t = time.perf_counter(); {statement}; print((time.perf_counter() - t) * 1e3)"

    def prepare(_: Scale) -> Callable[[], Outcome]:
        def turn() -> Outcome:
            said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
            return Outcome(float(said.stdout))

        return turn

    return prepare


def command(*words: str) -> Callable[[Scale], Callable[[], Outcome]]:
    """Return a side that times a whole command from its start to its end."""

    def prepare(_: Scale) -> Callable[[], Outcome]:
        def turn() -> Outcome:
            started = time.perf_counter()
            subprocess.run([sys.executable, "-m", "livepairs", *words], capture_output=True, check=True)
            return Outcome((time.perf_counter() - started) * 1e3)

        return turn

    return prepare


CONTEST = Contest(
    title="Start",
    unit=UNIT,
    contenders=(
        Contender("import livepairs", importing("import livepairs")),
        Contender("import livepairs; livepairs.replay", importing("import livepairs; livepairs.replay")),
        Contender("livepairs --help, whole process", command("--help")),
        Contender("import pandas", importing("import pandas")),
        Contender("import polars", importing("import polars")),
        Contender("import statsmodels.api", importing("import statsmodels.api")),
    ),
    is_higher_better=False,
    goals=(Goal(UNIT, "<", 150.0),),
    notes="Memory is that of the process that starts them, and says nothing here.",
)
