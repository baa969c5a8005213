"""The contract of livepairs.stats: every exported statistic is documented, sourced, shown at work and in the docs."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

from livepairs import stats

ROOT = Path(__file__).resolve().parents[2]
SOURCE = re.compile(r"\b(1[89]|20)\d\d\b")
FORMULA = re.compile(r"``|[=<>~]|ratio|table|statistic|value|bridge|critical", re.IGNORECASE)
NUMBERS = (float, int, tuple)


@pytest.mark.parametrize("name", sorted(stats.homes()))
def test_each_statistic_has_formula_source_and_an_example_that_runs(name: str) -> None:
    statistic = getattr(stats, name)
    if isinstance(statistic, NUMBERS) or not callable(statistic):
        return
    text = statistic.__doc__ or ""
    sections = re.split(r"\n\s*(\w+)\n\s*-{3,}\n", text)
    notes = dict(zip(sections[1::2], sections[2::2], strict=True)).get("Notes", "")
    assert SOURCE.search(notes), f"{name} names no source with a year in its Notes"
    assert FORMULA.search(notes), f"{name} has no formula in its Notes"
    assert doctest.DocTestParser().get_examples(text), f"{name} has no example"


def test_the_document_of_statistics_names_exactly_those_there_are() -> None:
    text = (ROOT / "docs" / "statistics.md").read_text("utf-8")
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    assert set(re.findall(r"`(\w+)`", " ".join(cells))) == set(stats.homes())


def test_each_statistic_has_tests_of_its_own() -> None:
    tests = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    modules = {home.rpartition(".")[2] for home in stats.homes().values()}
    assert {module for module in modules if f"test_{module}.py" not in tests} == set()


def test_public_names_never_hide_a_file() -> None:
    """Python binds a submodule to its package, so a function of that name would be there until the file is imported."""
    modules = {home.rpartition(".")[2] for home in stats.homes().values()}
    assert modules & set(stats.homes()) == set()


def test_names_resolve_lazily_and_bring_no_heavy_package() -> None:
    code = (
        "import sys, livepairs.stats as s; s.RollingOls; s.adf_test; dir(s);"
        "print(sorted({'pandas', 'scipy', 'statsmodels', 'numba', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_are_listed_and_others_refused() -> None:
    assert set(stats.__all__) == set(stats.homes()) <= set(dir(stats))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = stats.nonsense
