"""One side of a contest in a process of its own: told when it is its turn, it answers in one line of JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.contest import AbsentError, Contest, Scale

__all__ = ["serve"]


def serve(case: str, name: str, scale: Scale) -> None:
    """Prepare the contender, then run it once for each line ``run`` or ``save PATH`` on standard input."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a side prints must not stand between the answers
    contest: Contest = import_module(f"benchmarks.cases.{case}").CONTEST
    (contender,) = (side for side in contest.contenders if side.name == name)
    try:
        run = contender.prepare(scale)
    except AbsentError as reason:
        _answer(answers, {"absent": str(reason)})
        return
    _answer(answers, {"absent": None})
    for line in sys.stdin:
        _, _, path = line.strip().partition(" ")
        cpu = time.process_time()
        outcome = run()
        cpu = time.process_time() - cpu
        if path and outcome.rows is not None:
            _save(outcome.rows, Path(path))
        _answer(answers, {"value": outcome.value, "figures": outcome.figures, "cpu": cpu, "peak_mb": peak_mb()})


def peak_mb() -> float:
    """Return the largest resident memory this process has had, in megabytes (10**6 bytes)."""
    try:
        # `ru_maxrss` begins at what the parent had when it forked.
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def _save(rows: pa.Table, path: Path) -> None:
    # Feather's own writer imports pandas, which would count as this side's memory.
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
        writer.write_table(rows)


def _answer(stream: Any, answer: dict[str, Any]) -> None:
    stream.write(json.dumps(answer) + "\n")
    stream.flush()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], Scale(**json.loads(sys.argv[3])))
