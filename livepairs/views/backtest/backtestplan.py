"""What a visitor asks of a backtest: rules, windows, and which part of the recording; to and from the address. Pure.

Everything a browser sends or an address says comes in as text and leaves as a ``Plan`` or as a sentence for each field
that cannot be used. The limits are those of the engine; the few above them keep a page from being asked for nonsense.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from livepairs.backtest.params import BacktestParams
from livepairs.errors import ConfigError
from livepairs.pairs.machine import PairParams

if TYPE_CHECKING:
    from livepairs.pipeline import RunParams

__all__ = ["FIELDS", "SO_FAR", "WHOLE", "Field", "Plan", "as_texts", "first_plan", "read_plan"]

SO_FAR: Final = "so-far"
WHOLE: Final = "whole"
_LONGEST_TEXT: Final = 24
_NOTHING: Final = ("", "none", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input of the form.

    Parameters
    ----------
    key
        Its name in the address, and in ``BacktestParams`` or ``PairParams``.
    label, unit, tip
        What stands beside it, and what it means.
    group
        The heading it stands under.
    choices
        Value and label of each choice; empty for a number.
    is_whole, is_optional
        Whether it takes whole numbers only, and whether it may be left empty.
    most
        The largest number taken.
    """

    key: str
    label: str
    tip: str
    group: str
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    is_whole: bool = False
    is_optional: bool = False
    most: float = 1e12


_RULES, _COSTS, _WINDOWS = "Rules", "Costs and size", "Windows"

FIELDS: Final = (
    Field(
        key="span", label="Data", group="Data", choices=((SO_FAR, "So far"), (WHOLE, "Whole recording")),
        tip="So far: what the replay has shown, nothing of what follows. Whole recording: all of it, with the future",
    ),
    Field(key="entry", label="Entry", unit="|z|", group=_RULES, most=100.0,
          tip="Short the spread at z ≥ entry, long at z ≤ −entry"),
    Field(key="exit", label="Exit", unit="|z|", group=_RULES, most=100.0,
          tip="Leave once z has come back to this level; below entry"),
    Field(key="stop", label="Stop", unit="|z|", group=_RULES, is_optional=True, most=1000.0,
          tip="Leave at |z| ≥ stop and wait until z is back at exit; above entry; empty for none"),
    Field(key="max_hold", label="Max hold", unit="bars", group=_RULES, is_whole=True, is_optional=True, most=1e9,
          tip="Leave after that many bars; empty for no limit"),
    Field(key="fill", label="Fill at", group=_RULES, choices=(("open", "next open"), ("close", "next close")),
          tip="A decision on a closed bar fills at the open, or at the close, of the bar after it"),
    Field(key="fee_bps", label="Fee", unit="bps", group=_COSTS, most=1000.0,
          tip="Fee of each leg and fill, in basis points of its notional"),
    Field(key="slippage", label="Slippage is", group=_COSTS, choices=(("bps", "fixed"), ("roll", "measured")),
          tip="Fixed: the number below. Measured: half the Roll spread of each leg on the bars before the fill"),
    Field(key="slippage_bps", label="Slippage", unit="bps", group=_COSTS, most=1000.0,
          tip="Price concession of each leg and fill against us, in bps; also where Roll's measure fails"),
    Field(key="capital", label="Capital", unit="quote", group=_COSTS, tip="Starting equity, in quote currency"),
    Field(key="leverage", label="Leverage", unit="×", group=_COSTS, most=1000.0,
          tip="Notional of both legs together, over the capital"),
    Field(key="hedge_window", label="Hedge", unit="bars", group=_WINDOWS, is_whole=True,
          tip="Bars the hedge ratio is fitted on"),
    Field(key="z_window", label="z-score", unit="bars", group=_WINDOWS, is_whole=True,
          tip="Bars the mean and standard deviation of the spread are taken over"),
)  # fmt: skip
"""The inputs, in the order of the form."""

