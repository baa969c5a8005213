"""The text of an event from a rule's template: columns by name, with a number format, and nothing else.

Not ``str.format``: that reaches into the attributes of what it is given, and a template may come from anybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from livepairs.alerts.mistake import RuleError
from livepairs.alerts.vocabulary import COLUMNS, FLAGS
from livepairs.errors import did_you_mean

__all__ = ["TEXT_FIELDS", "Template", "compile_template"]

LONGEST: Final = 500
"""Characters a template may have."""

TEXT_FIELDS: Final = ("pair", "symbol", "subject", "rule", "level")
"""Fields of text; ``pair``, ``symbol`` and ``subject`` are all the subject of the event."""

_FIELD: Final = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}:]*)(?::(?P<form>[^{}]*))?\}|[{}]")
_FORM: Final = re.compile(r"\+?,?(?:\.[0-9]{1,2})?[fge%]?")


@dataclass(frozen=True, slots=True)
class Template:
    """Texts and fields in turn: a field is its name and the form of its number."""

    parts: tuple[str | tuple[str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it shows."""
        names = (part[0] for part in self.parts if isinstance(part, tuple))
        return tuple(dict.fromkeys(name for name in names if name in COLUMNS))

    def fill(self, texts: Mapping[str, str], numbers: Mapping[str, float]) -> str:
        """Return the text with every field filled in; flags read yes or no."""
        filled = []
        for part in self.parts:
            if isinstance(part, str):
                filled.append(part)
            elif part[0] in TEXT_FIELDS:
                filled.append(texts[part[0]])
            elif part[0] in FLAGS:
                filled.append("yes" if numbers[part[0]] else "no")
            else:
                filled.append(format(numbers[part[0]], part[1]))
        return "".join(filled)


@lru_cache(maxsize=20_000)
def compile_template(text: str) -> Template:
    """Return the template that a text says.

    Raises
    ------
    RuleError
        With the place, at a field that is not known or a format that no number has.

    Examples
    --------
    >>> compile_template("{pair} z {z:+.2f}").fill({"pair": "Y/X"}, {"z": 2.345})
    'Y/X z +2.35'
    """
    if len(text) > LONGEST:
        raise RuleError(f"the message has {len(text)} characters; at most {LONGEST}", offset=LONGEST)
    parts: list[str | tuple[str, str]] = []
    end = 0
    for found in _FIELD.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        parts.append(found.group()[0] if found.group() in ("{{", "}}") else _field(found))
    parts.append(text[end:])
    return Template(tuple(part for part in parts if part))


def _field(found: re.Match[str]) -> tuple[str, str]:
    name, form = found.group("name"), found.group("form") or ""
    start, length = found.start(), len(found.group())
    if name is None:
        raise RuleError(
            f"a lone {found.group()!r}; write {found.group() * 2!r} for the sign itself", offset=start, length=length
        )
    known = (*TEXT_FIELDS, *COLUMNS)
    if name not in known:
        hint = did_you_mean(name, known)
        raise RuleError(f"there is no field {name!r}{hint}; there are {', '.join(known)}", offset=start, length=length)
    is_number = name in COLUMNS and name not in FLAGS
    if form and (not is_number or not _FORM.fullmatch(form)):
        allowed = "as +.2f, .0f, ,.1f, .1% or .3g" if is_number else "none, for it is no number"
        raise RuleError(f"{form!r} is no format of {name!r}; use {allowed}", offset=start, length=length)
    return name, form or ".4g" if is_number else ""
