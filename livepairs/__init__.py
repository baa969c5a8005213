"""livepairs: live and replayed pairs of crypto perpetuals, one code path for both.

The public names below are resolved on first use, so importing livepairs (or a statistic) never imports a screen.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "LivepairsError": "livepairs.errors",
    "backtest": "livepairs.backtest",
    "embed": "livepairs.embed",
    "open_recording": "livepairs.stores.recording",
    "preview": "livepairs.notebook",
    "replay": "livepairs.headless",
    "scan": "livepairs.scan",
    "stats": "livepairs.stats",
    "sweep": "livepairs.sweep_recording",
}

__all__ = [
    "LivepairsError",
    "__version__",
    "backtest",
    "embed",
    "open_recording",
    "preview",
    "replay",
    "scan",
    "stats",
    "sweep",
]


def __getattr__(name: str) -> Any:  # any public name, of whatever type it has at home
    """Import a public name from its home when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'livepairs' has no attribute {name!r}")
    module = import_module(_HOMES[name])
    return module if _HOMES[name].endswith(f".{name}") else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
