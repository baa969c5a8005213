"""The digest badge in the header of every page: whether what is replayed is what was live, and what that means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Final

import panel as pn
import param
from panel.viewable import Viewable

from livepairs.errors import LivepairsError
from livepairs.hub import Hub, Run
from livepairs.stores.recording import Recording
from livepairs.views.assets import module, stylesheet
from livepairs.views.component import Talking
from livepairs.views.frame.badgetext import of_recording, of_tape
from livepairs.views.frame.visitor import permit

__all__ = ["Badge", "DigestBadge"]


_NARROW: Final = "@media (min-width: 701px) { :host(.lp-narrow) { display: none !important; } }"
_WIDE: Final = "@media (max-width: 700px) { :host(.lp-wide) { display: none !important; } }"


class DigestBadge(Talking):
    """The badge as it is drawn; a press opens what it means.

    Parameters
    ----------
    act
        Called with ``{"act": "check"}`` when a visitor wants it checked.
    """

    said = param.Dict(default={}, doc="What it shows: the fields of badgetext.Said.")
    notice = param.String(default="", doc="Why a check could not begin; empty if it could.")
    link = param.String(default="./recordings", doc="The recordings page of this run.")

    _esm: ClassVar[Path] = module("badge")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("badge")]


class Badge:
    """Keeps the badge up to date: one for the header, one for the row under it on a phone.

    Parameters
    ----------
    hub
        Has the library, which knows what was checked.
    run
        The run that is watched.
    notify
        Called on the server's loop when the page is to be refreshed.
    query
        Query string that finds the run again.
    is_bare
        The page has no header, so the badge stands above the views at any width.
    """

    def __init__(
        self, hub: Hub, run: Run, notify: Callable[[], None], query: str = "", *, is_bare: bool = False
    ) -> None:
        self._hub, self._run, self._notify = hub, run, notify
        self._recorded: Recording | None = None
        self._known: tuple[Recording | None, Any] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        link = f"./recordings?{query}" if query else "./recordings"
        self.wide, self.narrow = (
            DigestBadge(
                self._act, name=f"digest-{width}", css_classes=[f"lp-{width}"], stylesheets=[style], margin=(0, 2),
                align="center", link=link,
            )
            for width, style in (("wide", _WIDE), ("narrow", "" if is_bare else _NARROW))
        )  # fmt: skip
        # Both hang elsewhere; what is placed among the panels takes no room.
        self.view: Viewable = pn.Spacer(width=0, height=0, margin=0)

    def begin(self) -> None:
        """Be woken by checks, now that the browser has connected."""
        self._unsubscribe = self._hub.library.subscribe(self._notify)

    def end(self) -> None:
        """Let go of the library."""
        if self._unsubscribe is not None:
            self._unsubscribe()

    def refresh(self) -> None:
        """Show what is known now."""
        recording = self._shown()
        known: Any = self._run.taping.state if recording is None else self._hub.library.proof_of(recording)
        if (recording, known) == self._known:
            return
        self._known = (recording, known)
        said = asdict(of_tape(known) if recording is None else of_recording(recording, known))
        for badge in (self.wide, self.narrow):
            badge.show(said=said)

    def _shown(self) -> Recording | None:
        """Return the recording that is replayed, or the one a live run has made last."""
        if self._run.kind == "replay":
            return self._run.recording
        tape = self._run.taping.state
        if tape.status != "saved":
            self._recorded = None
        elif self._recorded is None or self._recorded.name != tape.name:
            try:
                self._recorded = self._hub.library.shelf.open(tape.name)
            except LivepairsError:
                return None  # deleted since
        return self._recorded

    def _act(self, message: Mapping[str, Any]) -> None:
        recording = self._shown()
        if message.get("act") != "check" or recording is None:
            return
        notice = ""
        try:
            permit("prove", self._hub.gate)
            self._hub.library.prove_recording(recording)
        except LivepairsError as error:
            text = str(error)
            notice = f"{text[:1].upper()}{text[1:]}."
        for badge in (self.wide, self.narrow):
            badge.notice = notice
        self._notify()
