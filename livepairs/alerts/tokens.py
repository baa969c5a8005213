"""A condition's text cut into tokens: numbers, names, operators and brackets, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from livepairs.alerts.mistake import RuleError

__all__ = ["LONGEST", "Token", "tokenize"]

LONGEST: Final = 2_000
"""Characters a condition may have."""

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)|(?P<operator><=|>=|==|!=|[-+*/<>(),]))"
)

_INSTEAD: Final = {
    "=": "'=' compares nothing; write '=='",
    "&": "'&' is not known; write 'and'",
    "|": "'|' is not known; write 'or'",
    "!": "'!' is not known; write 'not'",
    "≥": "'≥' is not known; write '>='",
    "≤": "'≤' is not known; write '<='",
    "≠": "'≠' is not known; write '!='",
    "−": "this minus is not known; write '-'",
    ".": "a name has no parts; write the column alone, as z",
    "[": "there are no lists or places; a condition sees one closed bar and the one before",
}


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is ``number``, ``name``, ``operator`` or ``end``; ``start`` is the first character's place, from 0."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place after its last character."""
        return self.start + len(self.text)


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a condition, the last one of kind ``end``.

    Raises
    ------
    RuleError
        At the first character that begins none, or if the text is too long.
    """
    if len(text) > LONGEST:
        raise RuleError(f"the condition has {len(text)} characters; at most {LONGEST}: make it two rules")
    tokens: list[Token] = []
    start, end = 0, len(text.rstrip())
    while start < end:
        found = _TOKEN.match(text, start)
        if found is None:
            raise _unknown(text, start)
        kind = found.lastgroup or ""
        tokens.append(Token(kind, found.group(kind), found.start(kind)))
        start = found.end()
    return [*tokens, Token("end", "", end)]


def _unknown(text: str, start: int) -> RuleError:
    place = next(at for at in range(start, len(text)) if not text[at].isspace())
    character = text[place]
    allowed = "a condition is made of columns, numbers, + - * /, comparisons, and, or, not, functions and brackets"
    return RuleError(_INSTEAD.get(character, f"{character!r} is not known; {allowed}"), offset=place)
