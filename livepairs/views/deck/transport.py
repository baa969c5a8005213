"""The deck at work: it shows where the run stands and takes the orders of whoever may give them.

Whether a visitor may is asked with each order. While somebody presents, whoever holds the control link steers; all the
others' pages follow, or look around on a run of their own.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Final

from livepairs.errors import AccessError, LivepairsError
from livepairs.hub import Run, get_hub
from livepairs.hub.publisher import current_beat
from livepairs.hub.stage import Scene
from livepairs.moment import Moment, to_query
from livepairs.runparams import RunParams
from livepairs.schema import Marker, Pair
from livepairs.views.charts.timeaxis import windows
from livepairs.views.deck.deck import Deck
from livepairs.views.deck.scrubmarks import marks_of
from livepairs.views.frame.visit import Visit
from livepairs.views.frame.visitor import is_permitted, permit, visitor
from livepairs.views.shared import shared

__all__ = ["SPEEDS", "Transport"]

SPEEDS: Final = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 1000, 0)
"""The speeds the deck offers; 0 stands for as fast as possible."""

MARKS_S: Final = 1.0
"""Seconds between looks at what lies on the scrub bar."""

_log = logging.getLogger(__name__)


class Transport:
    """The deck of one page.

    Parameters
    ----------
    visit
        What is watched.
    page
        Name of the page.
    notify
        Called on the server's loop when the page is to be refreshed.
    """

    def __init__(self, visit: Visit, page: str, notify: Callable[[], None]) -> None:
        self._visit, self._run, self._page, self._notify = visit, visit.run, page, notify
        self._token = visit.control
        self._marks_s = float("-inf")
        self._linked: tuple[tuple[RunParams, bool], str] | None = None
        self.on_query: Callable[[str], None] = lambda _query: None
        """Called with the query string that leads from page to page, when it has changed."""
        run, recording = self._run, self._run.recording
        span = (recording.start_us, max(recording.start_us, recording.vouched_us)) if recording else (0, 1_000_000)
        interval_us = run.params.interval_us
        self.view = Deck(
            self._act, is_replay=run.control is not None, start_ms=span[0] / 1000, end_ms=span[1] / 1000,
            step_ms=interval_us / 1000, speeds=list(SPEEDS), windows=windows(interval_us), margin=0, page=page,
            run="" if run.kind == "live" else run.id, back=visit.back, can_mark=is_permitted("mark"),
            live=_live_address(visit),
        )  # fmt: skip
        self._acts: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "play": self._turned(lambda _said: self._control.play()),
            "pause": self._turned(lambda _said: self._control.pause()),
            "step": self._turned(self._step),
            "speed": self._turned(lambda said: self._control.set_speed(_number(said, "value") or math.inf)),
            "seek": self._turned(lambda said: self._control.seek(_micros(said, "value"))),
            "loop": self._turned(self._loop),
            "heal": self._turned(lambda said: self._run.heal(healed=said["value"] is True)),
            "mark": self._mark,
            "unmark": self._unmark,
            "present": self._present,
            "unpresent": self._unpresent,
            "scene": self._scene,
        }

    def enter(self) -> None:
        """Take part: the page is connected now."""
        if self._run.stage.enter(self._token):
            self._show()

    def leave(self) -> None:
        """Take part no more: the page is gone, and perhaps the presenter with it."""
        if self._run.stage.leave(self._token):
            self._run.announce()

    def refresh(self) -> None:
        """Show where the run stands."""
        run = self._run
        # What an order has just changed is shown to whoever gave it before the next beat.
        stands = shared(run, "stands", beat, lambda: _standing(run)) if (beat := current_beat()) else _standing(run)
        self.view.show(link=self._link(), **stands, **self._staged())
        now_s = monotonic()
        if now_s - self._marks_s >= MARKS_S and run.recording is not None:
            self._marks_s = now_s
            self._refresh_marks()

    def _link(self) -> str:
        """Return the query of a link to this run's numbers; made anew only where they may be others."""
        of = (self._run.params, self._run.is_healed)
        if self._linked is None or self._linked[0] != of:
            self._linked = (of, to_query(self._visit.lasting))
        return self._linked[1]

    def _refresh_marks(self) -> None:
        run = self._run
        assert run.recording is not None
        try:
            markers = run.landmarks.markers()
        except LivepairsError:  # whoever adds the next one is told
            markers = run.recording.markers
        planted = set(run.recording.markers)
        listed = [(mark.ts_us / 1000, mark.label, mark.note, mark not in planted) for mark in markers]
        stamp = (markers, run.landmarks.alerts_stamp())
        self.view.show(marks=shared(run, "marks", stamp, lambda: marks_of(run, markers)), markers=listed)

    def _staged(self) -> dict[str, Any]:
        stage = self._run.stage
        is_holder = stage.is_held_by(self._token)
        others = "deserted" if stage.is_deserted else "following"
        role = "" if not stage.is_open else "presenting" if is_holder else others
        scene = stage.scene
        seen = {} if scene is None else {
            "page": scene.page, "pair": scene.pair, "zoom": scene.zoom_ms, "width": scene.width_ms,
        }  # fmt: skip
        return {
            "role": role, "control": self._token if is_holder else "", "scene": seen,
            "can_steer": not stage.is_open or is_holder,
        }  # fmt: skip

    def _act(self, said: Mapping[str, Any]) -> None:
        try:
            self._acts[said["act"]](said)
        except LivepairsError as error:
            self.view.send({"notice": f"{str(error)[:1].upper()}{str(error)[1:]}."})
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            # A browser can send anything; what it may not do is stop the page.
            _log.warning("deck order %r was refused: %s", said.get("act"), error)
        self._notify()

    def order(self, name: str, value: float | None = None) -> None:
        """Give an order in the place of the deck, past the same questions: a host's page does."""
        self._act({"act": name, "value": value})

    def _turned(self, turn: Callable[[Mapping[str, Any]], None]) -> Callable[[Mapping[str, Any]], None]:
        """Return the order as one that only whoever may steer can give."""

        def act(said: Mapping[str, Any]) -> None:
            if self._run.control is not None:
                self._require_helm()
                turn(said)

        return act

    def _require_helm(self, *, takes_over: bool = False) -> None:
        stage = self._run.stage
        is_free = not stage.is_open or (takes_over and stage.is_deserted)
        if not is_free and not stage.is_held_by(self._token):
            raise AccessError("whoever holds the control link steers this replay; press b to look around on your own")
        watcher = visitor()
        is_own = watcher is not None and bool(watcher.key) and watcher.key == stage.owner
        permit("steer" if is_own else "control")

    @property
    def _control(self) -> Any:  # a ReplayControl: orders come here only where there is one
        return self._run.control

    def _step(self, said: Mapping[str, Any]) -> None:
        direction, kind = -1 if _number(said, "value") < 0 else 1, said.get("kind", "bar")
        if kind == "bar":
            self._control.step(direction)
            return
        target_us = self._run.landmarks.step(kind, direction)
        self._control.pause()
        self._control.seek(target_us)

    def _loop(self, said: Mapping[str, Any]) -> None:
        is_off = said.get("start") is None
        self._control.loop(None if is_off else (_micros(said, "start"), _micros(said, "end")))

    def _mark(self, said: Mapping[str, Any]) -> None:
        permit("mark")
        old = said.get("was")
        if self._run.landmarks.book is not None:
            was = None if old is None else _marker(old)
            self._run.landmarks.book.put(_marker(said), instead_of=was)
            self._marked()

    def _unmark(self, said: Mapping[str, Any]) -> None:
        permit("mark")
        if self._run.landmarks.book is not None:
            self._run.landmarks.book.remove(_marker(said))
            self._marked()

    def _marked(self) -> None:
        self._marks_s = float("-inf")
        self._run.announce()

    def _present(self, _said: Mapping[str, Any]) -> None:
        self._require_helm(takes_over=True)
        self._token = self._run.stage.open(Scene(self._page, str(self._visit.pair)))
        self._staged_anew()

    def _unpresent(self, _said: Mapping[str, Any]) -> None:
        if self._run.stage.is_held_by(self._token):
            self._run.stage.close()
            self._token = ""
            self._staged_anew()

    def _staged_anew(self) -> None:
        self.on_query(self._visit.query_with(self._token))
        self._run.announce()

    def _scene(self, said: Mapping[str, Any]) -> None:
        if said.get("start") is not None:
            self._show(zoom_ms=(_number(said, "start"), _number(said, "end")))
        else:
            self._show(width_ms=_number(said, "width") if said.get("width") is not None else None)

    def _show(self, *, zoom_ms: tuple[float, float] | None = None, width_ms: float | None = None) -> None:
        if self._run.stage.show(self._token, Scene(self._page, str(self._visit.pair), zoom_ms, width_ms)):
            self._run.announce()


