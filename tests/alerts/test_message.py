"""Messages of events: fields by name with a number's format, and no way from there to anything else."""

from __future__ import annotations

import math

import pytest

from livepairs.alerts.message import compile_template
from livepairs.alerts.mistake import RuleError

TEXTS = {"pair": "Y/X", "symbol": "Y/X", "subject": "Y/X", "rule": "r", "level": "info"}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{pair} {rule} {level}", "Y/X r info"),
        ("{z:+.2f} {z:.1%} {z}", "+2.35 234.6% 2.346"),
        ("{beta:,.1f} {half_life:.0f}", "12,345.7 nan"),
        ("{{z}} {gap_open}", "{z} yes"),
        ("", ""),
    ],
)
def test_a_template_is_filled(template: str, said: str) -> None:
    numbers = {"z": 2.3456, "beta": 12345.678, "half_life": math.nan, "gap_open": 1.0}
    assert compile_template(template).fill(TEXTS, numbers) == said


@pytest.mark.parametrize(
    ("template", "offset"),
    [
        ("a {z.__class__}", 2),
        ("{z[0]}", 0),
        ("{0}", 0),
        ("{}", 0),
        ("{z!r}", 0),
        ("{z:{beta}}", 0),
        ("{z:>999999999}", 0),
        ("{z:.999f}", 0),
        ("{pair:x}", 0),
        ("{gap_open:.1f}", 0),
        ("a}", 1),
        ("x" * 501, 500),
    ],
)
def test_anything_else_is_refused_at_its_place(template: str, offset: int) -> None:
    with pytest.raises(RuleError) as caught:
        compile_template(template)
    assert caught.value.offset == offset
