"""The scanner page: every pair of the source, tested again with each bar, beside a map of q and who came and went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import panel as pn
from panel.viewable import Viewable

from livepairs.errors import ConfigError
from livepairs.hub import Run
from livepairs.hub.scanreport import SCAN_INTERVALS, WINDOWS, ScanChoice, ScanReport
from livepairs.hub.scans import Watch
from livepairs.schema import interval_us
from livepairs.views import numbers
from livepairs.views.assets import stylesheet
from livepairs.views.component import LiveText
from livepairs.views.scan.scanheat import QHeat
from livepairs.views.scan.scanpieces import ScanBoard, ScanNews
from livepairs.views.scan.scanrows import ROWS, Query, Selection, rows_of, select
from livepairs.views.scan.scantext import account_of, changes_of, clock, notes_of, since_of

__all__ = ["ScanView"]

LAGS: Final = {"aic": None, "1": 1}
_NO_MAP: Final = "q of every pair, both ways round, comes with the first scan"
_NO_NEWS: Final = "With the first scan it is told here, bar by bar."


class ScanView:
    """The scan of a run.

    Parameters
    ----------
    run
        The run that is watched.
    query
        Query string that finds the run again.
    notify
        Called on the server's loop when the page is to be refreshed.
    """

    def __init__(self, run: Run, query: str, notify: Callable[[], None]) -> None:
        self._run, self._notify = run, notify
        self._choice = ScanChoice()
        self._watch: Watch | None = None
        self._refusal = ""
        self._query = Query()
        self._selection: Selection | None = None
        self._shown: tuple[ScanReport | None, Query | None, str] = (None, None, "")
        self._board = ScanBoard(
            self._act, name="scanner", query=query, choices=_choices(run), chosen=self._chosen(),
            message="Waiting for the first scan.", sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self._news = ScanNews(name="scanner-news", query=query, since=_NO_NEWS, sizing_mode="stretch_width", margin=0)
        self._heat = QHeat(query)
        self._title = LiveText(
            markup=f'<div class="mapname" data-v="map">{_NO_MAP}</div>', stylesheets=[stylesheet("scanmap")],
            sizing_mode="stretch_width", height=24, margin=0,
        )  # fmt: skip
        self._board.styles = {"flex": "1000 1 620px", "min-width": "0"}
        beside = pn.Column(
            self._title, self._heat.view, self._news, margin=0, styles={"flex": "1 1 330px", "min-width": "0"}
        )
        self.view: Viewable = pn.FlexBox(self._board, beside, gap="0px", margin=0, sizing_mode="stretch_width")

    def begin(self) -> None:
        """Look at the scan, now that the browser has connected; before that, nothing is computed for it."""
        self._look(self._choice)

    def end(self) -> None:
        """Look away."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def refresh(self) -> None:
        """Show what the last scan found, if that is news."""
        report = self._watch.report if self._watch is not None else None
        shown = (report, self._query, self._refusal)
        if all(new is old for new, old in zip(shown, self._shown, strict=True)):
            return
        is_news = report is not self._shown[0]
        has_other_measure = self._shown[1] is None or self._shown[1].measure != self._query.measure
        self._shown = shown
        if report is None or report.finds is None:
            text = self._refusal or (report.sentence if report is not None else "Waiting for the first scan.")
            self._say(text)
            return
        if is_news or has_other_measure:
            self._title.values = {"map": self._heat.show(report.finds, self._query.measure)}
        if is_news:
            self._news.param.update(
                tested=account_of(report), notes=notes_of(report), changes=changes_of(report), since=since_of(report),
                stamp=self._news.stamp + 1,
            )  # fmt: skip
        self._show_rows(report)

    def _say(self, text: str) -> None:
        self._board.param.update(
            message=text, rows=[], total=0, first=0, shown="", when="", took="", stamp=self._board.stamp + 1
        )
        self._heat.clear()
        self._title.values = {"map": _NO_MAP}
        self._news.param.update(tested=[], notes="", changes=[], since=_NO_NEWS, stamp=self._news.stamp + 1)

    def _show_rows(self, report: ScanReport) -> None:
        assert report.finds is not None
        selection = select(report, self._query)
        first = max(0, min(self._query.first, len(selection.rows) - ROWS))
        rows = rows_of(report, self._query, selection.rows[first : first + ROWS])
        tests = len(report.finds)
        nobody = "" if len(selection.rows) else "No pair passes these filters. Widen one of them."
        self._board.param.update(
            rows=rows, first=first, total=len(selection.rows), message=nobody,
            counts={name: f"· {numbers.count(number)}" for name, number in selection.counts.items()},
            shown=f"{numbers.count(len(selection.rows))} of {numbers.count(tests)} pairs",
            when=f"{report.bars} bars of {report.choice.interval} to {clock(report.end_us)} UTC",
            took=f", scanned in {report.took_s * 1000:,.0f} ms",
            stamp=self._board.stamp + 1,
        )  # fmt: skip

    def _act(self, message: Mapping[str, Any]) -> None:
        if message.get("act") == "query":
            self._query = Query.of(message)
        elif message.get("act") == "choose":
            self._choose(str(message.get("key")), str(message.get("value")))
        self._notify()

    def _choose(self, key: str, value: str) -> None:
        try:
            if key == "interval":
                choice = replace(self._choice, interval=value)
            elif key == "window":
                choice = replace(self._choice, window=int(value))
            else:
                choice = replace(self._choice, lags=LAGS[value])
        except (ConfigError, ValueError, KeyError):
            return  # a browser can send anything; what is offered is never refused
        self._query = replace(self._query, first=0)
        self._look(choice)

    def _look(self, choice: ScanChoice) -> None:
        self.end()
        self._choice, self._refusal = choice, ""
        self._board.chosen = self._chosen()
        try:
            self._watch = self._run.scans.watch(choice)
        except ConfigError as error:
            self._refusal = f"There is no scan: {error}."

    def _chosen(self) -> dict[str, str]:
        lags = next(name for name, value in LAGS.items() if value == self._choice.lags)
        return {"interval": self._choice.interval, "window": str(self._choice.window), "lags": lags}


def _choices(run: Run) -> dict[str, list[tuple[str, str]]]:
    # A live run has bars of its own length, which longer ones are made of; a recording has the trades.
    least_us = interval_us(run.params.interval) if run.recording is None else 0
    intervals = [name for name in SCAN_INTERVALS if interval_us(name) >= least_us]
    return {
        "interval": [(name, name) for name in intervals],
        "window": [(str(bars), f"{bars:,}") for bars in WINDOWS],
        "lags": [("aic", "AIC"), ("1", "1")],
    }
