"""Closes of a universe to a table of every ordered pair: the offline scan, and the live one bar by bar; pure.

``engine.scan_universe(universe, params)`` scans the last window of a universe. ``machine.ScanMachine`` takes bars as
they close and gives the same rows, as both run the one kernel in ``kernel.py``. Work is cut into jobs (``tasks.py``)
that a caller may run anywhere. Nothing here reads a file or starts a thread.

This room is also the public function ``livepairs.scan(...)``: calling the module reads files and recordings, and works
on every core or on a cluster. The function itself needs rooms above this one, so it lives in
``livepairs.scan_universe`` and is fetched from there when it is called; the module only passes the call on.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _CallableRoom(ModuleType):
    """A module that can be called, for the reason that ``livepairs.backtest`` gives."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # as the function passed on to, in both directions
        return import_module("livepairs.scan_universe").scan(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableRoom
