"""A backtest as one HTML file that needs nothing else: charts, metrics with their definitions, trades and rules.

The script that draws the charts is in the file; nothing is fetched from anywhere.
"""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from bokeh.embed import components
from bokeh.layouts import column
from bokeh.models import (
    ColumnDataSource,
    CrosshairTool,
    CustomJSTickFormatter,
    HoverTool,
    NumeralTickFormatter,
    Range1d,
    Span,
    VArea,
)
from bokeh.plotting import figure
from bokeh.util.paths import bokehjs_path

from livepairs.views import columns, numbers
from livepairs.views.assets import stylesheet
from livepairs.views.backtest import metrictable
from livepairs.views.backtest.backtestplan import FIELDS, WHOLE, as_texts
from livepairs.views.backtest.drawnrows import DrawnRows
from livepairs.views.backtest.rehearsal import Rehearsal
from livepairs.views.palette import ACCENT, DOWN, LEG_X, LEG_Y, MUTED, UP

__all__ = ["report"]

_MOST_TRADES: Final = 2000


def report(rehearsal: Rehearsal, about: str) -> str:
    """Return the report.

    Parameters
    ----------
    rehearsal
        The backtest.
    about
        Where its rows come from, in a sentence.
    """
    result, plan = rehearsal.result, rehearsal.plan
    script, charts = _charts(rehearsal)
    span = "the whole recording" if plan.span == WHOLE else "the recording as far as it had been replayed"
    head = f"{about} Tested on {span}, up to {numbers.day_clock(rehearsal.until_us)}."
    notes = "".join(f"<li>{escape(metrictable.sentences([note]))}</li>" for note in result.notes)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(str(result.pair))}, a backtest by livepairs</title><style>{stylesheet('report')}</style>"
        f"{_library()}</head><body><h1>{escape(str(result.pair))}</h1><p>{escape(head)}</p>"
        f"{charts}<h2>Metrics</h2>{_metrics(rehearsal)}<h2>What to know</h2><ul>{notes}</ul>"
        f"<h2>Parameters</h2>{_parameters(rehearsal)}<h2>Trades</h2>{_trades(result.trades)}{script}</body></html>"
    )


@cache
def _library() -> str:
    # Read from its file: once Panel is imported, Bokeh's own way of naming its scripts adds some of Panel's by address.
    library = (Path(bokehjs_path()) / "js" / "bokeh.min.js").read_text(encoding="utf-8")
    return "<script>{}</script>".format(library.replace("</script", "<\\/script"))


def _charts(rehearsal: Rehearsal) -> tuple[str, str]:
    rows = DrawnRows(rehearsal)
    if not rows.extent:
        return "", "<p>There is nothing to draw: the pair had no closed bar yet.</p>"
    entries, exits, fills = rows.marks()
    lines, axis = ColumnDataSource(rows.lines()), Range1d(*rows.extent)
    legs = _figure(axis, "Legs, first bar = 100; ▲ bought ▼ sold, filled: in, hollow: out", 220, "0.00")
    legs.line(x="ts", y="x100", source=lines, color=LEG_X, legend_label=rehearsal.result.pair.x)
    legs.line(x="ts", y="y100", source=lines, color=LEG_Y, legend_label=rehearsal.result.pair.y)
    legs.scatter(x="ts", y="value", marker="marker", size=8, fill_color="color", line_color="color", fill_alpha="fill",
                 source=_source(fills))  # fmt: skip
    legs.legend.update(location="top_left", orientation="horizontal", background_fill_alpha=0.6, border_line_color=None)
    zscore = _figure(axis, "z-score", 200, "0.0")
    zscore.line(x="ts", y="z", source=lines, color=ACCENT)
    for level, color in ((rehearsal.plan.rules.entry, MUTED), (rehearsal.plan.rules.stop, DOWN)):
        for sign in (1, -1) if level is not None else ():
            zscore.add_layout(
                Span(location=sign * (level or 0.0), dimension="width", line_color=color, line_dash="dashed")
            )
    zscore.scatter(x="ts", y="z", marker="marker", size=9, color="color", source=_source(entries))
    zscore.scatter(x="ts", y="z", size=6, fill_color=None, line_color=ACCENT, source=_source(exits))
    equity = _figure(axis, "Equity, quote currency", 190, "0,0.00")
    line = equity.line(x="ts", y="equity", source=lines, color=UP, line_width=1.5)
    equity.yaxis.formatter = CustomJSTickFormatter(code="return tick.toLocaleString('en-US')")
    equity.add_tools(
        HoverTool(
            renderers=[line],
            mode="vline",
            tooltips=[
                ("time", "@ts{%F %T} UTC"),
                ("equity", "@equity{0,0.00}"),
                ("drawdown", "@drawdown{0.00%}"),
                ("z", "@z{0.00}"),
            ],
            formatters={"@ts": "datetime"},
        )
    )
    drawdown = _figure(axis, "Drawdown", 130, "0.00%")
    drawdown.add_glyph(lines, VArea(x="ts", y1="drawdown", y2="zero", fill_color=DOWN, fill_alpha=0.3))
    drawdown.line(x="ts", y="drawdown", source=lines, color=DOWN)
    cursor = Span(dimension="height", line_color=MUTED, line_dash="dotted")
    for chart in (legs, zscore, equity, drawdown):
        chart.add_tools(CrosshairTool(overlay=cursor))
    script, place = components(column(legs, zscore, equity, drawdown, sizing_mode="stretch_width"))
    return script, place


def _figure(axis: Range1d, title: str, height: int, ticks: str) -> figure:
    chart = figure(
        title=title, x_range=axis, x_axis_type="datetime", height=height, sizing_mode="stretch_width",
        tools="xpan,xwheel_zoom,xbox_zoom,reset", active_scroll="xwheel_zoom", y_axis_location="right",
        window_axis="x", lod_threshold=None, outline_line_color=None,
    )  # fmt: skip
    chart.yaxis.formatter = NumeralTickFormatter(format=ticks)
    chart.toolbar.logo = None
    return chart


def _source(data: columns.Columns) -> ColumnDataSource:
    return ColumnDataSource({name: values.tolist() for name, values in data.items()})


def _metrics(rehearsal: Rehearsal) -> str:
    values = metrictable.table_values(rehearsal.result)
    return _table(
        ["Metric", "Value", "How it is made", "Unit"],
        [[line.name, values[line.key], line.formula, line.unit] for line in metrictable.lines()],
        "metrics",
    )


def _parameters(rehearsal: Rehearsal) -> str:
    texts = as_texts(rehearsal.plan)
    return _table(["Parameter", "Value", "Meaning"], [[f.label, f"{texts[f.key]} {f.unit}", f.tip] for f in FIELDS], "")


def _trades(trades: pa.Table) -> str:
    if not trades.num_rows:
        return "<p>No trades.</p>"
    shown = trades.slice(max(0, trades.num_rows - _MOST_TRADES))
    said = "" if shown.num_rows == trades.num_rows else f"<p>The newest {shown.num_rows:,} of {trades.num_rows:,}.</p>"
    rows = [[_cell(value) for value in row.values()] for row in shown.to_pylist()]
    return said + _table(shown.column_names, rows, "trades")


def _cell(value: Any) -> str:  # a time, a number or a text
    if isinstance(value, float):
        return f"{value:,.6g}"
    return f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "strftime") else str(value)


def _table(head: list[str], rows: list[list[str]], kind: str) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table class="{kind}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
