"""What can go wrong, each by a name and with arguments, at once or at a time.

Every public function of the modules ``faults_*`` is a fault: its name with hyphens for underscores is what users write,
its parameters after the venue are the arguments, and its docstring is the help text. Written out,
``stall:for_s=5,after_s=10,every_s=60`` stalls ten seconds after the opening for five seconds, and again every minute.
"""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, get_type_hints

from livepairs.errors import ConfigError, did_you_mean
from livepairs.venue import faults_data, faults_line, faults_rest
from livepairs.venue.venue import Venue

__all__ = ["Fault", "apply_fault", "fault_docs", "parse_fault", "schedule"]

logger = logging.getLogger(__name__)

_SECOND_US: Final = 1_000_000
_TIMING: Final = ("after_s", "every_s")

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault to come.

    Parameters
    ----------
    name
        As in ``fault_docs``.
    arguments
        Those that differ from their defaults.
    after_s
        Seconds after the opening of the venue.
    every_s
        Seconds until it happens again; 0 for once.
    """

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    after_s: float = 0.0
    every_s: float = 0.0


def _named() -> dict[str, Callable[..., None]]:
    return {
        name.replace("_", "-"): getattr(module, name)
        for module in (faults_line, faults_data, faults_rest)
        for name in module.__all__
    }


def fault_docs() -> dict[str, tuple[str, dict[str, Value]]]:
    """Return what each fault does, and its arguments with their defaults."""
    return {name: ((function.__doc__ or "").strip(), _defaults(function)) for name, function in _named().items()}


def _defaults(function: Callable[..., None]) -> dict[str, Value]:
    parameters = inspect.signature(function).parameters.values()
    return {entry.name: entry.default for entry in parameters if entry.default is not entry.empty}


def apply_fault(venue: Venue, name: str, arguments: Mapping[str, object]) -> None:
    """Let something go wrong now.

    Raises
    ------
    ConfigError
        If there is no such fault, it has no such argument, or the value is not of its kind.
    """
    function = _function(name)
    checked = _checked(name, arguments)
    logger.info("fault %s %s", name, " ".join(f"{key}={value}" for key, value in checked.items()))
    function(venue, **checked)


def parse_fault(text: str) -> Fault:
    """Read ``"stall:for_s=5,after_s=10,every_s=60"``.

    Raises
    ------
    ConfigError
        If there is no such fault, it has no such argument, or the value is not of its kind.

    Examples
    --------
    >>> parse_fault("close:code=1008,after_s=5").after_s
    5.0
    """
    name, _, rest = text.partition(":")
    given: dict[str, object] = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise ConfigError(f"fault {text!r} has {part!r}; write arguments as name=value, joined by commas")
        given[key.strip()] = value.strip()
    name = name.strip()
    times = {key: _timing(name, key, given.pop(key)) for key in _TIMING if key in given}
    return Fault(name, _checked(name, given), **times)


def schedule(venue: Venue, fault: Fault) -> None:
    """Let a fault happen at its time; at once if that is now.

    Raises
    ------
    ConfigError
        If it names a symbol the venue does not have, also where its time is still to come.
    """
    if symbol := str(fault.arguments.get("symbol", "")):
        venue.check_symbol(symbol)

    def happen() -> None:
        apply_fault(venue, fault.name, fault.arguments)
        if fault.every_s > 0:
            venue.later(round(fault.every_s * _SECOND_US), happen)

    if fault.after_s > 0:
        venue.later(round(fault.after_s * _SECOND_US), happen)
    else:
        happen()


def _function(name: str) -> Callable[..., None]:
    functions = _named()
    name = name.replace("_", "-")
    if name not in functions:
        raise ConfigError(f"no fault {name!r}{did_you_mean(name, functions)}; there are {', '.join(sorted(functions))}")
    return functions[name]


def _checked(name: str, arguments: Mapping[str, object]) -> dict[str, Value]:
    """Return the arguments in the types of their parameters."""
    function = _function(name)
    kinds = get_type_hints(function)
    allowed = _defaults(function)
    checked: dict[str, Value] = {}
    for key, value in arguments.items():
        if key not in allowed:
            known = [*allowed, *_TIMING]
            raise ConfigError(
                f"fault {name!r} has no argument {key!r}{did_you_mean(key, known)}; it has {', '.join(known)}"
            )
        try:
            checked[key] = kinds[key](value)
        except (TypeError, ValueError):
            kind = {int: "a whole number", float: "a number"}.get(kinds[key], "text")
            raise ConfigError(f"argument {key!r} of fault {name!r} is {value!r}; it must be {kind}") from None
    return checked


def _timing(name: str, key: str, value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < math.inf:
        raise ConfigError(f"argument {key!r} of fault {name!r} is {value!r}; it must be a number of seconds, 0 or more")
    return seconds
