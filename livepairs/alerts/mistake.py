"""The error of a rule: what is wrong, and where, with a caret under it.

A condition knows its columns only; whoever reads it from a file moves the error to the file's line.
"""

from __future__ import annotations

from dataclasses import dataclass

from livepairs.errors import ConfigError

__all__ = ["Place", "RuleError"]

WIDEST: int = 160
"""Characters of a line that are shown; a longer one is cut around the place."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mistake is: ``line`` and ``column`` count from 1, ``length`` characters are marked in ``excerpt``.

    ``name`` is the file as the user named it, empty where the text came from none.
    """

    name: str
    line: int
    column: int
    length: int
    excerpt: str

    def __str__(self) -> str:
        start = f"{self.name}, " if self.name else ""
        return f"{start}line {self.line}, column {self.column}"

    @property
    def marked(self) -> str:
        """The line with a caret under the place, on two lines."""
        cut = max(0, self.column - 1 - WIDEST // 2)
        shown = self.excerpt[cut : cut + WIDEST].replace("\t", " ")
        start = self.column - 1 - cut
        length = max(1, min(self.length, len(shown) - start))
        return f"    {shown}\n    {' ' * start}{'^' * length}"


class RuleError(ConfigError):
    """A rule cannot be used.

    Parameters
    ----------
    problem
        What was found, what is allowed, what to do; one line.
    key
        The key of the rule concerned; empty if it is not one key.
    offset, length
        The characters of the key's text concerned, the first one 0.
    place
        Where it is in the text; None where that is not known.
    """

    def __init__(self, problem: str, *, key: str = "", offset: int = 0, length: int = 1, place: Place | None = None):
        self.problem = problem
        self.key = key
        self.offset = offset
        self.length = length
        self.place = place
        super().__init__(problem if place is None else f"{place}: {problem}\n{place.marked}")

    @property
    def line(self) -> int:
        """Line of the text, from 1; 1 where the place is not known."""
        return 1 if self.place is None else self.place.line

    @property
    def column(self) -> int:
        """Column of the line, from 1."""
        return self.offset + 1 if self.place is None else self.place.column

    def at(self, place: Place) -> RuleError:
        """Return the same error with its place."""
        return RuleError(self.problem, key=self.key, offset=self.offset, length=self.length, place=place)
