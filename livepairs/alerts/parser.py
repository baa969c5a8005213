"""A condition's text to nodes, by precedence: ``or``, ``and``, ``not``, comparisons, ``+ -``, ``* /``, minus, values.

Numbers and truths are told apart here, so that whatever is parsed can be computed: ``abs(z >= 2)`` and ``z and 2`` are
refused at their place. Nothing is ever handed to Python's own evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NoReturn

from livepairs.alerts.mistake import RuleError
from livepairs.alerts.nodes import (
    Arithmetic,
    Both,
    Call,
    Column,
    Comparison,
    Either,
    Flag,
    Literal,
    Node,
    Not,
    Test,
    is_truth,
)
from livepairs.alerts.tokens import Token, tokenize
from livepairs.alerts.vocabulary import COLUMNS, FLAGS, FUNCTIONS
from livepairs.errors import did_you_mean

__all__ = ["parse"]

COMPARISONS: Final = ("<", "<=", ">", ">=", "==", "!=")
WORDS: Final = ("and", "or", "not")
DEEPEST: Final = 40
"""Levels of brackets and signs a condition may have; deeper ones would exhaust the stack."""


def parse(text: str) -> Node:
    """Return what a condition says.

    Raises
    ------
    RuleError
        At the first thing that cannot be understood, and if the whole is a number.
    """
    if not text.strip():
        raise RuleError("the condition is empty; write for example abs(z) >= 2")
    return _Parser(text).whole()


class _Parser:
    """Descends by precedence; each method takes the tokens of its level and those that bind tighter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenize(text)
        self._place = 0
        self._depth = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._next
        self._place += token.kind != "end"
        return token

    def _takes(self, *texts: str) -> Token | None:
        """Take the next token if it is one of these operators or words."""
        return self._take() if self._next.kind != "number" and self._next.text in texts else None

    def whole(self) -> Node:
        node = self._truth(self._either())
        if self._next.kind != "end":
            self._refuse_rest()
        return node

    def _refuse_rest(self) -> NoReturn:
        found = self._next
        if found.text == ")":
            self._fail("this bracket closes none; take it out", found)
        hint = did_you_mean(found.text.lower(), WORDS) if found.kind == "name" else ""
        self._fail(f"{found.text!r} was not expected here{hint}; join conditions with 'and' or 'or'", found)

    def _either(self) -> Node:
        node = self._both()
        while self._takes("or"):
            left, right = self._truth(node), self._truth(self._both())
            node = Either(left.start, right.end, left, right)
        return node

    def _both(self) -> Node:
        node = self._denial()
        while self._takes("and"):
            left, right = self._truth(node), self._truth(self._denial())
            node = Both(left.start, right.end, left, right)
        return node

    def _denial(self) -> Node:
        word = self._takes("not")
        if word is None:
            return self._comparison()
        inner = self._truth(self._deeper(self._denial, word))
        return Not(word.start, inner.end, inner)

    def _comparison(self) -> Node:
        node = left = self._sum()
        chained: Node | None = None
        while sign := self._takes(*COMPARISONS):
            left, right = self._number(left), self._number(self._sum())
            node = Comparison(left.start, right.end, sign.text, left, right)
            # 1 < z < 2 is two comparisons, both of which must hold.
            chained = node if chained is None else Both(chained.start, right.end, chained, node)
            left = right
        return chained or node

    def _sum(self) -> Node:
        node = self._product()
        while sign := self._takes("+", "-"):
            node = self._joined(sign, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._signed()
        while sign := self._takes("*", "/"):
            node = self._joined(sign, node, self._signed())
        return node

    def _joined(self, sign: Token, left: Node, right: Node) -> Node:
        return Arithmetic(left.start, right.end, sign.text, self._number(left), self._number(right))

    def _signed(self) -> Node:
        sign = self._takes("-", "+")
        if sign is None:
            return self._value()
        inner = self._number(self._deeper(self._signed, sign))
        return inner if sign.text == "+" else Call(sign.start, inner.end, "negative", (inner,))

    def _value(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return self._literal(token)
        if token.kind == "name" and token.text not in WORDS:
            return self._call(token) if self._next.text == "(" else self._column(token)
        if token.text == "(":
            node = self._deeper(self._either, token)
            self._close(token)
            return node
        if token.kind == "end":
            self._fail("the condition ends too early; a column, a number or a bracket is missing", token)
        return self._fail(f"{token.text!r} was not expected here; a column, a number or a bracket is", token)

    def _literal(self, token: Token) -> Node:
        value = float(token.text)
        if math.isinf(value):
            self._fail(f"{token.text} is larger than any number here; use up to 1e308", token)
        return Literal(token.start, token.end, value)

    def _column(self, token: Token) -> Node:
        if token.text in FLAGS:
            return Flag(token.start, token.end, token.text)
        if token.text in COLUMNS:
            return Column(token.start, token.end, token.text)
        if token.text in FUNCTIONS:
            self._fail(f"{token.text!r} is a function: {FUNCTIONS[token.text].meaning}; write {token.text}(...)", token)
        known = (*COLUMNS, *FUNCTIONS, *WORDS)
        hint = did_you_mean(token.text, known) or did_you_mean(token.text.lower(), known)
        return self._fail(f"there is no column {token.text!r}{hint}; there are {', '.join(COLUMNS)}", token)

    def _call(self, token: Token) -> Node:
        known = FUNCTIONS.get(token.text)
        if known is None:
            hint = did_you_mean(token.text.lower(), FUNCTIONS)
            self._fail(f"there is no function {token.text!r}{hint}; there are {', '.join(FUNCTIONS)}", token)
        bracket = self._take()
        inputs: list[Node] = []
        while self._next.text != ")":
            inputs.append(self._number(self._deeper(self._either, token)))
            if not self._takes(","):
                break
        end = self._close(bracket).end
        if not known.fewest <= len(inputs) <= known.most:
            takes = "1 number" if known.most == 1 else f"{known.most} numbers"
            takes = takes if known.fewest == known.most else f"{known.fewest} to {takes}"
            self._fail(f"{token.text!r} takes {takes} and got {len(inputs)}; it gives: {known.meaning}", token)
        return (Test if known.is_truth else Call)(token.start, end, token.text, tuple(inputs))

    def _close(self, bracket: Token) -> Token:
        closing = self._takes(")")
        if closing is not None:
            return closing
        if self._next.kind == "end":
            self._fail("this bracket is never closed; add ')'", bracket)
        return self._fail(f"{self._next.text!r} was not expected here; ')' or ',' is", self._next)

    def _deeper(self, level: Callable[[], Node], token: Token) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail(f"more than {DEEPEST} levels of brackets and signs; make it simpler, or two rules", token)
        node = level()
        self._depth -= 1
        return node

    def _truth(self, node: Node) -> Node:
        if not is_truth(node):
            written = self._text[node.start : node.end]
            self._fail(f"'{written}' is a number, and a condition is wanted; compare it, as in {written} > 2", node)
        return node

    def _number(self, node: Node) -> Node:
        if is_truth(node):
            written = self._text[node.start : node.end]
            how = "use it as it is, or after 'not'" if isinstance(node, Flag) else "join conditions with 'and' or 'or'"
            self._fail(f"'{written}' is true or false, and a number is wanted; {how}", node)
        return node

    def _fail(self, problem: str, at: Token | Node) -> NoReturn:
        raise RuleError(problem, offset=at.start, length=max(1, at.end - at.start))
