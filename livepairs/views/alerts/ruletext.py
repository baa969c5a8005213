"""Small changes to a rules file that leave all else in it as it was written: a number moved, a rule armed. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from livepairs.alerts.condition import Number
from livepairs.alerts.places import Places
from livepairs.alerts.rule import Rule

__all__ = ["Dial", "dials_of", "line_of", "with_armed", "with_number"]

_KEYS: Final = ("when", "clear")

_SMALLEST: Final = 1e-9
"""A number below this is moved over the same span as zero: its own would be too narrow to be written down."""


@dataclass(frozen=True, slots=True)
class Dial:
    """A number of a rule's conditions, and the span in which it is moved.

    Parameters
    ----------
    key, place
        ``when`` or ``clear``, and which number of it, from 0.
    label
        The clause it stands in, as written.
    """

    key: str
    place: int
    label: str
    value: float
    least: float
    most: float
    step: float


def dials_of(rule: Rule) -> list[Dial]:
    """Return the numbers of a rule, in the order of its text.

    Examples
    --------
    >>> dial, = dials_of(Rule(name="far", when="abs(z) >= 2"))
    >>> dial.key, dial.label, dial.value, dial.least, dial.most, dial.step
    ('when', 'abs(z) >= 2', 2.0, 0.0, 5.0, 0.05)
    """
    dials = []
    for key, condition in (("when", rule.fires), ("clear", rule.clears)):
        if condition is None:
            continue
        labels = [clause.text for clause in condition.clauses() for _ in clause.numbers]
        for place, (number, label) in enumerate(zip(condition.numbers, labels, strict=True)):
            most = _most(number.value)
            dials.append(Dial(key, place, label, number.value, 0.0, most, most / 100))
    return dials


def _most(value: float) -> float:
    """Return a round number well above a value: 1, 2 or 5 times a power of ten."""
    if value < _SMALLEST:
        return 1.0
    size = 10.0 ** math.floor(math.log10(2 * value))
    return next(round(step * size, 12) for step in (1, 2, 5, 10) if step * size >= 2 * value * (1 - 1e-9))


def with_number(text: str, number: int, dial: Dial, value: float) -> str | None:
    """Return the file with a number of its rule ``number`` (from 0) changed; None where it is not written plainly."""
    found = Places(text, "rules").value(("rule", number), dial.key)
    start, content = found or (0, None)
    if content is None:
        return None
    numbers = _numbers(content)
    if dial.place >= len(numbers):
        return None
    old = numbers[dial.place]
    return f"{text[: start + old.start]}{_written(value)}{text[start + old.end :]}"


def _numbers(content: str) -> tuple[Number, ...]:
    # Here and not above: the text may be anything while it is typed; what cannot be read has no numbers to move.
    from livepairs.alerts.condition import compile_condition
    from livepairs.errors import ConfigError

    try:
        return compile_condition(content).numbers
    except ConfigError:
        return ()


def _written(value: float) -> str:
    return f"{value:.6g}" if abs(value) < 1e6 else repr(value)


def with_armed(text: str, number: int, *, is_armed: bool) -> str | None:
    """Return the file with its rule ``number`` armed or not; None where it is not written plainly."""
    places, table, word = Places(text, "rules"), ("rule", number), "true" if is_armed else "false"
    found = places.value(table, "armed")
    if found is not None:
        start = found[0]
        old = next((old for old in ("true", "false") if text.startswith(old, start)), None)
        return None if old is None else f"{text[:start]}{word}{text[start + len(old) :]}"
    if is_armed:
        return text
    name = places.value(table, "name")
    if name is None:
        return None
    end = text.find("\n", name[0])
    at = len(text) if end < 0 else end
    return f"{text[:at]}\narmed = {word}{text[at:]}"


def line_of(text: str, number: int) -> int:
    """Return the line, from 1, on which the name of rule ``number`` stands; 1 where that is not known."""
    found = Places(text, "rules").value(("rule", number), "name")
    return 1 if found is None else text.count("\n", 0, found[0]) + 1
