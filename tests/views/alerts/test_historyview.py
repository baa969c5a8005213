"""The alerts page's history: what is asked, what is shown, what is taken away; without a browser."""

from __future__ import annotations

import asyncio
import io
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from livepairs.alerts.event import Event, event_batch
from livepairs.alerts.explain import explain
from livepairs.alerts.rule import Rule
from livepairs.clock import ManualClock
from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.hub.registry import Hub
from livepairs.moment import read_moment
from livepairs.stores.history_rows import Acknowledged, Origin
from livepairs.views.alerts.alertlink import moment_link
from livepairs.views.alerts.eventcard import card_of, why_of
from livepairs.views.alerts.historyquery import Question, read_filters
from livepairs.views.alerts.historytable import event_frame, export_rows
from livepairs.views.alerts.historyview import HistoryView
from livepairs.views.aside import Aside
from tests.hub.counting_pipeline import CountingPipeline
from tests.hub.test_library import make_recording
from tests.views.history_events import RECORDED, make_event

WAIT_S = 20.0


def test_a_browser_may_send_anything_and_what_is_no_filter_is_left_out() -> None:
    said = {"pair": " A/B ", "seen": "no", "from": "2026-01-05T08:00:00", "to": "soon", "drop": "table", "rule": ""}
    filters = read_filters(said)
    assert set(filters) == {"pair", "seen", "from", "to"}
    wanted = Question(filters, now_us=0).wanted
    assert (wanted.pair, wanted.rule, wanted.is_acknowledged) == ("A/B", None, False)
    assert (wanted.start_us, wanted.end_us) == (1_767_600_000_000_000, None)


def test_a_replays_history_ends_at_its_moment_unless_all_is_asked_for() -> None:
    later = {"to": "2030-01-01T00:00:00"}
    assert Question({}, now_us=77).wanted.end_us == 77
    assert Question(later, now_us=77).wanted.end_us == 77
    assert Question({"until": "all"}, now_us=77).wanted.end_us is None


def test_rows_are_texts_by_shape_as_well_as_colour() -> None:
    seen = make_event(kind="cleared", value=math.nan, acknowledged=Acknowledged(0, "ann", "was news"))
    frame = event_frame([make_event(), seen])
    assert frame["Event"].tolist() == ["▲ fired", "○ cleared"]
    assert frame["Value"].tolist() == ["+2.25", ""]
    assert frame["Seen to"].tolist() == ["", "✓ ann"]
    assert frame["Time (UTC)"][0] == "2026-01-05 08:22:31"


def test_a_message_leaves_the_pair_to_its_column_and_names_the_recording_where_there_are_several() -> None:
    said = {"message": "ETHUSDT/BTCUSDT z +2.25 is beyond 2"}
    other = make_event(**said, origin=replace(RECORDED, recording="monday"))
    assert event_frame([make_event(**said)])["Message"].tolist() == ["z +2.25 is beyond 2"]
    frame = event_frame([make_event(**said), other])
    assert frame["Message"].tolist() == ["z +2.25 is beyond 2 (demo)", "z +2.25 is beyond 2 (monday)"]


def test_an_events_link_leads_to_its_recording_windows_rules_and_bar() -> None:
    link = moment_link(make_event(), earlier_us=84_000_000, plays=True)
    assert link is not None
    said = dict(parse_qsl(urlsplit(link).query))
    moment = read_moment(said, "spread")
    assert (moment.recording, str(moment.pair), moment.plays) == ("demo", "ETHUSDT/BTCUSDT", True)
    assert moment.at_us == 1_767_601_351_000_000 + 1_000_000 + 500_000 - 84_000_000
    assert (moment.measures.z, moment.measures.hedge, moment.measures.grace_ms) == (120, 300, 500.0)
    assert (said["rules"], said["event"]) == ("0123456789ab", "00ff00ff00ff00ff")


def test_what_was_never_recorded_has_no_link_and_its_card_says_so() -> None:
    row = make_event(recorded=None, origin=Origin(run_kind="live", source="binance-um:A,B"))
    assert moment_link(row) is None
    card = card_of(row, None)
    assert card["replay"] == ""
    assert next(fact[:2] for fact in card["facts"] if fact[0] == "Seen") == ("Seen", "live, binance-um:A,B")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_taken_away_has_a_link_to_each_moment(kind: str) -> None:
    data = export_rows([make_event(), make_event(id="1", message='quo"ted, =1+1')], kind, "http://host/app/")
    table = csv.read_csv(io.BytesIO(data)) if kind == "csv" else pq.read_table(io.BytesIO(data))
    assert table["message"].to_pylist() == ["far, out", 'quo"ted, =1+1']
    assert table["permalink"][0].as_py().startswith("http://host/app/spread?recording=demo&digest=abab")


