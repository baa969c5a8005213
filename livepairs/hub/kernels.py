"""Get the compiled kernels aside, once somebody is looking: no page waits for them, and every bit stays the same."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from importlib import import_module
from typing import Final

__all__ = ["compile_aside", "compile_for", "compile_scan"]

_LOG = logging.getLogger(__name__)

MODULES: Final = (
    "livepairs.pipeline",
    "livepairs.exchanges.binance",
    "livepairs.pairs.health",
    "livepairs.pairs.tickcorrelation",
)
"""What brings along every kernel a run uses, and those of the first look at a pair's health."""

SCAN_MODULES: Final = (*MODULES, "livepairs.scan.tasks")
"""What brings along those of a scan too."""

_LIMIT_S: Final = 600.0
"""After that the compiler is taken for stuck; two busy cores need two minutes at most."""

_asked = threading.Event()
_one_at_a_time = threading.Lock()


def compile_aside() -> None:
    """Begin to make the kernels run compiled; at once back, and only the first call in a process does anything.

    The machine code is made by a process of its own, for the compiler would hold up every thread of this one for
    seconds; this one then takes it from the cache on disk. Should that fail, the kernels stay interpreted.
    """
    if _asked.is_set():
        return
    _asked.set()
    threading.Thread(target=_compile, name="livepairs-kernels", daemon=True).start()


def compile_scan() -> None:
    """Make the kernels of a scan run compiled before it begins; on the scan's own thread, for it waits."""
    _compile(SCAN_MODULES)


def compile_for(*modules: str) -> None:
    """Make the kernels of these modules run compiled too; on a thread that nothing waits for."""
    _compile((*MODULES, *modules))


def _compile(modules: tuple[str, ...] = MODULES) -> None:
    from livepairs.stats.compiled import is_ready, prepare

    for module in modules:
        import_module(module)
    command = [sys.executable, "-m", "livepairs.stats.compiled", *modules]
    try:
        with _one_at_a_time:
            if not is_ready():
                subprocess.run(command, check=True, capture_output=True, timeout=_LIMIT_S)
                prepare()
    except (OSError, subprocess.SubprocessError) as error:
        # Whoever stops the server, by Ctrl+C or otherwise, may stop the compiler too.
        code = error.returncode if isinstance(error, subprocess.CalledProcessError) else 0
        is_stopped = code in (-signal.SIGINT, -signal.SIGTERM)
        level = logging.DEBUG if is_stopped else logging.WARNING
        _LOG.log(level, "the kernels stay interpreted, which is slower: %s", error)
