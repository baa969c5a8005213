"""PAIRS to trades and equity: what acting on the z-score would have made, costs included; pure.

``engine.run_backtest(pairs, bars, params)`` tests all rows at once. ``machine.BacktestMachine`` takes them as they
close and gives the same trades bit for bit, as both run the one kernel in ``kernel.py``. ``metrics.METRICS`` says what
each number is. Nothing here reads a file: rows come in as tables.

This room is also the public function ``livepairs.backtest(...)``: calling the module replays a recording (if it is not
replayed yet) and runs the engine. The function itself needs rooms above this one, so it lives in
``livepairs.backtest_recording`` and is fetched from there when it is called; the module only passes the call on.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _CallableRoom(ModuleType):
    """A module that can be called, which Python supports by giving a module another class.

    Python binds every imported submodule to its package, so that ``livepairs.backtest`` is this room as soon as anyone
    has imported it, whatever ``livepairs`` says; the name is both or it is neither.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # as the function passed on to, in both directions
        return import_module("livepairs.backtest_recording").backtest(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableRoom
