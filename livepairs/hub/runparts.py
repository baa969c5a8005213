"""What a run is made of, and where it stands: values that any thread may keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from livepairs.errors import LivepairsError
from livepairs.sources import Source

if TYPE_CHECKING:
    from livepairs.alerts.rule import RuleSet
    from livepairs.hub.reel import Reel
    from livepairs.pipeline import Pipeline, RunParams
    from livepairs.stores.recording import Recording

__all__ = ["OVER", "RunSetup", "RunState", "sentence_of"]

OVER: Final = "this run is over because nobody was watching it; load the page again to begin a new one"
"""What a page is told that comes, or comes back, too late."""


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a run stands; replaced, never changed, so any thread may keep one.

    Parameters
    ----------
    status
        ``failed`` comes with ``error``, a sentence for the user, also where a run is over because nobody watched it;
        ``ended`` is the end of the recording.
    now_us
        Event time shown; while ``is_seeking``, the event time sought.
    speed
        Event time over wall time; infinity for as fast as it can be computed, 1 for a live run.
    error
        Why it failed or is over.
    generation
        Goes up with each seek.
    is_seeking
        A moment is being reached at full speed; the tables are on their way to it.
    """

    status: Literal["playing", "paused", "ended", "failed"]
    now_us: int
    speed: float
    error: str | None
    generation: int
    is_seeking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSetup:
    """What a run is made of.

    Parameters
    ----------
    id, label
        Its name in the URL, and its name on the screen.
    source
        A ``Replay`` or an endless source; asked for chunks on the run's thread only.
    pipeline
        Fed on the run's thread only; the run closes it.
    params
        What the pipeline computes.
    recording
        What is replayed; None for a live run.
    is_synthetic
        The trades are generated, not traded; the screen must say so.
    listed
        Name in the library under which the recording was asked for; empty for the server's own source.
    rules
        Tells the rules in force, which the pipeline follows; None where it keeps those it began with.
    reel
        Finds the recording computed ahead with these parameters, symbols and healed or not, if it is.
    """

    id: str
    label: str
    source: Source
    pipeline: Pipeline
    params: RunParams
    recording: Recording | None = None
    is_synthetic: bool = False
    listed: str = ""
    rules: Callable[[], RuleSet | None] | None = None
    reel: Callable[[RunParams, tuple[str, ...], bool], Reel | None] = lambda _params, _symbols, _healed: None


def sentence_of(error: Exception) -> str:
    """Return what the user is told: our own errors speak for themselves, any other is a bug that the log explains."""
    if isinstance(error, LivepairsError):
        return str(error)
    return f"this run stopped because of an internal error ({type(error).__name__}); the server's log says more"
