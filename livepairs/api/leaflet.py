"""The page for people: every endpoint with what may be asked of it. It needs nothing but itself, from no other host."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any

from livepairs.api.accepting import HTML
from livepairs.api.document import description
from livepairs.api.endpoint import Endpoint
from livepairs.api.messages import Answer

__all__ = ["leaflet"]


def leaflet(endpoints: Sequence[Endpoint]) -> Answer:
    """Return the page."""
    document = description(endpoints)
    sections = "".join(_section(path, entry["get"]) for path, entry in document["paths"].items())
    about = escape(document["info"]["description"])
    template = files("livepairs.api").joinpath("leaflet.html").read_text("utf-8")
    body = template.replace("<!--about-->", about).replace("<!--endpoints-->", sections)
    return Answer(media=HTML, body=body.encode(), headers={"Cache-Control": "no-cache"})


def _section(path: str, operation: dict[str, Any]) -> str:
    formats = ", ".join(f"<code>{escape(media)}</code>" for media in operation["responses"]["200"]["content"])
    parameters = "".join(_parameter(parameter) for parameter in operation["parameters"])
    shown = escape(path)
    name = f"<code>{shown}</code>" if "{" in path else f'<a href=".{shown}"><code>{shown}</code></a>'
    return (
        f"<section><h2>{name}</h2><p>{escape(operation['summary'])}</p>"
        f'<p class="quiet">{formats}</p>{f"<dl>{parameters}</dl>" if parameters else ""}</section>\n'
    )


def _parameter(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    doc = parameter.get("description") or schema.get("description") or _allowed(schema)
    return f"<dt>{escape(parameter['name'])}</dt><dd>{escape(doc)}</dd>"


def _allowed(schema: dict[str, Any]) -> str:
    return f"matches {schema['pattern']}" if "pattern" in schema else ""
