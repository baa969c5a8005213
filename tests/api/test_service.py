"""The API answers pages of rows in three formats, follows new ones, and refuses in sentences."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import AsyncGenerator
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from livepairs.api.accepting import ARROW, CSV, FOLLOWED, JSON
from livepairs.api.messages import Answer
from livepairs.api.service import MOST_FOLLOWERS
from livepairs.schema import BARS
from tests.api.still import VIEWER, StillRun, ask, make_api, make_events, make_pair_rows, make_request


def body(answer: Answer) -> Any:
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body)


def make_run(bars: int = 5, **more: Any) -> StillRun:
    run = StillRun(**more)
    if bars:
        run.close_bars(bars)
    return run


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 3, 10, 10_000])
def test_pages_one_after_the_other_are_every_row_once(limit: int) -> None:
    api, path = make_api(make_run(5)), f"/runs/live/bars?limit={limit}"
    times, step = [], path
    while step:
        page = body(ask(api, step))
        times += [(row["ts"], row["symbol"]) for row in page["items"]]
        step = page["next"] and f"/runs/live/bars{page['next']}"
    assert times == [(f"1970-01-01T00:00:0{n}.000000Z", symbol) for n in range(5) for symbol in ("AAA", "BBB")]


def test_the_cursor_of_the_last_page_gives_what_closed_since() -> None:
    run = make_run(5)
    api = make_api(run)
    page = body(ask(api, "/runs/live/bars"))
    assert page["next"] is None
    again = f"/runs/live/bars?cursor={page['cursor']}"
    assert body(ask(api, again))["items"] == []
    run.close_bars(1, first_bar=5)
    assert [row["close"] for row in body(ask(api, again))["items"]] == [105.0, 105.0]


def test_a_filter_names_a_symbol_a_span_and_how_many_of_the_last() -> None:
    api = make_api(make_run(9))
    asked = "/runs/live/bars?symbol=BBB&start=1970-01-01T00:00:02Z&end=1970-01-01T01:00:07%2B01:00&last=2"
    rows = body(ask(api, asked.replace("%2B", "+")))["items"]
    assert [(row["symbol"], row["close"]) for row in rows] == [("BBB", 105.0), ("BBB", 106.0)]


def test_a_filtered_page_ends_where_its_rows_do_and_leads_on() -> None:
    api = make_api(make_run(4))
    first = ask(api, "/runs/live/bars?symbol=BBB&limit=2")
    assert first.headers["Link"] == f'<{body(first)["next"]}>; rel="next"'
    second = body(ask(api, f"/runs/live/bars{body(first)['next']}"))
    assert [row["close"] for row in second["items"]] == [102.0, 103.0]
    assert second["next"] is None


def test_arrow_is_the_very_columns_of_the_hop_and_csv_their_texts() -> None:
    api = make_api(make_run(3))
    arrow, text = ask(api, "/runs/live/bars", ARROW), ask(api, "/runs/live/bars", CSV)
    assert isinstance(arrow.body, bytes)
    assert isinstance(text.body, bytes)
    table = pa.ipc.open_stream(arrow.body).read_all()
    assert table.schema.equals(BARS)
    frame = pd.read_csv(io.BytesIO(text.body), parse_dates=["ts"])
    assert list(frame.columns) == BARS.names
    assert frame["close"].tolist() == table["close"].to_pylist()
    assert (frame["ts"] == table["ts"].to_pandas()).all()
    assert arrow.headers["Livepairs-Cursor"] == text.headers["Livepairs-Cursor"]


def test_a_number_that_is_not_known_yet_is_null_in_json_and_empty_in_csv() -> None:
    run = make_run(0)
    run.tables.pairs.append(make_pair_rows(1))
    api = make_api(run)
    (row,) = body(ask(api, "/runs/live/pairs?pair=BBB/AAA"))["items"]
    assert (row["z"], row["is_ready"]) == (None, False)
    text = ask(api, "/runs/live/pairs", CSV).body
    assert isinstance(text, bytes)
    assert b"nan" not in text


def test_events_are_picked_by_kind() -> None:
    run = make_run(0)
    run.tables.events.append(make_events("fired", "cleared", "fired"))
    rows = body(ask(make_api(run), "/runs/live/events?kind=fired&rule=zscore"))["items"]
    assert [row["id"] for row in rows] == ["e0", "e2"]


def test_the_history_is_paged_the_newest_first_with_who_saw_to_an_event() -> None:
    api = make_api()
    first = body(ask(api, "/events?limit=2"))
    assert [row["id"] for row in first["items"]] == ["e2", "e1"]
    assert (first["items"][0]["acknowledged_by"], first["items"][0]["recording"]) == ("ann", None)
    last = body(ask(api, f"/events{first['next']}"))
    assert ([row["id"] for row in last["items"]], last["next"]) == (["e0"], None)
    assert [row["id"] for row in body(ask(api, "/events?kind=cleared"))["items"]] == ["e1"]
    assert ask(api, "/events?cursor=1-").status == 400


def test_recordings_and_runs_are_listed_and_found_by_name() -> None:
    api = make_api(make_run(), StillRun(id="private-replay", kind="replay"))
    listed = body(ask(api, "/recordings"))["items"]
    assert "demo" in [row["name"] for row in listed]
    assert body(ask(api, "/recordings/demo"))["symbols"] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert [row["id"] for row in body(ask(api, "/runs"))["items"]] == ["live", "private-replay"]
    assert body(ask(api, "/runs/live"))["bars"] == 10


def test_a_list_is_paged_by_name_too() -> None:
    api = make_api(*(StillRun(id=f"run-{n}") for n in range(3)))
    first = body(ask(api, "/runs?limit=2"))
    assert [row["id"] for row in first["items"]] == ["run-0", "run-1"]
    assert [row["id"] for row in body(ask(api, f"/runs{first['next']}"))["items"]] == ["run-2"]
    assert ask(api, "/runs?cursor=run-9").status == 410


# --- who --------------------------------------------------------------------------------------------------------------


def test_a_viewer_is_not_told_of_replays_that_others_opened() -> None:
    api = make_api(make_run(), StillRun(id="private-replay", kind="replay"))
    assert [row["id"] for row in body(ask(api, "/runs", visitor=VIEWER))["items"]] == ["live"]


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/recordings", "/runs", "/runs/live/bars", "/nothing"])
def test_nobody_gets_nothing(path: str) -> None:
    answer = ask(make_api(make_run()), path, visitor=None)
    assert (answer.status, answer.media) == (401, "application/problem+json")
    assert "Bearer" in answer.headers["WWW-Authenticate"]


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nothing", 404, "/openapi.json"),
        ("/runs/other", 404, "'other'"),
        ("/recordings/dem", 404, "'dem'"),
        ("/recordings/..", 404, ".."),
        ("/runs/live/bars?limt=3", 400, "did you mean 'limit'"),
        ("/runs/live/bars?limit=0", 400, "'limit' is '0'; allowed is a whole number from 1 to 10,000"),
        ("/runs/live/bars?limit=٣", 400, "'limit'"),
        ("/runs/live/bars?limit=1&limit=2", 400, "twice"),
        ("/runs/live/bars?start=2026-01-01T00:00:00", 400, "with its zone"),
        ("/runs/live/bars?cursor=nonsense", 400, "'cursor'"),
        ("/runs/live?limit=3", 400, "none"),
        ("/runs/live/bars?symbol=aaa", 404, "it has AAA, BBB"),
        ("/runs/live/pairs?pair=AAA/BBB", 404, "it has BBB/AAA"),
        ("/runs/live/bars?cursor=0123456789ab-0-3", 410, "without a cursor"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence(path: str, status: int, words: str) -> None:
    answer = ask(make_api(make_run()), path)
    problem = body(answer)
    assert (answer.status, answer.media, problem["status"]) == (status, "application/problem+json", status)
    assert words in problem["detail"]


def test_a_format_nobody_has_is_refused_with_those_there_are() -> None:
    answer = ask(make_api(make_run()), "/runs/live", "image/png")
    assert answer.status == 406
    assert "text/csv" in body(answer)["detail"]


def test_nothing_is_written_here() -> None:
    answer = ask(make_api(make_run()), "/runs", method="POST")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_cursor_from_before_a_seek_is_gone() -> None:
    run = make_run(3)
    api = make_api(run)
    cursor = body(ask(api, "/runs/live/bars"))["cursor"]
    run.tables.reset()
    assert ask(api, f"/runs/live/bars?cursor={cursor}").status == 410


def test_a_cursor_of_another_table_or_another_start_of_the_server_is_gone() -> None:
    run = make_run(3)
    run.tables.events.append(make_events("fired"))
    api = make_api(run)
    cursor = body(ask(api, "/runs/live/bars"))["cursor"]
    assert ask(api, f"/runs/live/events?cursor={cursor}").status == 410
    assert ask(make_api(run), f"/runs/live/bars?cursor={cursor}").status == 410


def test_a_bug_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    run = make_run(3)
    run.tables = None
    answer = ask(make_api(run), "/runs/live/bars")
    assert answer.status == 500
    assert "NoneType" not in body(answer)["detail"]
    assert "NoneType" in caplog.text


# --- following --------------------------------------------------------------------------------------------------------


def fields(piece: bytes) -> list[dict[str, str]]:
    """Return the events in a piece of a stream, each as its fields."""
    lines = [block.split("\n") for block in piece.decode().split("\n\n") if block]
    return [dict(line.split(": ", 1) for line in block) for block in lines]


async def followed(api: Any, path: str, **more: Any) -> AsyncGenerator[bytes, None]:
    answer = await api.answer(make_request(path, FOLLOWED, **more))
    assert answer.media == FOLLOWED
    assert (await anext(answer.body)).startswith(b"retry: 2000\nid: ")
    return answer.body  # type: ignore[no-any-return]


def test_rows_come_as_they_close_and_a_reader_that_left_costs_nothing() -> None:
    async def scene() -> None:
        run = make_run(3)
        api = make_api(run)
        pieces = await followed(api, "/runs/live/bars?symbol=BBB")
        coming = asyncio.ensure_future(anext(pieces))
        await asyncio.sleep(0)
        run.close_bars(2, first_bar=3)
        events = fields(await coming)
        assert [json.loads(event["data"])["close"] for event in events] == [103.0, 104.0]
        assert {event["event"] for event in events} == {"row"}
        assert (run.viewer_count, api.followers) == (1, 1)
        await pieces.aclose()
        assert (run.viewer_count, api.followers, run.callbacks) == (0, 0, [])

    asyncio.run(scene())


def test_a_reader_goes_on_after_the_last_event_it_had_without_a_gap_or_a_row_twice() -> None:
    async def scene() -> None:
        run = make_run(3)
        api = make_api(run)
        page = await api.answer(make_request("/runs/live/bars?limit=2"))
        pieces = await followed(api, "/runs/live/bars", last_event_id=body(page)["cursor"])
        events = fields(await anext(pieces))
        assert [json.loads(event["data"])["close"] for event in events] == [101.0, 101.0, 102.0, 102.0]
        await pieces.aclose()
        pieces = await followed(api, "/runs/live/bars", last_event_id=events[1]["id"])
        rest = fields(await anext(pieces))
        assert rest == events[2:]
        await pieces.aclose()

    asyncio.run(scene())


def test_who_comes_too_late_or_from_before_a_seek_is_told_to_begin_anew() -> None:
    async def scene() -> None:
        run = make_run(3)
        api = make_api(run)
        pieces = await followed(api, "/runs/live/bars", last_event_id="from another life")
        (event,) = fields(await anext(pieces))
        assert event["event"] == "reset"
        coming = asyncio.ensure_future(anext(pieces))
        await asyncio.sleep(0)
        run.tables.reset()
        run.close_bars(1)
        (again,) = fields(await coming)
        assert again["event"] == "reset"
        assert body(await api.answer(make_request(f"/runs/live/bars?cursor={again['id']}")))["items"] == []
        await pieces.aclose()

    asyncio.run(scene())


def test_a_reader_that_takes_nothing_holds_no_rows_and_skips_what_fell_off() -> None:
    async def scene() -> None:
        run = make_run(1, limit_rows=100)
        pieces = await followed(make_api(run), "/runs/live/bars")
        coming = asyncio.ensure_future(anext(pieces))
        await asyncio.sleep(0)
        run.close_bars(1, first_bar=1)
        await coming
        for bar in range(2, 400):
            run.close_bars(1, first_bar=bar)
        (event,) = fields(await anext(pieces))
        assert event["event"] == "reset"
        await pieces.aclose()

    asyncio.run(scene())


def test_a_long_way_back_is_sent_in_pieces() -> None:
    async def scene() -> None:
        run = make_run(1000, limit_rows=5000)
        api = make_api(run)
        first = body(await api.answer(make_request("/runs/live/bars?limit=1")))["cursor"]
        pieces = await followed(api, f"/runs/live/bars?cursor={first}")
        sent = [len(fields(await anext(pieces))) for _ in range(4)]
        assert sent == [500, 500, 500, 499]
        await pieces.aclose()

    asyncio.run(scene())


def test_a_run_that_is_over_ends_the_stream() -> None:
    async def scene() -> None:
        run = make_run(1)
        pieces = await followed(make_api(run), "/runs/live/bars")
        run.is_alive = False
        (event,) = fields(await anext(pieces))
        assert event["event"] == "over"
        with pytest.raises(StopAsyncIteration):
            await anext(pieces)
        assert run.viewer_count == 0

    asyncio.run(scene())


def test_one_reader_too_many_is_asked_to_come_later() -> None:
    async def scene() -> None:
        api = make_api(make_run(1))
        readers = [await followed(api, "/runs/live/bars") for _ in range(MOST_FOLLOWERS)]
        answer = await api.answer(make_request("/runs/live/bars", FOLLOWED))
        assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
        for reader in readers:
            await reader.aclose()
        assert (await api.answer(make_request("/runs/live/bars", FOLLOWED))).status == 200

    asyncio.run(scene())


# --- documents --------------------------------------------------------------------------------------------------------


def test_the_page_for_people_names_every_endpoint_and_asks_no_other_host() -> None:
    page = ask(make_api(), "/", "text/html,*/*;q=0.8").body
    assert isinstance(page, bytes)
    text = page.decode()
    for path in body(ask(make_api(), "/openapi.json", JSON))["paths"]:
        assert f"<code>{path}</code>" in text
    assert "://" not in text
    assert "<script" not in text


def test_a_reader_cut_off_before_its_first_row_comes_back_to_where_it_began() -> None:
    run = make_run(3)
    api = make_api(run)
    begun = body(ask(api, "/runs/live/bars"))["cursor"]

    async def read() -> None:
        answer = await api.answer(make_request("/runs/live/bars", FOLLOWED))
        assert isinstance(answer.body, AsyncGenerator)
        assert fields(await anext(answer.body)) == [{"retry": "2000", "id": begun}]
        await answer.body.aclose()

    asyncio.run(read())


# --- packing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("takes", "is_packed"), [("gzip, br", True), ("", False), ("gzip;q=0", False), ("br", False)])
def test_rows_are_packed_for_whoever_takes_it(takes: str, *, is_packed: bool) -> None:
    plain = ask(make_api(make_run(50)), "/runs/live/bars", CSV)
    answer = ask(make_api(make_run(50)), "/runs/live/bars", CSV, accept_encoding=takes)
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert ("Content-Encoding" in answer.headers) is is_packed
    assert isinstance(answer.body, bytes)
    assert (gzip.decompress(answer.body) if is_packed else answer.body) == plain.body
