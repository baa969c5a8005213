"""What the charts of a page are of, in words: for the titles of pictures and the names of files."""

from __future__ import annotations

from livepairs.hub import Run
from livepairs.schema import Pair
from livepairs.views.charts.timeaxis import Origin

__all__ = ["origin_of"]


def origin_of(run: Run, pair: Pair, files: tuple[tuple[str, str], ...] = ()) -> Origin:
    """Return what the charts of a pair of a run are of, and which files can be had of their rows."""
    made = ", synthetic" if run.is_synthetic else ""
    if run.recording is None:
        return Origin(str(pair), f"livepairs, live feed {run.label}{made}", files)
    digest = run.recording.digest[:12]
    return Origin(str(pair), f"livepairs, replay of recording {run.recording.name} ({digest}{made})", files)
