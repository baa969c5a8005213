"""The OpenAPI document, made from the table of endpoints and the types of their parameters and rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from livepairs import __version__
from livepairs.api.accepting import ARROW, CSV, FOLLOWED, JSON
from livepairs.api.endpoint import NAMES, Endpoint
from livepairs.api.messages import Answer
from livepairs.api.problems import MEDIA, Problem
from livepairs.api.tabular import CURSOR_HEADER

__all__ = ["description", "openapi"]

_Schema = dict[str, Any]  # JSON, of whatever depth

_REFUSALS: Final = {
    "400": "A parameter is not allowed.",
    "401": "Nobody is signed in.",
    "404": "There is no such thing.",
    "405": "This is only read.",
    "406": "None of the formats here is accepted.",
    "409": "It cannot be had as things stand.",
    "410": "The rows at the cursor are gone.",
    "503": "As many readers follow rows as may.",
}

_TEXTS: Final = {
    CSV: "A line of column names, then a line a row.",
    FOLLOWED: "Events `row` with a row as JSON, `reset` where all rows before are void, `over` at the end of the run.",
}

_ABOUT: Final = (
    "Recordings, runs, and the closed rows of runs. The format is chosen by the Accept header. A page ends with a "
    "cursor, in the JSON and in the header Livepairs-Cursor; Link leads to the next page where there are more rows "
    "already. The same cursor is where to follow from: ask for text/event-stream, or send it as Last-Event-ID."
)


def openapi(endpoints: Sequence[Endpoint]) -> Answer:
    """Return the document."""
    return Answer(media=JSON, body=msgspec.json.encode(description(endpoints)), headers={"Cache-Control": "no-cache"})


def description(endpoints: Sequence[Endpoint]) -> _Schema:
    """Return what there is, as OpenAPI 3.1 has it."""
    rows = {endpoint.row.__name__: endpoint.row for endpoint in endpoints if endpoint.row is not None}
    _, schemas = msgspec.json.schema_components([*rows.values(), Problem], ref_template="#/components/schemas/{name}")
    pages = {f"{name}Page": _page(name) for name in rows}
    return {
        "openapi": "3.1.0",
        "info": {"title": "livepairs", "version": __version__, "description": _ABOUT},
        "servers": [{"url": "."}],
        "security": [{}, {"bearer": []}, {"session": []}],
        "paths": {endpoint.path: {"get": _operation(endpoint)} for endpoint in endpoints},
        "components": {
            "schemas": {**schemas, **pages},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "For scripts."},
                "session": {"type": "apiKey", "in": "cookie", "name": "livepairs-session", "description": "Signed in."},
            },
        },
    }


def _operation(endpoint: Endpoint) -> _Schema:
    refusals = {status: _refusal(text) for status, text in _REFUSALS.items()}
    return {
        "operationId": "_".join(["get", *[part.strip("{}") for part in endpoint.path.split("/") if part]]).replace(
            ".", "_"
        ),
        "summary": endpoint.summary,
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint), *_header_parameters(endpoint)],
        "responses": {"200": _success(endpoint), **refusals},
    }


def _success(endpoint: Endpoint) -> _Schema:
    content = {media: {"schema": _schema(endpoint, media)} for media in endpoint.formats}
    answer: _Schema = {"description": endpoint.summary, "content": content}
    if endpoint.row is not None and not endpoint.is_one:
        answer["headers"] = {
            CURSOR_HEADER: {"description": "Where these rows end.", "schema": {"type": "string"}},
            "Link": {"description": "The next page.", "schema": {"type": "string"}},
        }
    return answer


def _schema(endpoint: Endpoint, media: str) -> _Schema:
    if endpoint.row is None:
        return {"type": "object"} if media == JSON else {"type": "string"}
    if media == JSON:
        name = endpoint.row.__name__ if endpoint.is_one else f"{endpoint.row.__name__}Page"
        return {"$ref": f"#/components/schemas/{name}"}
    if media == ARROW:
        return {"type": "string", "format": "binary", "description": "An Arrow IPC stream."}
    return {"type": "string", "description": _TEXTS[media]}


def _page(name: str) -> _Schema:
    return {
        "type": "object",
        "required": ["items", "cursor", "next"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}},
            "cursor": {"type": ["string", "null"], "description": "Where these rows end."},
            "next": {"type": ["string", "null"], "description": "The next page, relative to this one."},
        },
    }


def _refusal(text: str) -> _Schema:
    return {"description": text, "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def _path_parameters(endpoint: Endpoint) -> list[_Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}
        for name, pattern in NAMES.items()
        if f"{{{name}}}" in endpoint.path
    ]


def _query_parameters(endpoint: Endpoint) -> list[_Schema]:
    properties = msgspec.json.schema(endpoint.query)["$defs"][endpoint.query.__name__]["properties"]
    return [{"name": name, "in": "query", "schema": _without_null(schema)} for name, schema in properties.items()]


def _header_parameters(endpoint: Endpoint) -> list[_Schema]:
    if FOLLOWED not in endpoint.formats:
        return []
    text = "A cursor to follow from; for text/event-stream only."
    return [{"name": "Last-Event-ID", "in": "header", "description": text, "schema": {"type": "string"}}]


def _without_null(schema: _Schema) -> _Schema:
    """Return the schema of a parameter that may be left out, which is no value but its absence."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf" and (name, value) != ("default", None)}
    return {**rest, **kinds[0]} if kinds else rest