_KEYS: Final = {field.key: field for field in FIELDS}
_OF_WINDOWS: Final = ("hedge_window", "z_window")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One backtest to be run.

    Parameters
    ----------
    rules
        Rules, costs and size.
    windows
        What the pair's numbers are computed with.
    span
        ``SO_FAR``: up to the replay's event time. ``WHOLE``: the whole recording.
    is_healed
        Whether rows that came late are in their bars. The run says so, not the visitor.
    """

    rules: BacktestParams
    windows: PairParams
    span: str = SO_FAR
    is_healed: bool = False


def first_plan(params: RunParams, *, is_healed: bool = False) -> Plan:
    """Return what is tested when nobody has asked for anything else: the run's own levels and windows, so far."""
    entry, stop = params.entry, BacktestParams().stop
    rules = BacktestParams(
        entry=entry, exit=params.exit, stop=stop if stop and stop > entry else None,
        price="level" if params.pair_params.price == "level" else "log",
    )  # fmt: skip
    return Plan(rules=rules, windows=params.pair_params, is_healed=is_healed)


def as_texts(plan: Plan) -> dict[str, str]:
    """Return the plan as the form and the address have it; ``read_plan`` reads it back to the bit.

    Examples
    --------
    >>> as_texts(Plan(rules=BacktestParams(entry=1.5, stop=None), windows=PairParams()))["stop"]
    'none'
    """
    return {field.key: _text(_value(plan, field.key)) for field in FIELDS}


def read_plan(texts: Mapping[str, Any], start: Plan) -> tuple[Plan | None, dict[str, str]]:
    """Read what a form or an address says.

    Parameters
    ----------
    texts
        Text by field; what is missing is as in ``start``, and names that are no field are passed over.
    start
        The plan it is a change of.

    Returns
    -------
    plan
        None if something cannot be used.
    sentences
        By field, what was found and what is allowed. A conflict of two fields stands at the first of them.
    """
    given: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for key in _KEYS.keys() & texts.keys():
        try:
            given[key] = _read(_KEYS[key], texts[key])
        except ConfigError as error:
            wrong[key] = f"{error}."
    if wrong:
        return None, wrong
    span = given.pop("span", start.span)
    windows = {key: given.pop(key) for key in _OF_WINDOWS if key in given}
    try:
        rules, pair_params = replace(start.rules, **given), replace(start.windows, **windows)
        return replace(start, rules=rules, windows=pair_params, span=span), {}
    except ConfigError as error:
        return None, {_field_of(str(error)): _sentence(error)}


def _value(plan: Plan, key: str) -> Any:  # a number, a name or None
    if key == "span":
        return plan.span
    return getattr(plan.windows if key in _OF_WINDOWS else plan.rules, key)


def _text(value: float | str | None) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else repr(value).removesuffix(".0")


def _read(field: Field, text: object) -> float | str | None:
    words = str(text).strip()
    if len(words) > _LONGEST_TEXT:
        raise ConfigError(f"{field.label} has {len(words)} characters; use at most {_LONGEST_TEXT}")
    if field.choices:
        allowed = [value for value, _ in field.choices]
        if words not in allowed:
            raise ConfigError(f"{field.label} {words!r} is not known; use {' or '.join(allowed)}")
        return words
    if words.lower() in _NOTHING and field.is_optional:
        return None
    return _number(field, words)


def _number(field: Field, words: str) -> float:
    kind = "whole number" if field.is_whole else "number"
    advice = f"use a {kind}" + (", or leave it empty" if field.is_optional else "")
    try:
        value = float(words)
    except ValueError:
        found = repr(words) if words else "nothing"
        raise ConfigError(f"{field.label} is {found}; {advice}") from None
    if not isfinite(value) or (field.is_whole and value != int(value)):
        raise ConfigError(f"{field.label} {words!r} cannot be used; {advice}")
    if value > field.most:
        raise ConfigError(f"{field.label} {words!r} is too large; use at most {field.most:g}")
    return int(value) if field.is_whole else value


def _field_of(message: str) -> str:
    """Return the field that the engine's sentence begins with."""
    first = message.split(maxsplit=1)[0]
    return next((key for key in (first, f"{first}_window") if key in _KEYS), "entry")


def _sentence(error: ConfigError) -> str:
    name, _, rest = str(error).partition(" ")
    text = f"{_KEYS[name].label} {rest}" if name in _KEYS else str(error)
    return f"{text[:1].upper()}{text[1:]}."
