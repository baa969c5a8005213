"""The help explains every figure: what a page shows has a term, and what a term says has the run's own parameters."""

from __future__ import annotations

import re
from html import unescape

import pytest

from livepairs.backtest.metrics import METRICS as ENGINE_METRICS
from livepairs.backtest.params import BacktestParams
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import RunParams
from livepairs.schema import Pair
from livepairs.views import pages
from livepairs.views.backtest.metrictiles import metric_markup
from livepairs.views.figures.healthtile import health_markup
from livepairs.views.figures.kpis import _markup as kpi_markup
from livepairs.views.figures.paperrow import _markup as paper_markup
from livepairs.views.frame.glossary import METRICS, TERMS, explained
from tests.conftest import ROOT

PARAMS = RunParams((Pair("ETHUSDT", "BTCUSDT"),), pair_params=PairParams(120, 60, 90))


class WatchedRun:
    params = PARAMS


def titles(markup: str) -> list[str]:
    """Return what stands over the figures of a row of tiles."""
    return [unescape(title) for title in re.findall(r'<div class="(?:tile|cell) [^>]*><span>([^<]*)</span>', markup)]


@pytest.mark.parametrize("name", list(pages.found()))
def test_the_figures_of_a_page_are_explained(name: str) -> None:
    terms = explained(pages.found()[name].FIGURES, PARAMS)
    assert terms
    assert all(term.meaning for term in terms)
    assert not any("{" in term.formula for term in terms)


def test_every_tile_of_the_spread_page_has_its_term() -> None:
    shown = titles(kpi_markup(WatchedRun(), PARAMS.pairs[0])) + titles(paper_markup(BacktestParams()))  # type: ignore[arg-type]
    assert len(shown) >= 11
    explained_names = {term.name for term in explained(pages.found()["spread"].FIGURES, PARAMS)}
    assert set(shown) - explained_names == {"Last trades"}, "the last trades are a list and explain themselves"
    assert titles(health_markup()) == ["Health"]


def test_every_metric_of_a_backtest_has_its_term() -> None:
    terms = explained((METRICS,), PARAMS)
    assert len(terms) == len(ENGINE_METRICS)
    tiles = set(titles(metric_markup().replace('class="tile"', 'class="tile "')))
    assert tiles
    assert tiles <= {term.name for term in terms}


def test_every_column_of_the_scanner_has_its_term() -> None:
    script = (ROOT / "livepairs/views/js/scanboard.js").read_text()
    columns = re.findall(r'^  \["(\w+)", "[^"]+", "[^"]+"\],$', script, re.MULTILINE)
    assert len(columns) == 9
    assert set(columns) - {"pair"} <= set(pages.found()["scanner"].FIGURES)


def test_a_term_names_the_windows_of_the_run() -> None:
    z, beta, corr = explained(("z", "beta", "corr"), PARAMS)
    assert "60 bars" in z.formula
    assert "120 bars" in beta.formula
    assert "90 bars" in corr.formula


def test_a_term_that_is_not_there_is_an_error() -> None:
    assert "no such figure" not in TERMS
    with pytest.raises(KeyError):
        explained(("no such figure",), PARAMS)
