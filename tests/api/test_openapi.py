"""The OpenAPI document holds: schemathesis asks the API what the document allows, and what it does not allow."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from livepairs.api.asgi_door import VISITOR, ApiApp
from livepairs.api.document import description
from livepairs.api.endpoints import ENDPOINTS
from livepairs.api.service import Api
from livepairs.schema import BARS, EVENTS, PAIRS
from tests.api.still import OPERATOR, StillRun, ask, make_api, make_events, make_pair_rows

EXAMPLES = 6
"""Requests a path and mode; a run of thousands finds what these do, later."""

CONFIG = """
[checks.negative_data_rejection]
# 410: a cursor of the right form, of nothing that is there.
expected-statuses = [400, 404, 405, 410]
"""


def make_app() -> tuple[Api, Any]:
    run = StillRun()
    run.close_bars(20)
    run.tables.pairs.append(make_pair_rows(10))
    run.tables.events.append(make_events("fired", "cleared"))
    api = make_api(run)
    app = ApiApp(api)

    async def admitted(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await app({**scope, VISITOR: OPERATOR}, receive, send)

    return api, admitted


@pytest.fixture(scope="module")
def schema() -> schemathesis.BaseSchema:
    """Return the document with names and cursors that there are, so that what is asked is mostly found."""
    api, app = make_app()
    document = description(ENDPOINTS)
    for path, entry in document["paths"].items():
        there = {"run": "live", "recording": "demo"}
        if path.startswith("/runs/{run}/"):
            there["cursor"] = json.loads(ask(api, path.format(run="live") + "?limit=1").body)["cursor"]
        else:
            there["cursor"] = {"/runs": "live", "/recordings": "demo", "/events": "9-e9"}.get(path, "")
        for parameter in entry["get"]["parameters"]:
            if parameter["name"] in there:
                parameter["schema"] = {"type": "string", "enum": [there[parameter["name"]]]}
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_str(CONFIG))
    schema.app = app
    return schema


# Nothing can be asked wrongly of the two documents.
MODES = [(each.path, mode) for each in ENDPOINTS for mode in GenerationMode if each.row or mode.is_positive]


@pytest.mark.parametrize(("path", "mode"), MODES)
def test_every_answer_is_as_the_document_says(path: str, mode: GenerationMode, schema: schemathesis.BaseSchema) -> None:
    operation = schema[path]["GET"]

    @settings(max_examples=EXAMPLES, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask_it(case: schemathesis.Case) -> None:
        case.call_and_validate()

    ask_it()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_no_address_is_written_to(method: str) -> None:
    for path in description(ENDPOINTS)["paths"]:
        answer = ask(make_api(), path.format(run="live", recording="demo"), method=method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_the_rows_of_the_document_are_the_columns_of_the_hops() -> None:
    schemas = description(ENDPOINTS)["components"]["schemas"]
    for name, hop in (("Bar", BARS), ("Pair", PAIRS), ("Event", EVENTS)):
        assert list(schemas[name]["properties"]) == hop.names
