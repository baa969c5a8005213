"""What a visitor asks of a sweep: values to try of each parameter; to and from the address. Pure.

Like ``backtestplan`` for one backtest: text comes in and leaves as a grid, or as a sentence for each field that cannot
be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from livepairs.backtest.grid import Grid, parse_values
from livepairs.errors import ConfigError
from livepairs.views.backtest.backtestplan import Field, Plan

__all__ = ["DIMENSIONS", "MOST_SETS", "fields", "first_texts", "read_grid"]

MOST_SETS: Final = 20_000
"""More would take minutes and show no more on a screen; the command line takes any number."""

LONGEST: Final = 80
_GROUP: Final = "Sweep: values to try"
_HOW: Final = "a list such as 1, 1.5, 2, or first:last:step such as 1:3:0.25"

FIELDS: Final = (
    Field(key="sweep_entry", label="Entry", unit="|z|", group=_GROUP, tip=f"Entry levels to try: {_HOW}"),
    Field(key="sweep_exit", label="Exit", unit="|z|", group=_GROUP, tip=f"Exit levels to try: {_HOW}"),
    Field(key="sweep_stop", label="Stop", unit="|z|", group=_GROUP, tip=f"Stop levels to try, none is one too: {_HOW}"),
    Field(key="sweep_z_window", label="z-score", unit="bars", group=_GROUP, tip=f"z windows to try: {_HOW}"),
    Field(key="sweep_hedge_window", label="Hedge", unit="bars", group=_GROUP, tip=f"Hedge windows to try: {_HOW}"),
)
"""The inputs, in the order of the form."""

DIMENSIONS: Final = {"entry": "Entry", "exit": "Exit", "stop": "Stop", "z_window": "z window", "hedge_window": "Hedge"}
"""What may be swept, by its name in a TRIED table."""


def fields() -> list[dict[str, Any]]:
    """Return the inputs as the form takes them."""
    return [{**asdict(field), "longest": LONGEST} for field in FIELDS]


def first_texts(plan: Plan) -> dict[str, str]:
    """Return what is offered at first: levels around the plan's, and its own windows, halved and doubled."""
    stop = "none" if plan.rules.stop is None else f"{plan.rules.stop:g}, none"
    z = plan.windows.z_window
    return {
        "sweep_entry": "1:3:0.25",
        "sweep_exit": "0:1:0.25",
        "sweep_stop": stop,
        "sweep_z_window": f"{max(z // 2, 2)}, {z}, {2 * z}",
        "sweep_hedge_window": str(plan.windows.hedge_window),
    }


def read_grid(texts: Mapping[str, Any]) -> tuple[Grid | None, dict[str, str]]:
    """Read what a form or an address says.

    Returns
    -------
    grid
        None if something cannot be used.
    sentences
        By field, what was found and what is allowed.
    """
    given: dict[str, tuple[Any, ...]] = {}
    wrong: dict[str, str] = {}
    for field in FIELDS:
        try:
            given[field.key.removeprefix("sweep_")] = _read(field, str(texts.get(field.key, "")))
        except ConfigError as error:
            wrong[field.key] = f"{error}."
    if wrong:
        return None, wrong
    try:
        grid = Grid(**given)
    except ConfigError as error:
        return None, {"sweep_entry": f"{str(error)[:1].upper()}{str(error)[1:]}."}
    if len(grid) > MOST_SETS:
        many = f"These are {len(grid):,} sets; use at most {MOST_SETS:,} here, or livepairs sweep for more."
        return None, {"sweep_entry": many}
    return grid, {}


def _read(field: Field, text: str) -> tuple[Any, ...]:
    if len(text) > LONGEST:
        raise ConfigError(f"{field.label} has {len(text)} characters; use at most {LONGEST}")
    try:
        values = parse_values(text)
    except ConfigError:
        raise ConfigError(f"{field.label} {text!r} cannot be read; write {_HOW}") from None
    if None in values and field.key != "sweep_stop":
        raise ConfigError(f"{field.label} 'none' makes no sense; only the stop may be none")
    if not field.key.endswith("window"):
        return tuple(dict.fromkeys(values))
    numbers = [value for value in values if value is not None]
    if any(value != int(value) or value < 2 for value in numbers):
        raise ConfigError(f"{field.label} {text!r} cannot be used; windows are whole bars, 2 or more")
    return tuple(dict.fromkeys(int(value) for value in numbers))
