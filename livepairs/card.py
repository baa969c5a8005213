"""How results print in a cell of a notebook: a small table, in the colours of whatever is around it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["card"]


def card(title: str, rows: Iterable[tuple[str, object]]) -> str:
    """Return a table of names and values as HTML; whatever they hold is text and nothing else.

    Examples
    --------
    >>> "&lt;b&gt;" in card("Recording", [("name", "<b>")])
    True
    >>> card("Replay", [("trades", 1_234_567)]).count("1,234,567")
    1
    """
    left = 'style="text-align: left; padding: 2px 16px 2px 0; font-weight: normal; opacity: .75"'
    right = 'style="text-align: left; padding: 2px 0; font-variant-numeric: tabular-nums"'
    body = "".join(
        f'<tr style="background: none"><th scope="row" {left}>{escape(name)}</th>'
        f"<td {right}>{escape(_text(value))}</td></tr>"
        for name, value in rows
    )
    caption = f'<caption style="text-align: left; font-weight: 600; caption-side: top">{escape(title)}</caption>'
    return f'<table style="color: inherit; border-collapse: collapse">{caption}<tbody>{body}</tbody></table>'


def _text(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
