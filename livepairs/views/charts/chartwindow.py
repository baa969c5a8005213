"""Which rows a page's charts hold: the newest as they close, or those of a window that the browser asked for.

A page begins with the newest bars and follows them; each bar that closes is one appended row. Where the browser shows
more bars than have room, or ones older than are held, it asks, and the charts get the rows of that window and of half
as much on either side, in bars as long as they must be. Rows a recording still has to be read for come a moment
later; the rest is there at once. Nothing is ever given that is beyond the run's moment.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from livepairs.hub import Run
from livepairs.views.charts.chartface import ChartFace
from livepairs.views.charts.chartrows import length_name, step_for
from livepairs.views.charts.windowrows import WindowRows

__all__ = ["FRESH_BARS", "MOST_ROWS", "NEWEST_BARS", "ChartWindow", "Held"]

NEWEST_BARS: Final = 1_200
"""How far back a window may begin to be shown with the newest bars, as they close."""
FRESH_BARS: Final = 1_500
"""Bars given to charts that hold none yet, or have jumped: what is looked at before older ones are asked for."""
MOST_ROWS: Final = 30_000
"""Rows of a window, at most: more than two screens of the widest."""
_WIDEST_PIXELS: Final = 8_000
_FEWEST_PIXELS: Final = 100
_KEPT_PIXELS: Final = 2_400
_AGAIN_S: Final = 0.5
"""A window at whose edge bars close is handed out again no more often."""
_WHILE_READING_S: Final = 1.0
"""Nor one that is being read."""
_SPARE_TURNS: Final = 20
"""Times more than there are pages that a window is read."""
_AFTER_JUMP_S: Final = 0.3
"""What a recording has to be read for after a jump waits this long: the page shows what is at hand first."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the charts hold.

    Parameters
    ----------
    step_us
        Length of the bars drawn.
    start_us, end_us
        The window with what lies around it; None for the newest rows, as they close.
    """

    step_us: int
    start_us: int | None = None
    end_us: int | None = None

    @property
    def is_newest(self) -> bool:
        """Whether the charts hold the newest bars and grow with each that closes."""
        return self.start_us is None

    @property
    def span_us(self) -> tuple[int, int]:
        """The window, where there is one."""
        return (self.start_us or 0, self.end_us or 0)


class ChartWindow:
    """The window of one page.

    Parameters
    ----------
    run
        The run that is watched.
    notify
        Has the panels refreshed soon.
    """

    def __init__(self, run: Run, notify: Callable[[], None]) -> None:
        self._run = run
        self._notify = notify
        self.rows = WindowRows(run)
        self._interval_us = run.params.interval_us
        self.held = Held(self._interval_us)
        self.version = 0
        """Goes up whenever the charts have to be given other rows."""
        self._looked: tuple[int, int, float, bool] | None = None
        self._task: asyncio.Task[None] | None = None
        self._wanted = (0, 0, 0)
        self._asking: asyncio.Task[None] | None = None
        self._done: Callable[[], None] | None = None
        self._is_closed = False
        self._given_s = 0.0
        self._jumped_s = float("-inf")
        self.given_us = 0
        """Up to which bar the window was handed out last: those from there on are shown as forming."""
        self._busy = ""
        self._face: ChartFace | None = None

    def show_on(self, face: ChartFace) -> None:
        """Say on the charts' face which bars are drawn, and what is being read."""
        self._face = face
        face.shown = self._words()

    def heard(self, message: Mapping[str, Any]) -> None:
        """Take in which window the browser shows: start and end in milliseconds, pixels, whether it follows."""
        start_us, end_us = int(message["start"] * 1000), int(message["end"] * 1000)
        pixels = message.get("pixels")
        if not isinstance(pixels, int | float):
            return
        pixels = min(max(float(pixels), _FEWEST_PIXELS), _WIDEST_PIXELS)
        self._looked = (start_us, end_us, pixels, bool(message.get("follows")))
        self._decide()

    def _decide(self) -> None:
        if self._looked is None:
            return
        start_us, end_us, pixels, follows = self._looked
        width_us, step_us = end_us - start_us, step_for(end_us - start_us, self._interval_us, pixels)
        newest_us = self._run.status.now_us
        if follows:
            start_us, end_us = newest_us - width_us, newest_us
        held = self.held
        if step_us == self._interval_us and start_us >= newest_us - NEWEST_BARS * self._interval_us:
            self._hold(Held(step_us))
        elif step_us != held.step_us or held.is_newest or not self._covers(start_us, end_us, room_us=width_us // 5):
            # Half a window on either side, and others before a hand that drags comes to their edge (face.js asks then).
            first_us, last_us = max(self.rows.first_us, start_us - width_us // 2), end_us + width_us // 2
            whole_us = self.rows.whole_us(step_us)
            self._hold(Held(step_us, first_us - first_us % whole_us, last_us + -last_us % whole_us))

    def _covers(self, start_us: int, end_us: int, *, room_us: int = 0) -> bool:
        """Return whether a window, with room on either side, is inside of what is held, as far as there is anything."""
        first_us, last_us = self.held.span_us
        newest_us = max(end_us, self._run.status.now_us)
        return first_us <= max(start_us - room_us, self.rows.first_us) and last_us >= min(end_us + room_us, newest_us)

    def _hold(self, held: Held) -> None:
        if held == self.held:
            return
        self.held = held
        self.version += 1
        self._want_held()
        self._notify()

    def _want_held(self) -> None:
        if not self.held.is_newest:
            start_us, end_us = self.held.span_us
            self.want(start_us, min(end_us, self.rows.kept_us), self.held.step_us)

    def keep(self, start_us: int, end_us: int) -> None:
        """Hold this window from now on, whole: what it lacks is read here, so call it where one may wait."""
        step_us = step_for(end_us - start_us, self._interval_us, _KEPT_PIXELS)
        whole_us = self.rows.whole_us(step_us)
        held = Held(step_us, start_us - start_us % whole_us, end_us)
        while self.rows.read(max(held.span_us[0], self.rows.first_us), min(end_us, self.rows.kept_us), step_us):
            pass
        self._hold(held)

    def forget(self) -> None:
        """Follow the newest bars again: the run has jumped in time."""
        self.version += 1
        self._jumped_s = monotonic()
        self.rows.forget()
        if not self.held.is_newest and self._looked is not None:
            start_us, end_us, pixels, _ = self._looked
            self._looked = (start_us, end_us, pixels, True)
            self.held = Held(self._interval_us)
            self._decide()

    def is_due(self) -> bool:
        """Return whether a window at whose edge a bar has closed is to be given again."""
        if self.held.is_newest:
            return False
        # Where the browser follows in longer bars, the window goes along.
        if self._looked is not None and self._looked[3] and not self._covers(self._looked[0], self._run.status.now_us):
            self._decide()
        # What has left the tables meanwhile is to be had from the recording.
        self._want_held()
        is_over = self.held.span_us[1] < self.edge_us or self.edge_us == self.given_us
        # Where the run stands nothing would come to hand it out later.
        is_time = self._run.state.status != "playing" or monotonic() - self._given_s >= _AGAIN_S
        return is_time and not is_over

    def gave(self) -> None:
        """Note that the window's rows have been handed out up to the bar that is forming."""
        self._given_s, self.given_us = monotonic(), self.edge_us

    @property
    def edge_us(self) -> int:
        """Begin of the bar that is forming at the step that is drawn."""
        now_us = self._run.status.now_us - self._run.params.grace_us
        return now_us - now_us % self.held.step_us

    def close(self) -> None:
        """Read no further."""
        self._is_closed = True

    def _words(self) -> str:
        name = f"{length_name(self.held.step_us)} bars"
        return name if self.held.step_us == self._interval_us else f"{name} of {length_name(self._interval_us)} ones"

    def want(self, start_us: int, end_us: int, step_us: int = 0) -> None:
        """Have a window read from the recording, for bars of a length, if there is anything to read.

        ``version`` goes up when there is more of it.
        """
        self._wanted = (max(start_us, self.rows.first_us), end_us, step_us)
        if self._task is None and not self._is_closed and self.rows.lacks(*self._wanted):
            self._task = _begun(self._read())

    async def _read(self) -> None:
        while (rest_s := self._jumped_s + _AFTER_JUMP_S - monotonic()) > 0:
            await asyncio.sleep(rest_s)
        began_s, given_s = monotonic(), float("-inf")
        wanted, turns = self._wanted, 0
        pages = self.rows.lacks(*wanted)
        try:
            # No more turns than pages, and some for what closes meanwhile: more than is kept would be read for ever.
            while not self._is_closed and turns <= pages + _SPARE_TURNS and await self._has_read():
                left, turns = self.rows.lacks(*self._wanted), turns + 1
                if wanted != self._wanted:
                    wanted, pages, turns = self._wanted, left, 0
                # All rows so far are handed out anew each time: with the first page and the last, and seldom between.
                if monotonic() - given_s < _WHILE_READING_S and left:
                    continue
                given_s = monotonic()
                if given_s - began_s > _AGAIN_S:
                    self._say(
                        f"reading older bars from the recording, {max(0, 100 * (pages - left)) // max(1, pages)} %"
                    )
                self._wake()
        finally:
            self._task = None
            self._say("")

    async def _has_read(self) -> bool:
        return await asyncio.to_thread(self.rows.read, *self._wanted)

    def ask(self, span_us: tuple[int, int], done: Callable[[], None]) -> None:
        """Have all rows of a window read, however it is drawn; then call back where the session may be written to."""
        if self._is_closed or not self.rows.lacks(*span_us):
            done()
        elif self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(
                self._ask(span_us, done), context=contextvars.Context()
            )

    async def _ask(self, span_us: tuple[int, int], done: Callable[[], None]) -> None:
        pages = self.rows.lacks(*span_us)
        try:
            for page in range(pages):
                self._say(f"reading rows for the file, {100 * page // pages} %")
                if self._is_closed or not await asyncio.to_thread(self.rows.read, *span_us):
                    break
            is_all = not self.rows.lacks(*span_us)
            self._done = done if is_all else None
            self._say("" if is_all else "too many rows for a file: show fewer days")
            self._wake()
        finally:
            self._asking = None

    def _wake(self) -> None:
        self.version += 1
        self._notify()

    def _say(self, words: str) -> None:
        if self._busy != words:
            self._busy = words
            self._notify()

    def speak(self) -> None:
        """Put on the face what is drawn and what is waited for; call it where the session may be written to."""
        face = self._face
        if face is not None and (face.busy, face.shown) != (self._busy, self._words()):
            face.param.update(busy=self._busy, shown=self._words())
        if self._done is not None:
            done, self._done = self._done, None
            done()


def _begun(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Begin it in an empty context: what comes later must not remember which session asked (see hub.publisher)."""
    return asyncio.get_running_loop().create_task(work, context=contextvars.Context())
