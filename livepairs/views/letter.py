"""What a refresh tells a browser: one message, past the machinery that Bokeh keeps for all that might change.

For each property that changes, Bokeh compares old with new, searches the value for models and wraps it; for each
message it lists every model of the document. A page that plays changes a dozen properties, four times a second, and
none of their values holds a model. Here a value is put into its model as it is, and its JSON into the message; of what
many pages show alike (see ``shared``), JSON is made once, for the first of them.

The browser is sent what Bokeh would have sent it. Where something else has changed too, where the page has no websocket
of Tornado's that is free, and with a Bokeh for which this was not tried, Bokeh does it all.
"""

from __future__ import annotations

import json
from asyncio import Future
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from threading import local
from typing import Any, Final

import bokeh
import numpy as np
from bokeh.core.json_encoder import serialize_json
from bokeh.core.property.wrappers import PropertyValueColumnData
from bokeh.core.serialization import Serializer
from bokeh.document import Document
from bokeh.document.events import ColumnDataChangedEvent, ColumnsStreamedEvent, DocumentPatchedEvent, ModelChangedEvent
from bokeh.model import Model
from bokeh.models import ColumnDataSource
from bokeh.util.serialization import make_id
from panel.io.document import unlocked
from panel.io.state import set_curdoc, state
from tornado.websocket import WebSocketHandler

from livepairs.hub.publisher import current_beat
from livepairs.views.backlog import sockets_of

__all__ = ["append", "replace", "tell", "writing"]

Rows = Mapping[str, np.ndarray | list[Any]]
"""Column by name, all of the same length. Nobody may change it: pages share it."""

MOST_HISTORIES: Final = 4
"""Pages of one run that were opened at different times may hold different rows; so many kinds are told apart."""


class _Letter:
    """What changes in one document: as JSON, and as the events that Bokeh would make of it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._parts: list[str] = []
        self._events: list[Callable[[], DocumentPatchedEvent]] = []

    def add(self, kind: str, model: Model, more: str, event: Callable[[], DocumentPatchedEvent]) -> None:
        self._parts.append(f'{{"kind":"{kind}","model":{{"id":"{model.id}"}},{more}}}')
        self._events.append(event)

    def send(self) -> None:
        """Write it to the browser, or hand the events to Bokeh."""
        held = self.document.callbacks._held_events
        sockets = sockets_of(self.document) if self._parts and not held else None
        if sockets is None:
            held.extend(event() for event in self._events)
            return
        header = f'{{"msgid":"{make_id()}","msgtype":"PATCH-DOC"}}'
        for socket in sockets:
            for part in (header, "{}", f'{{"events":[{",".join(self._parts)}]}}'):
                # Not waited for: what has not been taken is seen before the next refresh (see backlog).
                WebSocketHandler.write_message(socket, part).add_done_callback(_forget)


def _forget(written: Future[None]) -> None:
    """Take note that a page may be closed while something is on its way to it."""
    if not written.cancelled():
        written.exception()


class _Desk(local):
    """The letter being written on a thread, and what was made in a beat: by identity of what it was made of."""

    letter: _Letter | None = None
    beat = 0

    def __init__(self) -> None:
        self.made: dict[int, tuple[Any, str]] = {}
        self.grown: dict[int, tuple[Rows, list[tuple[Mapping[str, Any], dict[str, np.ndarray]]]]] = {}


_DESK: Final = _Desk()

_IS_TRIED: Final = bokeh.__version__.startswith("3.9.")
"""Whether this Bokeh keeps properties, and names changes, as the tests have seen it do."""


@contextmanager
def writing(document: Document) -> Iterator[None]:
    """Have everything that changes in a document until the end of the block leave in one message."""
    is_held = document.callbacks.hold_value is not None
    with set_curdoc(document), unlocked():
        # Panel holds events back where it can write them itself; there, and for no other, so do we.
        holds = _IS_TRIED and state.loaded and not is_held and document.callbacks.hold_value is not None
        _DESK.letter = letter = _Letter(document) if holds else None
        try:
            yield
        finally:
            _DESK.letter = None
            if letter is not None:
                letter.send()


def tell(model: Model, **values: Any) -> None:  # what JSON can say
    """Set properties of a model that nothing on the server listens to; values are never changed afterwards."""
    letter = _letter_for(model)
    if letter is None:
        model.update(**values)
        return
    for name, value in values.items():
        model._property_values[name] = value
        event = partial(ModelChangedEvent, letter.document, model, name, value)
        letter.add("ModelChanged", model, f'"attr":"{name}","new":{_json(value)}', event)


def replace(source: ColumnDataSource, rows: Rows) -> None:
    """Give a source these rows for those it has."""
    letter = _letter_for(source)
    if letter is None:
        source.data = _listed(rows)
        return
    source._property_values["data"] = PropertyValueColumnData(rows)
    more, document = f'"attr":"data","data":{_json(rows)},"cols":null', letter.document
    letter.add(
        "ColumnDataChanged", source, more,
        lambda: ColumnDataChangedEvent(document, source, "data", _listed(rows)),
    )  # fmt: skip


def append(source: ColumnDataSource, rows: Rows, rollover: int) -> None:
    """Add rows to those a source has, of which the newest are kept."""
    letter = _letter_for(source)
    if letter is None:
        source.stream(_listed(rows), rollover=rollover)
        return
    source._property_values["data"] = PropertyValueColumnData(_grown(source.data, rows, rollover))
    more, document = f'"attr":"data","data":{_json(rows)},"rollover":{rollover}', letter.document
    letter.add(
        "ColumnsStreamed", source, more,
        lambda: ColumnsStreamedEvent(document, source, "data", _listed(rows), rollover),
    )  # fmt: skip


def _letter_for(model: Model) -> _Letter | None:
    letter = _DESK.letter
    return letter if letter is not None and model.document is letter.document else None


def _grown(held: Mapping[str, Any], rows: Rows, rollover: int) -> dict[str, np.ndarray]:
    """Return what a source holds once rows are added; of pages that held the same, all hold the very same arrays."""
    _turn()
    others = _DESK.grown.setdefault(id(rows), (rows, []))[1]
    for before, after in others:
        if all(held[name] is before[name] or _is_same(held[name], before[name]) for name in rows):
            return after
    after = {name: np.concatenate([held[name], values])[-rollover:] for name, values in rows.items()}
    if len(others) < MOST_HISTORIES:
        others.append((held, after))
    return after


def _is_same(one: Any, other: Any) -> bool:
    if len(one) != len(other) or not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray):
        return False
    return one.dtype == other.dtype and one.tobytes() == other.tobytes()


def _turn() -> None:
    """Forget what was made in an earlier beat; outside of beats there is nothing to share."""
    beat = current_beat()
    if _DESK.beat != beat or not beat:
        _DESK.beat = beat
        _DESK.made.clear()
        _DESK.grown.clear()


def _json(value: Any) -> str:
    if isinstance(value, str | int):
        return json.dumps(value)  # no other page has the very same
    _turn()
    known = _DESK.made.get(id(value))
    if known is None:
        known = _DESK.made[id(value)] = (value, serialize_json(Serializer().encode(_listed(value))))
    return known[1]


def _listed(value: Any) -> Any:
    """Return columns with lists for arrays: few rows travel as text, and each array as two messages of its own."""
    if not isinstance(value, dict):
        return value
    return {name: part.tolist() if isinstance(part, np.ndarray) else part for name, part in value.items()}
