"""Kernels that run compiled when they can and interpreted until then, to the same bit.

A kernel is a plain scalar loop over arrays. ``@kernel(...)`` keeps the Python function and, once
``prepare()`` has run, a machine-code version of the very same source. Both do the same IEEE operations in the same
order (no fast-math, no fused multiply-add), so it makes no difference to a single bit which one ran; a test holds that.

Compilation takes seconds the first time on a machine, so nothing waits for it on the way to the first paint: a server
starts interpreted and calls ``prepare()`` aside. The result is cached on disk under a key made of the sources, because
numba's own cache looks only at the file of the outermost function.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

__all__ = ["Kernel", "is_ready", "kernel", "part", "prepare"]

F = TypeVar("F", bound=Callable[..., Any])

_KEPT_CACHES: Final = 8
"""Caches of compiled kernels that are kept, the latest used: some versions, each under some Pythons."""

_LEAST_AGE_S: Final = 3_600.0
"""A cache used more lately than that is kept in any case."""

_ARRAY_TYPES: Final = {"f8": "float64", "i8": "int64", "u1": "uint8"}

_kernels: list[Kernel] = []
_parts: list[Callable[..., Any]] = []


class Kernel:
    """A callable that runs its compiled form if there is one, else the Python source on memory views."""

    def __init__(
        self,
        source: Callable[..., Any],
        signature: Sequence[str],
        *,
        releases_gil: bool = False,
        checks_division: bool = True,
    ) -> None:
        self.source = source
        self.signature = tuple(signature)
        self.releases_gil = releases_gil
        self.checks_division = checks_division
        self.__doc__ = source.__doc__
        self._compiled: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:  # arrays and scalars as the signature says
        if self._compiled is not None:
            return self._compiled(*arguments)
        return self.interpret(*arguments)

    @property
    def is_compiled(self) -> bool:
        """Whether it runs as machine code; some loops are worth calling only then."""
        return self._compiled is not None

    def interpret(self, *arguments: Any) -> Any:  # as __call__
        """Run the Python source. Memory views yield plain Python numbers, which are twice as quick as numpy's."""
        return self.source(*(a.data if isinstance(a, np.ndarray) else a for a in arguments))

    def compile(self, *, is_cached: bool) -> None:
        """Build the machine code, or take it from the cache on disk if there may be one."""
        if self._compiled is None:
            import numba

            types = tuple(_numba_type(code) for code in self.signature)
            model = "python" if self.checks_division else "numpy"
            # A kernel allocates nothing, so counting references would only cost: two atomic steps for each array at
            # each call of a part, on a counter that threads share.
            compiler = numba.njit(types, cache=is_cached, error_model=model, nogil=self.releases_gil, _nrt=False)
            self._compiled = compiler(self.source)


def kernel(
    *signature: str, releases_gil: bool = False, checks_division: bool = True
) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a function a kernel.

    Parameters
    ----------
    *signature
        One code an argument: ``f8`` or ``i8`` for a number, ``f8[]``, ``i8[]``, ``u1[]`` for a contiguous array that is
        written, and ``f8[r]`` and so on for one that is only read (as views of Arrow columns are). Commas add
        dimensions: ``f8[,]`` is a matrix, ``f8[,,r]`` a cube that is only read.
    releases_gil
        Whether other threads may run meanwhile; the caller then sees to it that none writes the same arrays.
    checks_division
        Whether dividing by zero raises when compiled, as it does when interpreted. A kernel that never divides by zero
        may do without: the check keeps the compiler from vector instructions.
    """

    def decorate(source: Callable[..., Any]) -> Kernel:
        made = Kernel(source, signature, releases_gil=releases_gil, checks_division=checks_division)
        _kernels.append(made)
        return made

    return decorate


def part(function: F) -> F:
    """Allow a plain function to be called from kernels; outside of them it stays as it is."""
    _parts.append(function)
    return function


def is_ready() -> bool:
    """Return whether every kernel defined so far runs compiled."""
    return all(made._compiled is not None for made in _kernels)


def prepare() -> None:
    """Compile every kernel defined so far. Takes seconds the first time on a machine, then about 0.1 s."""
    if is_ready():
        return
    import numba
    from numba.extending import register_jitable

    for function in _parts:
        register_jitable(forceinline=True)(function)
    _parts.clear()
    folder = _cache_folder()
    # Left to itself numba would turn to the __pycache__ beside the source, which knows nothing of other files' changes.
    is_cached = _can_write(folder)
    outer, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(folder)
    try:
        for made in _kernels:
            made.compile(is_cached=is_cached)
    finally:
        numba.config.CACHE_DIR = outer
    if is_cached:
        _prune(folder)


def _prune(folder: Path) -> None:
    """Note that a cache is in use, and remove those of earlier sources that nobody has used for long.

    Each state of the sources has a folder of its own, so they would pile up. What has been compiled lives in memory;
    only a process that is just reading or writing one needs its folder, hence the hour.
    """
    try:
        os.utime(folder)
        now = folder.stat().st_mtime
        used = sorted((other.stat().st_mtime, other) for other in folder.parent.glob("kernels-*"))
    except OSError:
        return  # a folder that went away meanwhile, or one we may not touch: the next process will prune
    for when, other in used[:-_KEPT_CACHES]:
        if when < now - _LEAST_AGE_S:
            shutil.rmtree(other, ignore_errors=True)


def _numba_type(code: str) -> Any:  # a numba type; numba has no annotations
    from numba import types

    name, bracket, mode = code.partition("[")
    scalar = getattr(types, _ARRAY_TYPES[name])
    return types.Array(scalar, 1 + mode.count(","), "C", readonly="r" in mode) if bracket else scalar


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


@contextmanager
def _only_one(modules: Sequence[str]) -> Iterator[None]:
    """Wait for a process that compiles the same modules: what it has put into the cache need not be compiled again."""
    folder = _cache_folder()
    if not _can_write(folder):
        yield
        return
    asked = hashlib.sha256(" ".join(modules).encode()).hexdigest()[:8]
    with (folder / f"lock-{asked}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _cache_folder() -> Path:
    """Return a folder named after the sources of all kernels and parts, so that a change never meets an old cache.

    Whole rooms are read, because a kernel freezes what it takes from its neighbours (parts, and constants such as the
    places of a layout); and always the same rooms, so that every process of a machine finds one cache.
    """
    package = Path(__file__).parent.parent
    rooms = {file.parent for file in package.glob("*/kernel*.py")} | {Path(__file__).parent}
    files = {file for room in rooms for file in room.glob("*.py")}
    files |= {Path(made.source.__code__.co_filename) for made in _kernels}
    key = hashlib.sha256()
    for file in sorted(files):
        key.update(file.read_bytes())
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "livepairs" / f"kernels-{sys.implementation.cache_tag}-{key.hexdigest()[:16]}"


if __name__ == "__main__":
    # `python -m livepairs.stats.compiled MODULE...` fills the cache from a process of its own.
    from livepairs.stats.compiled import prepare as prepare_once

    for name in sys.argv[1:]:
        import_module(name)
    with _only_one(sys.argv[1:]):
        prepare_once()
