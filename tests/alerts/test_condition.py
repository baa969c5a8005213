"""Conditions: what they mean, by a plain three-valued reading of one row, and what is refused where."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livepairs.alerts.condition import compile_condition
from livepairs.alerts.mistake import RuleError

VALUES = st.one_of(st.sampled_from([0.0, 1.0, -1.0, 2.0, math.nan, 1e308]), st.floats(-3, 3))
NAMES = ("z", "corr", "beta")


def numbers(depth: int) -> st.SearchStrategy[tuple[str, object]]:
    """Texts of numbers, each with a function of a row that says its value."""
    leaves = st.one_of(
        st.sampled_from(NAMES).map(lambda name: (name, lambda row, _before, name=name: row[name])),
        st.sampled_from(["0", "2", "1.5", "1e-3"]).map(lambda text: (text, lambda *_, value=float(text): value)),
    )
    if depth == 0:
        return leaves
    inner = numbers(depth - 1)
    joined = st.tuples(inner, st.sampled_from("+-*/"), inner).map(_arithmetic)
    return st.one_of(
        leaves,
        joined,
        inner.map(lambda item: (f"abs({item[0]})", lambda *rows: abs(item[1](*rows)))),
        inner.map(lambda item: (f"-({item[0]})", lambda *rows: -item[1](*rows))),
        st.tuples(inner, inner).map(lambda two: (f"max({two[0][0]}, {two[1][0]})", _largest(two))),
    )


def _largest(two):
    def value(*rows):
        found = [item[1](*rows) for item in two]
        return math.nan if any(map(math.isnan, found)) else max(found)

    return value


def _arithmetic(parts):
    (left, of_left), sign, (right, of_right) = parts

    def value(*rows):
        a, b = of_left(*rows), of_right(*rows)
        with np.errstate(all="ignore"):
            if sign == "/":
                return math.nan if b == 0 else float(np.float64(a) / np.float64(b))
            return float({"+": np.add, "-": np.subtract, "*": np.multiply}[sign](np.float64(a), np.float64(b)))

    return f"({left}) {sign} ({right})", value


COMPARED = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def truths(depth: int) -> st.SearchStrategy[tuple[str, object]]:
    """Texts of conditions, each with a function of a row and the one before that says True, False or None."""
    compared = st.tuples(numbers(1), st.sampled_from(list(COMPARED)), numbers(1)).map(_comparison)
    crossed = st.tuples(st.sampled_from(["rises", "falls"]), numbers(0), numbers(0)).map(_crossing)
    if depth == 0:
        return st.one_of(compared, crossed)
    inner = truths(depth - 1)
    return st.one_of(
        compared,
        inner.map(lambda item: (f"not ({item[0]})", lambda *rows: _denied(item[1](*rows)))),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]}) and ({two[1][0]})", _both(two))),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]}) or ({two[1][0]})", _either(two))),
    )


def _compare(sign, a, b):
    return None if math.isnan(a) or math.isnan(b) else COMPARED[sign](a, b)


def _comparison(parts):
    (left, of_left), sign, (right, of_right) = parts
    return f"({left}) {sign} ({right})", lambda *rows: _compare(sign, of_left(*rows), of_right(*rows))


def _crossing(parts):
    way, (left, of_left), (right, of_right) = parts
    now, then = (">=", "<") if way == "rises" else ("<=", ">")

    def truth(row, before):
        is_there = _compare(now, of_left(row, before), of_right(row, before))
        was_not = _compare(then, of_left(before, before), of_right(before, before))
        return _both_of(is_there, was_not)

    return f"{way}({left}, {right})", truth


def _denied(truth):
    return None if truth is None else not truth


def _both_of(a, b):
    return False if a is False or b is False else None if a is None or b is None else True


def _both(two):
    return lambda *rows: _both_of(two[0][1](*rows), two[1][1](*rows))


def _either(two):
    return lambda *rows: _denied(_both_of(_denied(two[0][1](*rows)), _denied(two[1][1](*rows))))


ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES)), min_size=2, max_size=4)
READING = truths(2).filter(lambda item: any(name in item[0] for name in NAMES) and len(item[0]) < 1_500)


@given(READING, ROWS)
def test_a_condition_is_what_a_plain_reading_of_each_row_says(reading, rows) -> None:
    text, truth_of = reading
    columns = {name: np.array([row[name] for row in rows]) for name in NAMES}
    nothing = dict.fromkeys(NAMES, math.nan)
    expected = [truth_of(row, before) for row, before in zip(rows, [nothing, *rows], strict=False)]
    condition = compile_condition(text)
    true, false = condition.truths(columns)
    assert [True if t else False if f else None for t, f in zip(true.tolist(), false.tolist(), strict=True)] == expected
    assert condition.evaluate(columns).tolist() == [truth is True for truth in expected]


@pytest.mark.parametrize(
    ("text", "z", "expected"),
    [
        ("abs(z) >= 2", [1.0, -2.0, math.nan], [False, True, False]),
        ("not z > 2", [1.0, 3.0, math.nan], [True, False, False]),
        ("not (z > 2 and corr > 0)", [1.0, 3.0, math.nan], [True, False, False]),
        ("z / 0 > 1 or z / 0 <= 1", [1.0, -1.0, 0.0], [False, False, False]),
        ("z != 2", [1.0, 2.0, math.nan], [True, False, False]),
        ("-1 < z <= 1", [1.0, -1.0, 0.5], [True, False, True]),
        ("crosses(z, 2)", [1.0, 3.0, 1.0], [False, True, True]),
        ("crosses(z, 2)", [1.0, 2.0, 1.0], [False, True, False]),
        ("crosses(z, 2)", [1.0, math.nan, 3.0], [False, False, False]),
        ("rises(z, 2)", [2.0, 2.0, 1.0], [False, False, False]),
        ("falls(z, -2)", [0.0, -2.0, -3.0], [False, True, False]),
        ("has_value(z)", [1.0, math.nan, 0.0], [True, False, True]),
        ("not has_value(z)", [1.0, math.nan, 0.0], [False, True, False]),
        ("z > 1 or corr > 1 and z < 0", [2.0, -1.0, 0.5], [True, False, False]),
        ("1 + 2 * 3 - 4 / 2 == 5 and z < 9", [1.0, 2.0, math.nan], [True, True, False]),
        ("2 - 1 - 1 == 0 and 8 / 4 / 2 == 1 and - z == -1", [1.0, 2.0, math.nan], [True, False, False]),
        ("min(z, 1, 3) > 0.5", [0.75, 0.0, math.nan], [True, False, False]),
        ("gap_open", [1.0, 0.0, 0.0], [True, False, False]),
        ("not gap_open", [1.0, 0.0, 0.0], [False, True, False]),
    ],
)
def test_what_the_words_mean(text: str, z: list[float], expected: list[bool]) -> None:
    columns = {"z": np.array(z), "corr": np.ones(3), "gap_open": np.array([1.0, 0.0, math.nan])}
    assert compile_condition(text).evaluate(columns).tolist() == expected


@pytest.mark.parametrize(
    ("text", "offset", "length", "said"),
    [
        ("", 0, 1, "empty"),
        ("abs(zz) > 2", 4, 2, "did you mean 'z'"),
        ("cointp > 1", 0, 6, "did you mean 'coint_p'"),
        ("Z > 2", 0, 1, "did you mean 'z'"),
        ("cross(z, 2)", 0, 5, "did you mean 'crosses'"),
        ("z", 0, 1, "is a number, and a condition is wanted"),
        ("z > 2 and corr", 10, 4, "is a number"),
        ("abs(z > 2) > 1", 4, 5, "is true or false, and a number is wanted"),
        ("gap_open == 1", 0, 8, "is true or false"),
        ("z = 2", 2, 1, "write '=='"),
        ("z > 2 && corr > 1", 6, 1, "write 'and'"),
        ("z ≥ 2", 2, 1, "write '>='"),
        ("z > 2)", 5, 1, "closes none"),
        ("(z > 2", 0, 1, "never closed"),
        ("z > 2 an corr > 1", 6, 2, "did you mean 'and'"),
        ("z > 2 AND corr > 1", 6, 3, "did you mean 'and'"),
        ("z >", 3, 1, "ends too early"),
        ("crosses(z)", 0, 7, "takes 2 numbers and got 1"),
        ("abs z > 1", 0, 3, "is a function"),
        ("1 > 0", 0, 1, "reads no column"),
        ("z > 1e999", 4, 5, "larger than any number"),
        ("z.real > 1", 1, 1, "a name has no parts"),
        ("z[0] > 1", 1, 1, "no lists"),
        ("__import__('os').system('x')", 11, 1, "is not known"),
        ("lambda: z", 6, 1, "is not known"),
        ("(" * 100 + "z > 1" + ")" * 100, 40, 1, "more than 40 levels"),
        ("z > " + "-" * 100 + "1", 44, 1, "more than 40 levels"),
        ("z > 1 or " * 300, 0, 1, "characters; at most"),
    ],
)
def test_a_mistake_is_refused_at_its_place(text: str, offset: int, length: int, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        compile_condition(text)
    assert (caught.value.offset, caught.value.length) == (offset, length)
    assert said in caught.value.problem


@given(st.text(max_size=40))
@example("\x00")
@example("z >\n2")
def test_any_text_is_understood_or_refused_with_a_place_inside_it(text: str) -> None:
    found: RuleError | None = None
    try:
        compile_condition(text)
    except RuleError as error:
        found = error
    assert found is None or 0 <= found.offset <= len(text)


def test_clauses_and_numbers_stand_in_the_text_as_written() -> None:
    condition = compile_condition("not (abs(z) >= 2 and coint_p < .05) or gap_open")
    assert [clause.text for clause in condition.clauses()] == ["abs(z) >= 2", "coint_p < .05", "gap_open"]
    assert condition.columns == ("z", "coint_p", "gap_open")
    assert [(number.value, condition.text[number.start : number.end]) for number in condition.numbers] == [
        (2.0, "2"),
        (0.05, ".05"),
    ]
