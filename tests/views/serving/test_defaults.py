from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from bokeh.core.has_props import HasProps
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.core.property.wrappers import PropertyValueContainer
from bokeh.document import Document
from bokeh.model import Model, util
from bokeh.models import ColumnDataSource, DataTable, HoverTool, Range1d, Select, Slider, Tabs
from bokeh.plotting import figure
from bokeh.themes import Theme

from livepairs.views.serving.defaults import remember_defaults


@pytest.fixture
def _remembering() -> Iterator[None]:
    places = (
        (PropertyDescriptor, "_get_default"), (HasProps, "__init__"), (HasProps, "themed_values"),
        (HasProps, "query_properties_with_values"), (util, "visit_immediate_value_references"),
    )  # fmt: skip
    before = [getattr(owner, name) for owner, name in places]
    remember_defaults()
    yield
    for (owner, name), found in zip(places, before, strict=True):
        setattr(owner, name, found)


def _all_values() -> list[tuple[str, dict[str, str]]]:
    chart = figure(width=300, x_range=Range1d(0, 1))
    chart.line("x", "y", source=ColumnDataSource({"x": [0.0], "y": [1.0]}))
    models = sorted(chart.references(), key=lambda model: (type(model).__name__, model.id))
    return [(type(model).__name__, _plain_values(model)) for model in models]


def _plain_values(model: Model) -> dict[str, str]:
    said = {name: repr(value) for name, value in model.properties_with_values().items()}
    return {name: text for name, text in said.items() if "id=" not in text}  # references differ from chart to chart


def test_remembered_defaults_are_those_that_bokeh_finds(request: pytest.FixtureRequest) -> None:
    found = _all_values()
    request.getfixturevalue("_remembering")
    assert _all_values() == found
    assert _all_values() == found  # and so they are when they are remembered


def _written() -> list[str]:
    """Return the JSON of a chart and of a few others, ids counted in the order in which they come."""
    chart = figure(width=300, title="z", x_range=Range1d(0, 1), tools=[HoverTool(tooltips=[("z", "@y")])])
    chart.line("x", "y", source=ColumnDataSource({"x": [0.0], "y": [1.0]}))
    document = Document(theme=Theme(json={"attrs": {"Axis": {"axis_label_text_font_size": "31px"}}}))
    for root in (chart, Tabs(), Select(options=["a"]), DataTable(), Slider(start=0, end=1, value=0)):
        document.add_root(root)
    text = json.dumps(document.to_json(deferred=False)["roots"])
    places: dict[str, int] = {}
    text = re.sub(r'(?<="id": ")[^"]+', lambda found: str(places.setdefault(found[0], len(places))), text)
    return text.split('"type": "object"')


def test_what_is_written_is_what_bokeh_writes(request: pytest.FixtureRequest) -> None:
    written = _written()
    request.getfixturevalue("_remembering")
    assert _written() == written


@pytest.mark.usefixtures("_remembering")
def test_a_model_keeps_no_empty_lists_of_its_own() -> None:
    one = Range1d()
    assert not one.references() - {one}
    Document().add_root(one)
    assert not [kept for kept in one._unstable_default_values.values() if isinstance(kept, PropertyValueContainer)]


@pytest.mark.usefixtures("_remembering")
def test_a_change_in_place_is_told_and_found() -> None:
    document, one, added = Document(), figure(), Range1d()
    document.add_root(one)
    heard: list[object] = []
    document.on_change(heard.append)
    one.tags.append(added)
    assert len(heard) == 1
    assert added in one.references()
    assert added.document is document


@pytest.mark.usefixtures("_remembering")
def test_what_can_be_changed_in_place_is_each_models_own() -> None:
    one, other = figure(), figure()
    one.tags.append("mine")
    assert (one.tags, other.tags) == (["mine"], [])
    assert one.x_range is not other.x_range


@pytest.mark.usefixtures("_remembering")
def test_a_theme_still_holds_for_its_document_alone() -> None:
    one, other = figure(), figure()
    assert one.axis[0].major_label_text_font_size == other.axis[0].major_label_text_font_size
    document = Document(theme=Theme(json={"attrs": {"Axis": {"major_label_text_font_size": "31px"}}}))
    document.add_root(one)
    assert one.axis[0].major_label_text_font_size == "31px"
    assert other.axis[0].major_label_text_font_size != "31px"
