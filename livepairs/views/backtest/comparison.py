"""The last few backtests that were run, side by side: equity over each other, parameters and metrics in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Final

from panel.viewable import Viewable

from livepairs.views import columns
from livepairs.views.actiontext import ActionText
from livepairs.views.assets import stylesheet
from livepairs.views.backtest import metrictable
from livepairs.views.backtest.backtestplan import FIELDS, Plan, as_texts
from livepairs.views.backtest.drawnrows import thinned
from livepairs.views.backtest.overlay import Line, overlay
from livepairs.views.backtest.rehearsal import Rehearsal
from livepairs.views.palette import DOWN, LEG_X, LEG_Y, SECOND, UP

__all__ = ["KEPT", "Comparison", "Kept", "compare_markup"]

KEPT: Final = 5
_COLORS: Final = (LEG_Y, LEG_X, UP, SECOND, DOWN)
_POINTS: Final = 600
_EMPTY: Final = (
    '<p class="quiet">Nothing to compare yet. Each backtest started with Run is kept here, the last '
    f"{KEPT} of them, with its equity, its parameters and its metrics side by side.</p>"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A backtest that is kept.

    Parameters
    ----------
    number, color
        Its name and colour.
    rehearsal
        The backtest.
    """

    number: int
    color: str
    rehearsal: Rehearsal


class Comparison:
    """The drawing and the table.

    Parameters
    ----------
    load
        Called with the plan of a backtest that is to be run again.
    """

    def __init__(self, load: Callable[[Plan], None]) -> None:
        self._load = load
        self._kept: list[Kept] = []
        self._count = 0
        self._text = ActionText(
            self._act, html=_EMPTY, stylesheets=[stylesheet("compare")], sizing_mode="stretch_width", margin=0
        )
        self.view: Viewable = self._text

    def keep(self, rehearsal: Rehearsal) -> None:
        """Add a backtest; the oldest one goes when there are too many."""
        taken = {kept.color for kept in self._kept[-(KEPT - 1) :]}
        color = next(color for color in _COLORS if color not in taken)
        self._count += 1
        self._kept = [*self._kept, Kept(self._count, color, rehearsal)][-KEPT:]
        self._show()

    def _act(self, name: str, value: str | None) -> None:
        if name == "clear":
            self._kept = []
            self._show()
        chosen = next((kept for kept in self._kept if str(kept.number) == value), None)
        if name == "load" and chosen is not None:
            self._load(chosen.rehearsal.plan)

    def _show(self) -> None:
        drawn = overlay([_line(kept) for kept in self._kept])
        self._text.html = f'<div class="sides"><div>{drawn}</div><div>{compare_markup(self._kept)}</div></div>'


def compare_markup(kept: list[Kept]) -> str:
    """Return the table: parameters in which the backtests differ, then every metric."""
    if not kept:
        return _EMPTY
    heads = "".join(
        f'<th><i style="background:{k.color}"></i>Run {k.number}'
        f'<button data-act="load" data-value="{k.number}" title="Run it again with these parameters">load</button></th>'
        for k in kept
    )
    texts = [as_texts(k.rehearsal.plan) for k in kept]
    differing = [field for field in FIELDS if len({text[field.key] for text in texts}) > 1]
    rows = [
        _row(f"{field.label} {field.unit}".strip(), [text[field.key] for text in texts], "changed")
        for field in differing
    ]
    values = [metrictable.table_values(k.rehearsal.result) for k in kept]
    rows += [_row(line.name, [value[line.key] for value in values], "") for line in metrictable.lines()]
    clear = '<button data-act="clear" title="Forget these backtests">clear</button>'
    return f"<table><thead><tr><th>Kept{clear}</th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _row(name: str, texts: list[str], kind: str) -> str:
    cells = "".join(f'<td class="{kind}">{escape(text)}</td>' for text in texts)
    return f"<tr><td>{escape(name)}</td>{cells}</tr>"


def _line(kept: Kept) -> Line:
    result, capital = kept.rehearsal.result, kept.rehearsal.plan.rules.capital
    ts, equity = columns.milliseconds(result.equity), columns.numbers(result.equity, "equity")
    rows = thinned([equity], _POINTS)
    return kept.color, ts[rows], equity[rows] / capital - 1.0
