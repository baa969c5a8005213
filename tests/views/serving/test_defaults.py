from __future__ import annotations

from collections.abc import Iterator

import pytest
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.document import Document
from bokeh.model import Model
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure
from bokeh.themes import Theme

from livepairs.views.serving.defaults import remember_defaults


@pytest.fixture
def _remembering() -> Iterator[None]:
    before = PropertyDescriptor._get_default
    remember_defaults()
    yield
    PropertyDescriptor._get_default = before


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
