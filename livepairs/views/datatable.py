"""A table of rows that have happened: newest first, named so that a test or a host page finds it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import panel as pn
from bokeh.models.widgets.tables import StringFormatter

from livepairs.views.assets import stylesheet

__all__ = ["DataTable"]


class DataTable(pn.widgets.Tabulator):
    """A read-only Tabulator whose browser-side model carries its name."""

    def __init__(self, value: pd.DataFrame, **params: Any) -> None:  # Tabulator's own keywords
        # Said outright: an empty column tells nothing of its kind, and would later show text as numbers.
        texts = {name: StringFormatter() for name in value.columns}
        defaults = {
            "formatters": texts, "stylesheets": [stylesheet("datatable")],
            "show_index": False, "disabled": True, "layout": "fit_columns", "sizing_mode": "stretch_width", "margin": 0,
            "selectable": False,
        }  # fmt: skip
        super().__init__(value=value, **(defaults | params))

    def _get_properties(self, doc: Any = None) -> dict[str, Any]:  # Bokeh's document and model properties
        return {**super()._get_properties(doc), "name": self.name}
