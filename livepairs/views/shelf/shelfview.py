"""The recordings page: what there is, opened, checked, taken away, deleted, uploaded, and recorded anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any, Final

import panel as pn
from panel.viewable import Viewable

from livepairs.access import Deed
from livepairs.errors import LivepairsError
from livepairs.hub import Hub, Run
from livepairs.views import numbers
from livepairs.views.frame.feedtext import tape_text
from livepairs.views.frame.visitor import is_permitted, permit
from livepairs.views.shelf.shelfpieces import ShelfBar, ShelfList
from livepairs.views.shelf.shelfrows import axis_of, megabytes, rows_of
from livepairs.views.shelf.takeaway import Takeaway
from livepairs.views.shelf.uploading import Upload

__all__ = ["ShelfView"]

LOOK_S: Final = 3.0
"""Seconds between looks at the folder: others put recordings there too."""


class ShelfView:
    """The library as a visitor sees it.

    Parameters
    ----------
    hub
        Has the library.
    run
        The run that is watched.
    notify
        Called on the server's loop when the page is to be refreshed.
    """

    def __init__(self, hub: Hub, run: Run, notify: Callable[[], None]) -> None:
        self._hub, self._run, self._notify = hub, run, notify
        self._library = hub.library
        inbox = self._library.inbox
        self._looked_s = float("-inf")
        self._notice = ""
        self._unsubscribe: Callable[[], None] | None = None
        can_change = is_permitted("delete", hub.gate)
        self._bar = ShelfBar(
            self._act, name="shelf-bar", can_change=can_change, limit_bytes=inbox.limit_bytes,
            folder=_shown(self._library.shelf.folder), back=_back(hub, run), sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self._list = ShelfList(
            self._act, name="shelf", can_change=can_change, limit=megabytes(inbox.limit_bytes),
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self._upload = Upload(self._library, notify)
        self._takeaway = Takeaway(self._list.send, notify)
        self.view: Viewable = pn.Column(self._bar, self._list, margin=0, sizing_mode="stretch_width")

    def begin(self) -> None:
        """Be woken by the library, now that the browser has connected."""
        self._unsubscribe = self._library.subscribe(self._look_again)

    def end(self) -> None:
        """Let go of everything but an import under way."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._upload.leave()
        self._takeaway.close()

    def refresh(self) -> None:
        """Show what is new."""
        self._takeaway.flush()
        self._show_tape()
        if self._bar.upload != self._upload.shown:
            self._bar.upload = dict(self._upload.shown)
        now_s = monotonic()
        if now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            self._show()

    def _show_tape(self) -> None:
        run = self._run
        if run.kind != "live":
            return
        tape = run.taping.state
        shown = {"is_live": True, "state": tape.status, "text": tape_text(tape, now_us=run.status.now_us)}
        if shown != self._bar.tape:
            self._bar.tape = shown

    def _look_again(self) -> None:
        self._looked_s = float("-inf")
        self._notify()

    def _show(self) -> None:
        entries = self._library.shelf.entries()
        for entry in entries:
            if entry.status == "interrupted":
                self._library.recover(entry)
        proofs = {entry.name: proof for entry in entries if (proof := self._library.proof(entry)) is not None}
        axis = axis_of(entries)
        playing = self._run.recording
        here = None if playing is None else playing.path.resolve()
        open_name = next((entry.name for entry in entries if entry.path.resolve() == here), "")
        rows = rows_of(entries, proofs, axis=axis, open_name=open_name, limit_bytes=self._library.inbox.limit_bytes)
        size = sum(sum(file.bytes for file in e.recording.manifest.files) for e in entries if e.recording is not None)
        news = {
            "rows": rows,
            "first": _day(axis.stretches[0][0]) if axis.stretches else "",
            "last": _day(axis.stretches[-1][1]) if axis.stretches else "",
            "notice": self._notice,
            "message": "" if rows else "There is no recording yet. Upload a file of trades, or record a live feed.",
        }
        self._bar.summary = f"{len(rows)} recording{'' if len(rows) == 1 else 's'}, {megabytes(size)}"
        if any(getattr(self._list, name) != value for name, value in news.items()):
            self._list.param.update(**news, stamp=self._list.stamp + 1)

    def _act(self, message: Mapping[str, Any]) -> None:
        act = message.get("act")
        try:
            if act in _LOOKING:
                permit(_LOOKING[str(act)], self._hub.gate)
                self._look_act(str(act), message)
            elif act in _CHANGING:
                permit(_CHANGING[str(act)], self._hub.gate)
                self._change_act(str(act), message)
        except LivepairsError as error:
            text = str(error)
            self._notice = f"{text[:1].upper()}{text[1:]}."
        except (KeyError, ValueError, TypeError):
            return  # a browser can send anything; what the page sends is well formed
        self._look_again()

    def _look_act(self, act: str, message: Mapping[str, Any]) -> None:
        self._notice = ""
        if act == "prove":
            self._library.prove(str(message["name"]))
        elif act == "take":
            recording = self._library.shelf.open(str(message["name"]))
            self._takeaway.begin(recording, str(message["form"]), limit_bytes=self._library.inbox.limit_bytes)
        elif act == "more":
            self._takeaway.more()

    def _change_act(self, act: str, message: Mapping[str, Any]) -> None:
        if act == "delete":
            self._notice = ""
            self._hub.delete_recording(str(message["name"]))
        elif act == "upload":
            self._upload.begin(str(message["name"]), int(message["size"]))
        elif act == "piece":
            self._upload.piece(int(message["offset"]), bytes(message["data"]))
        elif act == "look":
            self._upload.look(message)
        elif act == "import":
            self._upload.start_import(str(message["to"]), message)
        elif act == "cancel":
            self._upload.cancel()
        elif act == "record":
            self._notice = ""
            self._hub.record(self._run)
        elif act == "stop":
            self._run.taping.stop()


_LOOKING: Final[dict[str, Deed]] = {"prove": "prove", "take": "take", "more": "take", "dismiss": "look"}
_CHANGING: Final[dict[str, Deed]] = {
    "delete": "delete", "upload": "upload", "piece": "upload", "look": "upload", "import": "upload",
    "cancel": "upload", "record": "record", "stop": "record",
}  # fmt: skip
"""What leave each act needs."""


def _shown(folder: Path) -> str:
    # The name alone: where the server keeps its files is nobody's business.
    return f"in {folder.resolve().name}"


def _back(hub: Hub, run: Run) -> str:
    return f"Back to {hub.label}" if run.listed else ""


def _day(time_us: int) -> str:
    return numbers.day_clock(time_us)[:16]
