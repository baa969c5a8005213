"""Previews without a browser: the notebook in docs/ runs, and what cannot be shown is refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import livepairs
from livepairs.errors import ConfigError
from livepairs.hub import stop_hub
from livepairs.hub.installed import is_hub_started
from livepairs.notebook import _HUBS, Preview, preview

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "recordings" / "demo"
HALF_PAST = "2026-01-05T08:30:00Z"


@pytest.fixture
def shown() -> Iterator[Preview]:
    """Yield a preview that stands at a moment; hubs and their threads are gone afterwards."""
    yield preview(DEMO, at=HALF_PAST, bars="5s")
    for hub in _HUBS.values():
        hub.close()
    _HUBS.clear()
    stop_hub()


def test_a_preview_stands_at_the_moment_with_the_pair_and_the_bars_asked_for(shown: Preview):
    assert str(shown.pair) == "ETHUSDT/BTCUSDT"
    assert shown.run.params.interval == "5s"
    assert repr(shown) == "<preview of ETHUSDT/BTCUSDT of demo: paused>"


def test_previews_of_one_recording_share_a_hub_and_each_has_a_run(shown: Preview):
    other = preview(livepairs.open_recording(DEMO), at=HALF_PAST)
    assert other._hub is shown._hub
    assert other.run is not shown.run


def test_the_last_preview_that_is_closed_leaves_nothing_behind(shown: Preview):
    other = preview(DEMO, at=HALF_PAST)
    shown.close()
    assert is_hub_started()
    other.close()
    assert not is_hub_started()
    assert not _HUBS


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"view": "spred"}, "did you mean 'spread'"),
        ({"at": "yesterday"}, "a time as"),
        ({"speed": 5000}, "from 0.1 to 1000"),
        ({"pair": "DOGEUSDT/BTCUSDT"}, "DOGEUSDT"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(shown: Preview, said: dict, answer: str):
    with pytest.raises(ConfigError, match=answer):
        preview(DEMO, **said)


def test_a_slice_that_ends_before_it_begins_is_refused(shown: Preview):
    with pytest.raises(ConfigError, match="let it begin earlier"):
        shown.to_html(start=HALF_PAST, end="2026-01-05T08:20:00Z")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning:zmq", "ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_the_notebook_in_docs_runs():
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    path = ROOT / "docs" / "preview.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "keep outputs out of the repository"
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    last = notebook.cells[-1].outputs
    drawn = [output.data["text/html"] for output in last if output.output_type == "execute_result"]
    assert len(drawn) == 1
    assert "zscore" in drawn[0]
