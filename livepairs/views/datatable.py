"""A table of rows that have happened: newest first, named so that a test or a host page finds it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import panel as pn
from bokeh.models.widgets.tables import StringFormatter

__all__ = ["DataTable"]

_STYLE = """
.tabulator, .tabulator .tabulator-header .tabulator-col-title, .tabulator .tabulator-cell { font-size: 12.5px !important; }
.tabulator { font-variant-numeric: tabular-nums; border: 0; background: transparent; color: var(--mui-palette-text-primary); }
.tabulator .tabulator-header, .tabulator .tabulator-header .tabulator-col { background: transparent; border-color: var(--mui-palette-divider);
  color: var(--mui-palette-text-secondary); font-weight: 600; }
.tabulator .tabulator-tableholder .tabulator-table { background: transparent; color: inherit; }
.tabulator .tabulator-row, .tabulator .tabulator-row.tabulator-row-even { background: transparent; border-bottom: 1px solid var(--mui-palette-divider); }
.tabulator .tabulator-row .tabulator-cell { border: 0; padding: 5px 8px; height: 29px; min-height: 0; }
.tabulator .tabulator-header .tabulator-col .tabulator-col-content { padding: 6px 8px; }
.tabulator .tabulator-row { min-height: 29px; }
.tabulator .tabulator-row:hover { background: color-mix(in srgb, currentColor 6%, transparent) !important; }
.tabulator .tabulator-footer { background: transparent; border-color: var(--mui-palette-divider); color: var(--mui-palette-text-secondary); }
"""


class DataTable(pn.widgets.Tabulator):
    """A read-only Tabulator whose browser-side model carries its name."""

    def __init__(self, value: pd.DataFrame, **params: Any) -> None:  # Tabulator's own keywords
        # Said outright: an empty column tells nothing of its kind, and would later show text as numbers.
        texts = {name: StringFormatter() for name in value.columns}
        defaults = {
            "formatters": texts, "stylesheets": [_STYLE],
            "show_index": False, "disabled": True, "layout": "fit_columns", "sizing_mode": "stretch_width", "margin": 0,
            "selectable": False,
        }  # fmt: skip
        super().__init__(value=value, **(defaults | params))

    def _get_properties(self, doc: Any = None) -> dict[str, Any]:  # Bokeh's document and model properties
        return {**super()._get_properties(doc), "name": self.name}
