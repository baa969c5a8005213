"""The look of a chart before the browser has given it one: the same, so that it is painted once.

panel-material-ui gives each chart of a page the colours and letters of the theme once the page stands, which painted
all of them anew, on a dark page after they were white, and told the server so in some forty messages a page. What is as
it would have it stays; and what the browser does to the looks of a chart later, the server need not know.
"""

from __future__ import annotations

from typing import Any, Final

from bokeh.models import Axis, Grid
from bokeh.plotting import figure

from livepairs.views.palette import THEME

__all__ = ["dress"]

_LETTERS: Final = {
    "major_label_text_font_size": "0.925em", "major_label_text_font_style": "normal",
    "axis_label_text_font_size": "1em", "axis_label_text_font_style": "normal", "axis_label_standoff": 12,
}  # fmt: skip
_LINES: Final = ("axis_line", "major_tick_line", "minor_tick_line")


def dress(chart: figure, *, is_dark: bool) -> None:
    """Give a chart the colours and letters of our theme.

    Parameters
    ----------
    chart
        Any figure.
    is_dark
        Which of the two.
    """
    scheme = THEME["dark" if is_dark else "light"]
    palette, font = scheme["palette"], scheme["typography"]["fontFamily"]
    ink, paper = "255, 255, 255" if is_dark else "0, 0, 0", palette["background"]["paper"]
    lines: dict[str, Any] = {f"{line}_color": f"rgba({ink}, {0.28 if is_dark else 0.22})" for line in _LINES}
    lines |= {f"{line}_alpha": 0 for line in _LINES}
    letters = {
        "major_label_text_color": palette["text"]["secondary"],
        "axis_label_text_color": palette["text"]["primary"],
    }
    fonts = {"major_label_text_font": font, "axis_label_text_font": font}
    for part in (*chart.axis, *chart.grid):
        if isinstance(part, Axis):
            part.update(**lines, **letters, **fonts, **_LETTERS)
        elif isinstance(part, Grid) and part.grid_line_color is not None:
            part.update(grid_line_color=f"rgba({ink}, {0.12 if is_dark else 0.1})", grid_line_alpha=1)
    chart.update(background_fill_color=paper, border_fill_color=paper)
    for part in (chart, chart.toolbar, *chart.axis, *chart.grid):
        part.syncable = False
