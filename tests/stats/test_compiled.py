"""Kernels interpreted and compiled, and the cache of machine code; on kernels made here, in a process of their own.

The bits of the real kernels are compared beside their rooms' tests and in tests/test_laws.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from livepairs.stats import compiled
from livepairs.stats.compiled import Kernel, kernel, part

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from livepairs.stats import compiled
assert not sys.modules.keys() & {"numba"}, "numba came before it was asked for"
from probe import total
values, out = np.array([1.0, 2.0, 4.0]), np.zeros(1)
values.flags.writeable = False
assert not compiled.is_ready()
total(values, 3, out)
interpreted = out[0]
compiled.prepare()
assert compiled.is_ready()
compiled.prepare()
total(values, 3, out)
assert interpreted == out[0] == PLAIN, (interpreted, out)
print(compiled._cache_folder())
"""

PROBE = """
from livepairs.stats.compiled import kernel, part

@part
def scale(value, times):
    return value * times

@kernel("f8[r]", "i8", "f8[]")
def total(values, times, out):
    out[0] = 0.0
    for value in values:
        out[0] += scale(value, times)
"""


def run(folder: Path, probe: str, cache: Path, plain: float) -> Path:
    """Run the script beside a probe module and return the cache folder it used."""
    (folder / "probe.py").write_text(probe)
    environment = {**os.environ, "PYTHONPATH": str(folder), "XDG_CACHE_HOME": str(cache)}
    script = SCRIPT.replace("PLAIN", repr(plain))
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.mark.slow
def test_a_kernel_runs_interpreted_then_compiled_then_from_the_cache(tmp_path: Path) -> None:
    first = run(tmp_path, PROBE, tmp_path / "cache", 21.0)
    machine_code = sorted(first.rglob("*.nbc"))
    assert machine_code
    assert run(tmp_path, PROBE, tmp_path / "cache", 21.0) == first
    assert sorted(first.rglob("*.nbc")) == machine_code
    changed = PROBE.replace("value * times", "value + times")
    assert run(tmp_path, changed, tmp_path / "cache", 16.0) != first


@pytest.mark.slow
def test_without_a_folder_to_write_to_kernels_are_compiled_all_the_same(tmp_path: Path) -> None:
    """numba once took the __pycache__ beside the source instead, which is not renewed when a neighbour changes."""
    (tmp_path / "file").write_text("in the way")
    run(tmp_path, PROBE, tmp_path / "file", 21.0)
    assert not list(tmp_path.rglob("*.nb?"))


def test_the_key_of_the_cache_covers_all_a_kernel_freezes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of pairs/residuals.py once met old machine code: only files that hold a kernel were in the key."""
    read: list[str] = []
    real = Path.read_bytes

    def spy(path: Path) -> bytes:
        read.append("/".join(path.parts[-2:]))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", spy)
    compiled._cache_folder()
    assert {"pairs/residuals.py", "pairs/layout.py", "bars/kernel.py", "backtest/kernel.py"} <= set(read)
    assert {"stats/sliding.py", "stats/elementary.py", "stats/compiled.py"} <= set(read)


def test_a_cache_folder_is_used_only_where_it_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert compiled._can_write(tmp_path / "new" / "folder")
    assert not compiled._can_write(tmp_path / "file" / "folder")


def test_caches_of_earlier_sources_go_but_for_the_latest_and_those_just_used(tmp_path: Path) -> None:
    for age in range(12):
        folder = tmp_path / f"kernels-{age:02d}"
        folder.mkdir()
        (folder / "code.nbc").write_text("")
    (tmp_path / "other").mkdir()
    own = tmp_path / "kernels-00"
    now = own.stat().st_mtime
    for age in range(1, 12):
        os.utime(tmp_path / f"kernels-{age:02d}", (now, now - age * 1_200.0))
    compiled._prune(own)
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {f"kernels-{age:02d}" for age in range(8)} | {"other"}
    for age in range(1, 8):
        os.utime(tmp_path / f"kernels-{age:02d}", (now, now - 7_200.0))
    for young in range(8):
        (tmp_path / f"kernels-young-{young}").mkdir()
    compiled._prune(own)
    # Ours is used now, so of nine it is one of the latest; the others had been away for long.
    assert {path.name for path in tmp_path.glob("kernels-0*")} == {"kernels-00"}


def test_a_cache_that_cannot_be_pruned_harms_nobody(tmp_path: Path) -> None:
    compiled._prune(tmp_path / "away" / "kernels-00")


def test_interpreting_sees_plain_numbers_and_passes_on_what_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_kernels", [])
    seen: list[type] = []

    @kernel("f8[r]", "i8")
    def first(values: memoryview, place: int) -> float:
        """Return one."""
        seen.append(type(values[place]))
        return float(values[place])

    assert isinstance(first, Kernel)
    assert first.__doc__ == "Return one."
    assert first(np.array([1.0, 2.0]), 1) == first.interpret(np.array([1.0, 2.0]), 1) == 2.0
    assert seen == [float, float]
    assert compiled._kernels == [first]


def test_a_part_stays_the_function_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_parts", [])

    def double(x: float) -> float:
        return 2.0 * x

    assert part(double) is double
    assert compiled._parts == [double]
