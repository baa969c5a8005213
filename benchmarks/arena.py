"""Holds a contest: starts its sides, compares their rows, and gives them their turns."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from pyarrow import feather

from benchmarks.contest import PEAK_MB, Contender, Contest, Scale

__all__ = ["Standing", "hold"]

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class Standing:
    """What one side has reached over its turns."""

    name: str
    values: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    figures: dict[str, list[float]] = field(default_factory=dict)
    peak_mb: float = 0.0

    def figure(self, name: str, unit: str) -> float:
        """Return the median of the contest's value or of a further figure, or the peak memory."""
        if name == PEAK_MB:
            return self.peak_mb
        return median(self.values if name == unit else self.figures[name])


class _Side:
    """A contender's process."""

    def __init__(self, case: str, contender: Contender, scale: Scale) -> None:
        command = [sys.executable, "-m", "benchmarks.contender", case, contender.name, json.dumps(asdict(scale))]
        self.contender, self.standing = contender, Standing(contender.name)
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT)

    def is_ready(self) -> bool:
        """Wait until the side has prepared itself; false, and said on standard error, if it cannot run here."""
        absent = self._read()["absent"]
        if absent:
            print(f"benchmarks: {self.contender.name} is left out: {absent}", file=sys.stderr)
        return absent is None

    def save(self, path: Path) -> None:
        self._ask(f"save {path}")

    def take_turn(self) -> None:
        if self.contender.turns is not None and len(self.standing.values) >= self.contender.turns:
            return
        answer = self._ask("run")
        self.standing.values.append(answer["value"])
        self.standing.cpu_seconds.append(answer["cpu"])
        self.standing.peak_mb = answer["peak_mb"]
        for name, figure in answer["figures"].items():
            self.standing.figures.setdefault(name, []).append(figure)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, request: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(request + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"benchmark: {self.contender.name} ended early; its last words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def hold(case: str, contest: Contest, scale: Scale, *, rounds: int) -> list[Standing]:
    """Run a contest and return the standings in the order of its contenders.

    Raises
    ------
    AssertionError
        If the sides did not compute the same.
    """
    sides = [_Side(case, contender, scale) for contender in contest.contenders]
    try:
        able = [side for side in sides if side.is_ready()]
        _check(contest, able)
        for turn in range(rounds):
            for place in range(len(able)):
                able[(turn + place) % len(able)].take_turn()
    finally:
        for side in sides:
            side.close()
    return [side.standing for side in able]


def _check(contest: Contest, sides: list[_Side]) -> None:
    """Run each side once, which warms it up too, and compare what they computed."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {side.contender.name: Path(folder, f"{place}.arrow") for place, side in enumerate(sides)}
        for side in sides:
            if side.contender.turns is None or contest.check is not None:
                side.save(paths[side.contender.name])
        if contest.check is not None:
            written = {name: path for name, path in paths.items() if path.exists()}
            found = {name: feather.read_table(str(path), memory_map=False) for name, path in written.items()}
            contest.check(found)
