"""Multiple looks: the example of Benjamini and Hochberg, and the definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.errors import ConfigError
from livepairs.stats.false_discovery import q_values

BENJAMINI_HOCHBERG = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip


def test_the_fifteen_p_values_of_their_paper() -> None:
    """Benjamini and Hochberg (1995): their procedure rejects 4 of 15 at 5 %, Bonferroni's 3."""
    assert (q_values(BENJAMINI_HOCHBERG) <= 0.05).sum() == 4
    assert (15.0 * np.array(BENJAMINI_HOCHBERG) <= 0.05).sum() == 3


def test_any_dependence_costs_the_harmonic_factor() -> None:
    """For 500 instruments, 124,750 pairs, it is 12.31."""
    p = np.linspace(1e-7, 1e-6, 124_750)
    assert (q_values(p, method="by") / q_values(p))[-1] == pytest.approx(12.31, abs=5e-3)


@given(st.lists(st.one_of(st.floats(0.0, 1.0), st.just(float("nan"))), max_size=30))
def test_q_is_its_definition_and_nan_do_not_count(p: list[float]) -> None:
    found = q_values(p)
    known = sorted(value for value in p if value == value)
    for value, q in zip(p, found, strict=True):
        if value != value:
            assert np.isnan(q)
            continue
        steps = [len(known) * other / rank for rank, other in enumerate(known, 1) if other >= value]
        assert q == pytest.approx(min(1.0, *steps), rel=1e-12)


def test_no_tests_have_no_q_and_others_are_refused() -> None:
    assert len(q_values([])) == 0
    with pytest.raises(ConfigError, match="method 'holm' is not known; use one of bh, by"):
        q_values([0.1], method="holm")
    with pytest.raises(ConfigError, match="not between 0 and 1"):
        q_values([1.1])