def test_the_explanation_names_clauses_inputs_and_the_window() -> None:
    rule = Rule(name="far", when="abs(z) >= 2", clear="abs(z) <= 0.5")
    said = explain(rule, {"z": np.array([0.4, math.nan, -2.25])}, 2)
    why = why_of(said, (0, 1_000_000, 2_000_000), kind="fired")
    assert why["when"]["clauses"][0]["inputs"] == [("z", "−2.25", "–")]
    assert why["when"]["clauses"][0]["history"] == ["no", "unknown", "yes"]
    assert why["window"]["rows"][2] == ["00:00:02", "−2.25"]
    assert why["clear"]["truth"] == "no"


def test_of_what_waits_for_the_thread_only_the_newest_is_made() -> None:
    made: list[int] = []

    async def scene() -> object:
        came = asyncio.Event()
        aside: Aside[int] = Aside(came.set)

        def make(number: int) -> Callable[[], int]:
            return lambda: made.append(number) or number

        for number in range(5):
            aside.ask(make(number))
        while aside.is_busy:
            came.clear()
            await asyncio.wait_for(came.wait(), WAIT_S)
        return aside.take()

    assert asyncio.run(scene()) == 4
    assert made == [0, 4]


def test_an_error_of_ours_comes_back_as_itself() -> None:
    def fail() -> int:
        raise ConfigError("no")

    async def scene() -> object:
        came = asyncio.Event()
        aside: Aside[int] = Aside(came.set)
        aside.ask(fail)
        await asyncio.wait_for(came.wait(), WAIT_S)
        return aside.take()

    assert isinstance(asyncio.run(scene()), ConfigError)


class Scene:
    """The history of a replay's page, refreshed as the server's loop would."""

    def __init__(self, folder: Path) -> None:
        recordings = folder / "recordings"
        recordings.mkdir()
        make_recording(recordings / "first", "AAA", "BBB")
        settings = Settings(source=str(recordings / "first"), recordings=str(recordings))
        self.hub = Hub(settings, clock=ManualClock(), make_pipeline=CountingPipeline)
        self.view: HistoryView | None = None
        run = self.hub.open("some-page-id")
        batch = event_batch([Event(1000 * n, "z", "A/B", "fired", "warning", 2.0 + n, f"n{n}") for n in range(150)])
        self.hub.chronicle.history.add(batch, RECORDED, now_us=0)
        self.hub.chronicle.touched()
        self.view = HistoryView(self.hub, run, {"until": "all"}, self.refresh)

    def refresh(self) -> None:
        if self.view is not None:
            self.view.refresh()

    async def until(self, is_so: Callable[[], bool]) -> None:
        for _ in range(int(WAIT_S / 0.02)):
            self.refresh()
            if is_so():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("it did not come")

    def act(self, act: str, /, **more: Any) -> None:
        assert self.view is not None
        self.view._act({"act": act, **more})


@pytest.mark.filterwarnings("ignore:Widget.name is deprecated", "ignore:The inplace keyword")  # both are Panel's own
def test_what_is_kept_right_after_a_look_is_shown_though_nothing_else_happens(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    view, chronicle = scene.view, scene.hub.chronicle
    assert view is not None

    async def play() -> None:
        await scene.until(lambda: view.bar.place == "1–100 of 150")
        view._asked_s = monotonic()
        chronicle.history.add(
            event_batch([Event(10**9, "z", "A/B", "fired", "warning", 9.0, "new")]), RECORDED, now_us=0
        )
        chronicle.touched()
        scene.refresh()
        for _ in range(int(WAIT_S / 0.02)):
            if view.bar.place == "1–100 of 151":
                break
            await asyncio.sleep(0.02)
        assert view.bar.place == "1–100 of 151"
        view.close()

    asyncio.run(play())
    scene.hub.close()


@pytest.mark.filterwarnings("ignore:Widget.name is deprecated", "ignore:The inplace keyword")  # both are Panel's own
def test_a_page_is_turned_filtered_opened_and_acknowledged(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    view = scene.view
    assert view is not None

    async def play() -> None:
        await scene.until(lambda: view.bar.place == "1–100 of 150")
        await scene.until(lambda: view.bar.tiles.get("fired") == "150")
        scene.act("older")
        await scene.until(lambda: view.bar.place == "101–150 of 150")
        assert view.bar.has_newer
        assert not view.bar.has_older
        scene.act("ask", filters={"text": "n149", "until": "all"})
        await scene.until(lambda: len(view._shown) == 1)
        view._choose(view._shown[0].id)
        await scene.until(lambda: bool(view.card.why))
        assert view.card.event["message"] == "n149"
        scene.act("acknowledge", id=view._shown[0].id, note="seen it")
        await scene.until(lambda: view.card.event["seen"] is not None)
        assert view.card.event["seen"]["note"] == "seen it"
        scene.act("ask", filters={"seen": "no", "until": "all"})
        await scene.until(lambda: view.bar.place == "1–100 of 149")

    try:
        asyncio.run(play())
    finally:
        view.close()
        scene.hub.close()
