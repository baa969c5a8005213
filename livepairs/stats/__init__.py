"""Statistics of a pair, one file each; pure functions of numbers.

Every public name of a statistic's file is a name of this package, resolved on first use, without being listed:
``livepairs.stats.RollingOls``. Two kinds of thing are behind them. A *stream* is a class whose ``update`` takes the
next bars (one or many; how they are cut changes no bit) and returns one value a bar, NaN until its window is full;
handing it a whole series is the batch form. A *test* is a function of one window, which ``Recomputed`` turns into a
stream.

Where statsmodels or scipy serve at the speed needed they are called, and imported only then: importing a statistic
brings numpy and nothing heavier.
"""

from __future__ import annotations

from typing import Any, Final

MACHINERY: Final = frozenset({"arrays", "compiled", "elementary", "moments", "sliding"})
"""Files that statistics are made of, and that are none themselves."""

_homes: dict[str, str] = {}


def homes() -> dict[str, str]:
    """Return the module of each public name, found by looking into the files there are."""
    from importlib import import_module
    from pkgutil import iter_modules

    if not _homes:
        for name in sorted({found.name for found in iter_modules(__path__)} - MACHINERY):
            module = f"{__name__}.{name}"
            _homes.update(dict.fromkeys(import_module(module).__all__, module))
    return _homes


def __getattr__(name: str) -> Any:  # any public name, of whatever type it has at home
    """Import a statistic from its file when it is first asked for."""
    from importlib import import_module
    from importlib.util import find_spec

    if name == "__all__":
        return sorted(homes())
    # Python asks for a submodule here before it imports it.
    if not name.startswith("_") and find_spec(f"{__name__}.{name}") is None and name in homes():
        return getattr(import_module(homes()[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *homes()})
