"""The table of what there is: each endpoint with its parameters, its formats and who answers it.

Adding one is adding an entry: routing, the OpenAPI document, the page for people and the tests follow.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from livepairs.api.accepting import FOLLOWED, HTML, JSON
from livepairs.api.document import openapi
from livepairs.api.endpoint import Asked, Endpoint
from livepairs.api.eventhistory import KeptEvent, kept_events
from livepairs.api.following import Follower
from livepairs.api.leaflet import leaflet
from livepairs.api.messages import Answer
from livepairs.api.places import NOWHERE
from livepairs.api.queries import BarsQuery, EventsQuery, HistoryQuery, ListQuery, PairsQuery, Query, RowsQuery
from livepairs.api.rows import pick, require_known, wanted
from livepairs.api.rowtypes import Bar, Event, PairRow
from livepairs.api.runlist import RunRow, find_run, run_rows, runs
from livepairs.api.shelflist import Recording, find_recording, recordings
from livepairs.api.tabular import FORMATS, Part, listed, one, page
from livepairs.hub import Run
from livepairs.tables.ring import Table

__all__ = ["ENDPOINTS"]


def _recordings(asked: Asked) -> Answer:
    return listed(asked.request, asked.media, Recording, recordings(asked.hub))


def _recording(asked: Asked) -> Answer:
    return one(asked.media, Recording, find_recording(asked.hub, asked.names["recording"]))


def _runs(asked: Asked) -> Answer:
    return listed(asked.request, asked.media, RunRow, runs(asked.hub, asked.request.visitor))


def _run(asked: Asked) -> Answer:
    return one(asked.media, RunRow, run_rows(find_run(asked.hub, asked.names["run"])))


def _rows(asked: Asked, *, name: str, row: type[msgspec.Struct]) -> Answer:
    run = find_run(asked.hub, asked.names["run"])
    table: Table = getattr(run.tables, name)
    assert isinstance(asked.query, RowsQuery)
    require_known(run, wanted(asked.query))
    if asked.media == FOLLOWED:
        return _followed(asked, run, table, row)
    picked = pick(table, asked.query, asked.places)
    cursor = asked.places.text(table, picked.place)
    part = Part(rows=picked.rows, row=row, cursor=cursor, has_more=picked.has_more)
    return page(asked.request, asked.media, part)


def _followed(asked: Asked, run: Run, table: Table, row: type[msgspec.Struct]) -> Answer:
    assert isinstance(asked.query, RowsQuery)
    after = asked.request.last_event_id or asked.query.cursor
    follower = Follower(run, table, row, wanted(asked.query), asked.places)
    # A cursor of rows that are gone is not refused here: a browser that comes back could not read why.
    place = None if after is None else asked.places.find(table, after) or NOWHERE
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Vary": "Accept"}
    return Answer(media=FOLLOWED, body=follower.pieces(place), headers=headers)


def _events(asked: Asked) -> Answer:
    assert isinstance(asked.query, HistoryQuery)
    return page(asked.request, asked.media, kept_events(asked.hub, asked.query))


_ROWS: Final = (*FORMATS, FOLLOWED)

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        path="/",
        summary="What there is, for people.",
        query=Query,
        row=None,
        answer=lambda _asked: leaflet(ENDPOINTS),
        formats=(HTML,),
    ),
    Endpoint(
        path="/openapi.json",
        summary="What there is, for programs: the OpenAPI document.",
        query=Query,
        row=None,
        answer=lambda _asked: openapi(ENDPOINTS),
        formats=(JSON,),
    ),
    Endpoint(
        path="/recordings",
        summary="The recordings there are, the latest first.",
        query=ListQuery,
        row=Recording,
        answer=_recordings,
    ),
    Endpoint(
        path="/recordings/{recording}",
        summary="One recording.",
        query=Query,
        row=Recording,
        answer=_recording,
        is_one=True,
    ),
    Endpoint(
        path="/runs",
        summary="The runs there are: the live feed, and for an operator the replays that are open.",
        query=ListQuery,
        row=RunRow,
        answer=_runs,
    ),
    Endpoint(path="/runs/{run}", summary="One run.", query=Query, row=RunRow, answer=_run, is_one=True),
    Endpoint(
        path="/runs/{run}/bars",
        summary="Closed bars of a run, the oldest first.",
        query=BarsQuery,
        row=Bar,
        answer=partial(_rows, name="bars", row=Bar),
        formats=_ROWS,
    ),
    Endpoint(
        path="/runs/{run}/pairs",
        summary="The numbers of its pairs at each closed bar, the oldest first.",
        query=PairsQuery,
        row=PairRow,
        answer=partial(_rows, name="pairs", row=PairRow),
        formats=_ROWS,
    ),
    Endpoint(
        path="/runs/{run}/events",
        summary="What its alert rules said, the oldest first.",
        query=EventsQuery,
        row=Event,
        answer=partial(_rows, name="events", row=Event),
        formats=_ROWS,
    ),
    Endpoint(
        path="/events",
        summary="Every event that was kept, of whichever run, the newest first.",
        query=HistoryQuery,
        row=KeptEvent,
        answer=_events,
    ),
)
