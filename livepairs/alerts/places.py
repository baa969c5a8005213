"""Where the values of a TOML text stand, which ``tomllib`` does not tell.

A scan by lines that knows tables, keys and strings; the text is already known to be TOML. What is written in another
way than one key a line (inline tables) has no place, and its errors then name the rule alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from livepairs.alerts.mistake import Place, RuleError

__all__ = ["Places"]

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY: Final = re.compile(r"\s*(?:\"([^\"]*)\"|'([^']*)'|([\w-]+))\s*=\s*")
_QUOTES: Final = ('"""', "'''", '"', "'")

Table = tuple[str, int]
"""Name of a table and its number among those of the same name."""


@dataclass(frozen=True, slots=True)
class _Value:
    key: int
    start: int
    text: str | None


class Places:
    """Places of tables, keys and values of one text.

    Parameters
    ----------
    text
        TOML.
    name
        The file, for errors.
    """

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._tables: dict[Table, int] = {}
        self._values: dict[tuple[Table, str], _Value] = {}
        self._scan()

    def error(self, error: RuleError, table: Table) -> RuleError:
        """Return the error with its place: in the text of the value, else at the key, else at the table."""
        value = self._values.get((table, error.key))
        if value is None:
            at = self._tables.get(table)
            if at is None:
                which = f"{table[0]} number {table[1] + 1}: " if table[0] else ""
                return RuleError(f"{self._name}, {which}{error.problem}", key=error.key, offset=error.offset)
            return error.at(self._place(at, len(self._line(at).strip())))
        if value.text is None:
            return error.at(self._place(value.start, 1))
        return error.at(self._place(value.start + error.offset, error.length))

    def key_error(self, problem: str, table: Table, key: str) -> RuleError:
        """Return an error about a key itself."""
        value = self._values.get((table, key))
        if value is None:
            inner = (name for name in self._tables if name[0].partition(".")[0] == key)
            return self.error(RuleError(problem), next(inner, table) if not table[0] else table)
        return RuleError(problem, key=key).at(self._place(value.key, len(key)))

    def value(self, table: Table, key: str) -> tuple[int, str | None] | None:
        """Return where a value's content begins, and its text where that is written as it reads; None if not there."""
        value = self._values.get((table, key))
        return None if value is None else (value.start, value.text)

    def at_line(self, line: int, column: int) -> Place:
        """Return the place of a line and column, both from 1, as ``tomllib`` tells them."""
        lines = self._text.splitlines() or [""]
        excerpt = lines[min(line, len(lines)) - 1]
        return Place(self._name, line, min(column, len(excerpt) + 1), 1, excerpt)

    def _line(self, at: int) -> str:
        end = self._text.find("\n", at)
        return self._text[self._text.rfind("\n", 0, at) + 1 : end if end >= 0 else None].rstrip("\r")

    def _place(self, at: int, length: int) -> Place:
        line = self._text.count("\n", 0, at) + 1
        return Place(self._name, line, at - self._text.rfind("\n", 0, at), length, self._line(at))

    def _scan(self) -> None:
        table: Table = ("", 0)
        counts: dict[str, int] = {}
        at = 0
        while at < len(self._text):
            end = self._text.find("\n", at)
            line = self._text[at : end if end >= 0 else None]
            if header := _HEADER.fullmatch(line.rstrip()):
                name = re.sub(r"\s*\.\s*", ".", header.group(2)).replace('"', "").replace("'", "")
                table = name, counts.get(name, -1) + 1
                counts[name] = table[1]
                self._tables[table] = at + header.start(1)
            elif key := _KEY.match(line):
                at = self._keep(table, key, at)
                end = self._text.find("\n", at)
            at = end + 1 if end >= 0 else len(self._text)

    def _keep(self, table: Table, key: re.Match[str], at: int) -> int:
        """Keep where a key's value is, and return a place in the line on which it ends."""
        start = at + key.end()
        quote = next((quote for quote in _QUOTES if self._text.startswith(quote, start)), None)
        name = next(group for group in key.groups() if group is not None)
        place = at + key.start(key.lastindex or 0)
        if quote is None:
            self._values[table, name] = _Value(place, start, None)
            return start
        start += len(quote)
        end = self._closing(quote, start)
        content = self._text[start:end]
        if len(quote) == 3 and content.startswith("\n"):
            start, content = start + 1, content[1:]  # TOML drops the line end right after the opening quotes
        # With an escape in it the text read is not the text written, and places in it mean nothing.
        is_plain = quote[0] == "'" or "\\" not in content
        self._values[table, name] = _Value(place, start, content if is_plain else None)
        return end

    def _closing(self, quote: str, start: int) -> int:
        at = start
        while at < len(self._text) and not self._text.startswith(quote, at):
            at += 2 if quote[0] == '"' and self._text[at] == "\\" else 1
        return at