def _standing(run: Run) -> dict[str, Any]:
    """Return what the decks of all pages say alike of where the run stands."""
    state, ahead = run.state, run.ahead
    order = run.control.order() if run.control is not None else None
    return {
        "status": state.status,
        "now_ms": max(0, state.now_us) / 1000,
        "speed": 0 if math.isinf(state.speed) else state.speed,
        "loop": [] if order is None or order.loop_us is None else [ts_us / 1000 for ts_us in order.loop_us],
        "healed": _healing(run),
        "is_ahead": ahead is not None and ahead.is_whole,
    }


def _live_address(visit: Visit) -> str:
    """Return where the live feed is, if the server has one and it has the pair; only a replay leads there."""
    hub = get_hub()
    if hub.recording is not None or visit.run.kind == "live":
        return ""
    symbols = next((run.symbols for run in hub.runs if run.kind == "live"), ())
    return "?" + to_query(Moment(pair=visit.pair)) if _has(visit.pair, symbols) else "?"


def _has(pair: Pair, symbols: tuple[str, ...]) -> bool:
    return pair.y in symbols and pair.x in symbols


def _healing(run: Run) -> str:
    recording = run.recording
    if recording is None or recording.max_lag_us <= run.params.grace_us:
        return ""  # no trade is late, so both are the same
    return "healed" if run.is_healed else "seen"


def _number(said: Mapping[str, Any], name: str) -> float:
    value = said[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}")
    return float(value)


def _micros(said: Mapping[str, Any], name: str) -> int:
    return round(_number(said, name) * 1000)


def _marker(said: Mapping[str, Any]) -> Marker:
    return Marker(_micros(said, "at"), str(said["label"]).strip(), str(said.get("note", "")).strip())
