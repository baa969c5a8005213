"""The operator's desk: what goes on at the venue, and faults on demand, by HTTP under ``/_venue``.

No real venue has this. ``curl http://127.0.0.1:PORT/_venue`` shows clients and books, and
``curl 'http://127.0.0.1:PORT/_venue/fault/drop?which=newest'`` lets something go wrong now.
"""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from livepairs.errors import ConfigError
from livepairs.venue.client import Client
from livepairs.venue.faults import apply_fault, fault_docs
from livepairs.venue.gate import Answered
from livepairs.venue.venue import Venue

__all__ = ["at_desk"]

_DESK: Final = "/_venue"


def at_desk(venue: Venue, target: str) -> Answered | None:
    """Answer a request to the desk; None if it goes to the venue."""
    path, _, query = target.partition("?")
    if path.rstrip("/") == _DESK:
        return _answered(200, _state(venue))
    if path == f"{_DESK}/faults":
        docs = {name: {"does": doc, "arguments": arguments} for name, (doc, arguments) in fault_docs().items()}
        return _answered(200, docs)
    if not path.startswith(f"{_DESK}/fault/"):
        return None
    name = path.removeprefix(f"{_DESK}/fault/")
    try:
        apply_fault(venue, name, dict(parse_qsl(query, keep_blank_values=True)))
    except ConfigError as error:
        return _answered(400, {"error": str(error)})
    return _answered(200, {"fault": name})


def _state(venue: Venue) -> dict[str, Any]:
    books = {
        symbol: {"first_id": book.first_id, "last_id": book.first_id + book.end - 1, "renumbered": book.is_renumbered}
        for symbol, book in venue.books.items()
    }
    return {
        "market": venue.market,
        "now_us": venue.time.now_us(),
        "plays": venue.tape.label,
        "is_over": venue.is_over,
        "used_weight": venue.gate.used_weight,
        "symbols": books,
        "clients": [_client(client, venue.now_us()) for client in venue.audience.clients],
    }


def _client(client: Client, now_us: int) -> dict[str, Any]:
    return {
        "route": client.endpoint.route,
        "streams": list(client.subscriptions.names),
        "sent": client.sent,
        "open_s": (now_us - client.opened_us) / 1e6,
    }


def _answered(status: int, value: object) -> Answered:
    return Answered(status, json.dumps(value, ensure_ascii=False, indent=1) + "\n")
