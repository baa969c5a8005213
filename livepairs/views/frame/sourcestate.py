"""The state of a page's source on its frame: chips with their feed panel, and the sentence above."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, Final

import panel as pn

from livepairs.hub import Run
from livepairs.views import numbers
from livepairs.views.assets import stylesheet
from livepairs.views.component import Chip, LiveText
from livepairs.views.frame.feedtext import Word, feed_word, panel_of, tape_text, trouble_of
from livepairs.views.frame.visitor import is_permitted
from livepairs.views.pace import FIGURES_S, Pace
from livepairs.views.screen import sentence_markup
from livepairs.views.shared import shared

__all__ = ["SourceState"]

PATIENCE_S: Final = 3.0
"""How long a feed may be unwell before it is said above the charts: a reconnect of a second moves nothing."""

_BANNER: Final = sentence_markup("", is_error=True).replace("<div", '<div data-v="said"')

_NARROW: Final = "@media (min-width: 701px) { :host(.lp-narrow) { display: none !important; } }"
_WIDE: Final = "@media (max-width: 700px) { :host(.lp-wide) { display: none !important; } }"


class SourceState:
    """Chips and banner, kept up to date.

    Parameters
    ----------
    run
        The run that is watched.
    notify
        Called on the server's loop when the page is to be refreshed.
    can_change
        Whether a visitor may start and stop the feed.
    is_bare
        The page has no header, so the chips stand above the views at any width.
    """

    def __init__(self, run: Run, notify: Callable[[], None], *, can_change: bool, is_bare: bool = False) -> None:
        self._run, self._notify = run, notify
        self._can_change = can_change
        self._opened: set[Chip] = set()
        self._pace = Pace(FIGURES_S)
        self._said = ""
        self._unwell_s: float | None = None
        narrow = "" if is_bare else _NARROW
        self.wide, self.narrow = self._chip("lp-wide", _WIDE), self._chip("lp-narrow", narrow)
        self.narrow_row = pn.Row(self.narrow, margin=0, css_classes=["lp-narrow"], stylesheets=[narrow])
        # Not a pane: as the text of one changes, all models of its page are looked through, on every page there is.
        self._banner = LiveText(
            markup=_BANNER, stylesheets=[stylesheet("sentence")], sizing_mode="stretch_width", margin=0
        )
        self.view: pn.Column = pn.Column(self._banner, margin=0, sizing_mode="stretch_width")

    def refresh(self) -> None:
        """Show where the run stands."""
        run, shown = self._run, self._shown()
        for chip in (self.wide, self.narrow):
            chip.show(**shown)
        self._say()
        if self._opened and self._pace.is_due(run):
            listed = shared(run, "feed panel", monotonic() // FIGURES_S, lambda: panel_of(run))
            for chip in self._opened:
                chip.show(panel=listed)

    def _chip(self, width: str, style: str) -> Chip:
        return Chip(
            self._act, css_classes=[width], stylesheets=[style], margin=(0, 4), align="center",
            can_change=self._can_change,
        )  # fmt: skip

    def _act(self, chip: Chip, act: str) -> None:
        line = self._run.line
        if act == "open":
            self._opened.add(chip)
            chip.panel = panel_of(self._run)
        elif act == "close":
            self._opened.discard(chip)
            chip.panel = {}
        elif line is not None and is_permitted("live"):
            (line.start if act == "start" else line.stop)()
        self._notify()

    def _shown(self) -> dict[str, Any]:
        run = self._run
        made = "synthetic" if run.is_synthetic else ""
        word = feed_word(run) if run.kind == "live" else _replay_word(run)
        is_taping = run.kind == "live" and run.taping.state.status == "recording"
        tip = tape_text(run.taping.state, now_us=run.status.now_us) if is_taping else ""
        return {
            "kind": word.kind, "word": word.word, "detail": word.detail, "explanation": word.explanation, "made": made,
            "tape": "REC" if is_taping else "", "tape_tip": f"Recording {tip}" if tip else "",
        }  # fmt: skip

    def _say(self) -> None:
        text = self._trouble()
        if text != self._said:
            self._said = text
            self._banner.show(values={"said": text})

    def _trouble(self) -> str:
        run = self._run
        if run.state.error:
            what = "replay" if run.kind == "replay" else "live feed"
            return f"This {what} has stopped: {run.state.error}."
        # As long as nothing at all has come, wayout.Silence says why.
        text = trouble_of(run) if run.status.trades else ""
        if not text:
            self._unwell_s = None
            return ""
        now_s = monotonic()
        self._unwell_s = now_s if self._unwell_s is None else self._unwell_s
        return text if now_s - self._unwell_s >= PATIENCE_S else self._said


def _replay_word(run: Run) -> Word:
    state = run.state
    name = f"{run.label} {numbers.speed(state.speed)}"
    kinds = {"paused": ("paused", "PAUSED"), "ended": ("ended", "ENDED"), "failed": ("failed", "FAILED")}
    kind, word = kinds.get(state.status, ("replay", "REPLAY"))
    explanation = f"Stopped: {state.error}" if state.error else f"{word.capitalize()}: {name}"
    return Word(kind, word, name, explanation)
