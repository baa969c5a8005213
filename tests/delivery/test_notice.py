"""What is said of events, to people and to programs."""

from __future__ import annotations

import json
import math

from livepairs.delivery.notice import LISTED, notice_of
from livepairs.stores.history_rows import HistoryRow, Origin
from livepairs.stores.outbox import Bundle

START_US = 1_764_000_000_000_000
LIVE = Origin(run_kind="live", source="binance-um:BTCUSDT,ETHUSDT", rule_version="abc")


def row(number: int = 0, **changed: object) -> HistoryRow:
    values = {
        "id": f"{number:016x}", "ts_us": START_US + number, "rule": "wide", "subject": "ETHUSDT/BTCUSDT",
        "kind": "fired", "level": "warning", "value": 2.5, "message": f"z is {number}", "origin": LIVE,
        "recorded": None, "acknowledged": None,
    } | changed  # fmt: skip
    return HistoryRow(**values)  # type: ignore[arg-type]


def bundle(*rows: HistoryRow) -> Bundle:
    return Bundle("b1", "desk", 0, START_US, rows)


def test_one_event_is_its_own_title():
    notice = notice_of(bundle(row()), now_us=START_US)
    assert (notice.title, notice.level) == ("ETHUSDT/BTCUSDT: wide fired", "warning")
    assert notice.text == "2025-11-24 16:00:00 UTC fired (warning) z is 0"


def test_several_events_are_counted_and_the_worst_that_fired_gives_the_level():
    rows = [row(1), row(2, level="critical"), row(3, kind="cleared", level="critical")]
    notice = notice_of(bundle(*rows), now_us=START_US)
    assert (notice.title, notice.level) == ("2 alerts (1 critical), 1 cleared", "critical")
    assert notice_of(bundle(rows[2]), now_us=START_US).level == "info"


def test_a_long_list_is_cut_and_says_so():
    notice = notice_of(bundle(*(row(number) for number in range(LISTED + 5))), now_us=START_US)
    lines = notice.text.splitlines()
    assert (len(lines), lines[0]) == (LISTED + 1, "5 earlier ones are in the history")
    assert len(json.loads(notice.payload)["events"]) == LISTED + 5


def test_a_replayed_event_says_that_it_is_one():
    origin = Origin(run_kind="replay", source="demo", recording="demo")
    notice = notice_of(bundle(row(origin=origin)), now_us=START_US)
    assert notice.title.endswith("(replay of demo)")
    assert notice.text.endswith("(replay of demo)")


def test_the_payload_is_plain_json_with_every_field():
    said = json.loads(notice_of(bundle(row(value=math.nan, message="größer 🚀")), now_us=START_US).payload)
    assert said["events"][0] == {
        "id": "0" * 16,
        "ts": "2025-11-24T16:00:00.000000Z",
        "rule": "wide",
        "rule_version": "abc",
        "subject": "ETHUSDT/BTCUSDT",
        "kind": "fired",
        "level": "warning",
        "value": None,
        "message": "größer 🚀",
        "run": {"kind": "live", "source": LIVE.source, "recording": "", "interval": "1s"},
    }
    del said["events"]
    assert said == {
        "type": "livepairs.alerts", "version": 1, "id": "b1", "channel": "desk",
        "sent_at": "2025-11-24T16:00:00.000000Z", "attempt": 1,
    }  # fmt: skip
