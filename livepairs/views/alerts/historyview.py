"""The history on the alerts page: a page of events that fits the filters, counts over time, and one event in full.

History is asked on a thread, never on the server's loop, and again when something was stored or the filters changed.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Final

import panel as pn
from panel.viewable import Viewable

from livepairs.clock import SystemClock
from livepairs.errors import LivepairsError
from livepairs.hub import Hub, Run
from livepairs.stores.history import COUNTED
from livepairs.stores.history_rows import Cursor, HistoryRow
from livepairs.views import numbers
from livepairs.views.alerts.alertlink import moment_link
from livepairs.views.alerts.eventcard import card_of
from livepairs.views.alerts.eventreason import Grounds, grounds_of
from livepairs.views.alerts.historypieces import EventCard, HistoryBar
from livepairs.views.alerts.historyquery import ROWS, Answer, Question, Tally, ask, count, read_filters
from livepairs.views.alerts.historytable import EXPORTS, event_frame, export_rows
from livepairs.views.aside import Aside
from livepairs.views.assets import stylesheet
from livepairs.views.datatable import DataTable
from livepairs.views.frame.visitor import is_permitted, permit

__all__ = ["HistoryView"]

PERIOD_S: Final = 0.4
"""Seconds between questions while events keep coming."""

EXPORTED: Final = 200_000
"""Events taken away at a time, at most, the newest."""

_WIDTHS: Final = {"Time (UTC)": 152, "Event": 88, "Value": 74, "Pair": 148, "Rule": 104, "Level": 76, "Seen to": 92}
_HEIGHT: Final = (
    ":host { height: max(331px, calc(round(down, 100vh - 336px, 30px) + 31px)) !important; "
    "flex-basis: auto !important; } .pnx-tabulator.tabulator { height: 100% !important; } "
    ".tabulator-row { cursor: pointer; }"
)
"""As high as the window allows, and whole rows: one that is cut looks like one that is missing."""


class HistoryView:
    """The events that were, by filter and page.

    Parameters
    ----------
    hub
        Has the chronicle.
    run
        The run that is watched.
    filters
        What the address asks for, text by name.
    notify
        Called on the server's loop when the page is to be refreshed.
    """

    def __init__(self, hub: Hub, run: Run, filters: Mapping[str, str], notify: Callable[[], None]) -> None:
        self._hub, self._run, self._notify = hub, run, notify
        self._filters = read_filters(filters)
        self._way: list[Cursor] = []
        self._answers: Aside[Answer] = Aside(notify)
        self._tallies: Aside[Tally] = Aside(notify)
        self._grounds: Aside[tuple[str, Grounds]] = Aside(notify)
        self._files: Aside[tuple[str, bytes]] = Aside(notify)
        self._asked_for: tuple[object, ...] = ()
        self._asked_s = float("-inf")
        self._later: asyncio.TimerHandle | None = None
        self._answer: Answer | None = None
        self._total = -1
        self._chosen = ""
        self._shown: tuple[HistoryRow, ...] = ()
        self.bar = HistoryBar(
            self._act, name="history-bar", asked=self._filters, is_replay=run.kind == "replay",
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self.card = EventCard(
            self._act, name="event-card", can_change=is_permitted("acknowledge", hub.gate),
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self._table = DataTable(
            event_frame(()), name="alerts", height=541, stylesheets=[stylesheet("datatable"), _HEIGHT],
            widths=_WIDTHS, text_align={"Value": "right"}, on_click=self._click,
            configuration={"columnDefaults": {"headerSort": False}},
        )  # fmt: skip
        table = pn.Column(self._table, margin=0, sizing_mode="stretch_width", styles={"min-width": "0"})
        halves = pn.Row(
            table, self.card, css_classes=["lp-halves"], stylesheets=[stylesheet("halves")], margin=0,
            sizing_mode="stretch_width",
        )  # fmt: skip
        self.view: Viewable = pn.Column(self.bar, halves, margin=0, sizing_mode="stretch_width")

    def refresh(self) -> None:
        """Show what has come, and ask again where something is new."""
        self._take()
        state = self._run.state
        until_us = self._now_us()
        now_s = monotonic()
        asked_for = (self._hub.chronicle.revision, tuple(sorted(self._filters.items())), tuple(self._way))
        moment = (state.generation, self._run.tables.events.total_rows, until_us if state.status != "playing" else 0)
        if (*asked_for, *moment) == self._asked_for:
            return
        if now_s - self._asked_s < PERIOD_S:
            self._ask_later(self._asked_s + PERIOD_S - now_s)
            return
        self._asked_for, self._asked_s = (*asked_for, *moment), now_s
        question = Question(self._filters, until_us, self._way[-1] if self._way else None)
        chronicle = self._hub.chronicle
        # On the thread, for the first question opens the database.
        self._answers.ask(lambda: ask(chronicle.history, question))

    def _ask_later(self, wait_s: float) -> None:
        """Look again then: where a replay stands, nothing else would come to have it looked."""
        if self._later is None:
            # An empty context, as the publisher's: see hub.publisher.
            self._later = asyncio.get_running_loop().call_later(wait_s, self._again, context=contextvars.Context())

    def _again(self) -> None:
        self._later = None
        self._notify()

    def close(self) -> None:
        """Let go; the page is gone."""
        if self._later is not None:
            self._later.cancel()
        for aside in (self._answers, self._tallies, self._grounds, self._files):
            aside.close()

    def _now_us(self) -> int:
        """Return the event time that history is cut off at; 0 for nowhere."""
        return self._run.status.now_us if self._run.kind == "replay" else 0

    def _take(self) -> None:
        answer = self._answers.take()
        if isinstance(answer, LivepairsError):
            self._complain(answer)
        elif answer is not None:
            self._show(answer)
            chronicle, question = self._hub.chronicle, answer.question
            # After its rows, which are there at once, and never beside them.
            self._tallies.ask(lambda: count(chronicle.history, question))
        tally = self._tallies.take()
        if isinstance(tally, LivepairsError):
            self._complain(tally)
        elif tally is not None:
            self._show_tally(tally)
        grounds = self._grounds.take()
        if isinstance(grounds, LivepairsError):
            self.card.why = {"problem": _sentence(grounds)}
        elif grounds is not None:
            self._explain(*grounds)
        file = self._files.take()
        if isinstance(file, LivepairsError):
            self._complain(file)
        elif file is not None:
            name, data = file
            self.bar.send({"say": "file", "name": name, "mime": EXPORTS[name.rsplit(".", 1)[1]], "data": data})

    def _complain(self, error: LivepairsError) -> None:
        self.bar.param.update(problem=_sentence(error), stamp=self.bar.stamp + 1)

    # --- what the browser asks for ------------------------------------------------------------------------------------

    def _act(self, message: Mapping[str, Any]) -> None:
        act = message.get("act")
        try:
            if act == "ask" and isinstance(message.get("filters"), Mapping):
                self._filters, self._way = read_filters(message["filters"]), []
                self.bar.asked = self._filters
            elif act in ("older", "newer", "newest"):
                self._turn(act)
            elif act == "step" and message.get("by") in (-1, 1):
                self._step(int(message["by"]))
            elif act == "close":
                self._choose("")
            elif act == "acknowledge":
                self._acknowledge(str(message.get("id", "")), str(message.get("note", "")))
            elif act == "export" and message.get("kind") in EXPORTS:
                self._export(str(message["kind"]), str(message.get("base", "")))
        except LivepairsError as error:
            self._complain(error)
        self._asked_s = float("-inf")
        self.refresh()

    def _turn(self, where: str) -> None:
        following = None if self._answer is None else self._answer.page.next
        if where == "older" and following is not None:
            self._way.append(following)
        elif where == "newer" and self._way:
            self._way.pop()
        elif where == "newest":
            self._way = []

    def _acknowledge(self, event_id: str, note: str) -> None:
        who = permit("acknowledge", self._hub.gate)
        chronicle, question = self._hub.chronicle, self._question()
        now_us = SystemClock().now_us()

        def make() -> Answer:
            chronicle.history.acknowledge([event_id], who=who.name, note=note, now_us=now_us)
            chronicle.touched()
            return ask(chronicle.history, question)

        self._answers.ask(make)

    def _question(self) -> Question:
        return Question(self._filters, self._now_us(), self._way[-1] if self._way else None)

    def _export(self, kind: str, base: str) -> None:
        chronicle, wanted = self._hub.chronicle, self._question().wanted

        def make() -> tuple[str, bytes]:
            history = chronicle.history
            rows: list[HistoryRow] = []
            after: Cursor | None = None
            while len(rows) < EXPORTED:
                page = history.page(wanted, after=after, limit=10_000)
                rows.extend(page.rows)
                after = page.next
                if after is None:
                    break
            return f"livepairs-alerts.{kind}", export_rows(rows, kind, base)

        self._files.ask(make)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _show(self, answer: Answer) -> None:
        self._answer = answer
        if answer.rows != self._shown:
            self._shown = answer.rows
            self._table.value = event_frame(answer.rows)
            self._mark()
        self._show_chosen()
        newest = answer.rows[0].ts_us if answer.rows and not self._way else None
        tiles = {"standing": numbers.count(self._standing())}
        if newest is not None or not self._way:
            tiles["last"] = numbers.NONE if newest is None else f"{numbers.day_clock(newest)[5:19]} UTC"
        self.bar.param.update(
            tiles=self.bar.tiles | tiles,
            place=self._place(answer),
            has_newer=bool(self._way),
            has_older=answer.page.next is not None,
            problem=self._hub.chronicle.state.sentence,
            stamp=self.bar.stamp + 1,
        )

    def _show_tally(self, tally: Tally) -> None:
        fired, cleared = (sum(getattr(each, kind) for each in tally.counts) for kind in ("fired", "cleared"))
        tiles = {"fired": numbers.count(fired), "cleared": numbers.count(cleared), "open": _up_to(tally.open_total)}
        self.bar.param.update(
            tiles=self.bar.tiles | tiles,
            spans=[(each.start_us / 1000, each.level, each.fired, each.cleared) for each in tally.counts],
            first_ms=tally.first_us / 1000,
            width_ms=tally.width_us / 1000,
            bins=tally.bins,
            names={name: list(values) for name, values in tally.names.items()},
            stamp=self.bar.stamp + 1,
        )

    def _place(self, answer: Answer) -> str:
        """Say which events are on the page, of how many."""
        page, first = answer.page, ROWS * len(self._way) + 1
        if page.total is not None:
            self._total = page.total
        elif answer.question.wanted.text:
            self._total = -1
        if not page.rows:
            return "None so far; Older looks on." if page.is_cut else "No events fit these filters."
        span = f"{first:,}–{first + len(page.rows) - 1:,}"
        if self._total < 0:
            return span
        return f"{span} of {f'more than {COUNTED:,}' if self._total > COUNTED else numbers.count(self._total)}"

    def _standing(self) -> int:
        """Return how many alerts of the run have fired and not cleared."""
        events = self._run.tables.events.tail(10_000).select(["rule", "subject", "kind"]).to_pylist()
        last = {(event["rule"], event["subject"]): event["kind"] for event in events}
        return sum(kind == "fired" for kind in last.values())

    def _click(self, event: Any) -> None:  # Panel's CellClickEvent
        if 0 <= event.row < len(self._shown):
            self._choose(self._shown[event.row].id)

    def _step(self, by: int) -> None:
        places = [place for place, row in enumerate(self._shown) if row.id == self._chosen]
        if places and 0 <= places[0] + by < len(self._shown):
            self._choose(self._shown[places[0] + by].id)

    def _choose(self, event_id: str) -> None:
        self._chosen = event_id
        self.card.param.update(why={}, event={})
        self._mark()
        self._show_chosen()
        row = self._chosen_row()
        if row is not None:
            self._grounds.ask(lambda: (row.id, grounds_of(row, self._hub, self._run)))

    def _chosen_row(self) -> HistoryRow | None:
        return next((row for row in self._shown if row.id == self._chosen), None)

    def _mark(self) -> None:
        """Mark the chosen row in the table."""
        self._table.selection = [place for place, row in enumerate(self._shown) if row.id == self._chosen]

    def _show_chosen(self) -> None:
        row = self._chosen_row()
        if row is None:
            return
        known = self.card.event.get("replay", "") if self.card.event.get("id") == row.id else ""
        self.card.event = card_of(row, known or moment_link(row, plays=True))

    def _explain(self, event_id: str, grounds: Grounds) -> None:
        row = self._chosen_row()
        if row is not None and row.id == event_id:
            self.card.param.update(why=grounds.why, event=card_of(row, grounds.link))


def _up_to(total: int) -> str:
    return f"{COUNTED:,}+" if total > COUNTED else numbers.count(total)


def _sentence(error: LivepairsError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
