"""The closed trades of a backtest as a table, newest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd
import panel as pn
import pyarrow as pa
from panel.viewable import Viewable

from livepairs.views import numbers
from livepairs.views.backtest.metrictable import sentences
from livepairs.views.component import LiveText
from livepairs.views.datatable import DataTable

__all__ = ["TradeTable", "trade_frame"]

_COLUMNS: Final = ["#", "In (UTC)", "Out (UTC)", "Side", "Bars", "Gross", "Costs", "Net", "Why"]
_WIDTHS: Final = {"#": 72, "In (UTC)": 132, "Out (UTC)": 132}
_LEAST_WIDTH: Final = 72
"""On a phone the table is wider than the screen and scrolls, rather than cut its figures."""
_KEPT: Final = 500
_WHY: Final = (
    ".why { color: var(--lp-quiet); margin: 0; padding: 6px 8px 0; height: 26px; "
    "white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }"
)


def trade_frame(trades: pa.Table) -> pd.DataFrame:
    """Return ROUND_TRIPS rows as the trades table shows them, newest first."""
    rows = trades.slice(max(0, trades.num_rows - _KEPT)).to_pydict()
    costs = [
        fees + slippage - funding
        for fees, slippage, funding in zip(rows["fees"], rows["slippage"], rows["funding"], strict=True)
    ]
    columns = (
        [numbers.count(trades.num_rows - len(costs) + place + 1) for place in range(len(costs))],
        [f"{ts:%m-%d %H:%M:%S}" for ts in rows["entry_ts"]],
        [f"{ts:%m-%d %H:%M:%S}" for ts in rows["exit_ts"]],
        [f"▲ {side}" if side == "long" else f"▼ {side}" for side in rows["side"]],
        [numbers.count(bars) for bars in rows["bars_held"]],
        [numbers.fixed(value, 2, signed=True) for value in rows["pnl_gross"]],
        [numbers.fixed(value, 2) for value in costs],
        [numbers.fixed(value, 2, signed=True) for value in rows["pnl_net"]],
        rows["reason"],
    )
    frame = pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True)), columns=_COLUMNS)
    return frame.iloc[::-1].reset_index(drop=True)


class TradeTable:
    """The trades table, replaced with each result; a click on a row chooses its trade.

    Parameters
    ----------
    choose
        Called with the number of the trade, counted from 0.
    """

    def __init__(self, choose: Callable[[int], None]) -> None:
        from livepairs.backtest.result import ROUND_TRIPS

        self._count = 0
        self._choose = choose
        self._table = DataTable(
            trade_frame(ROUND_TRIPS.empty_table()), name="trades", height=296, selectable=1, widths=_WIDTHS,
            configuration={"columnDefaults": {"minWidth": _LEAST_WIDTH}},
            text_align={"#": "right", "Bars": "right", "Gross": "right", "Costs": "right", "Net": "right"},
        )  # fmt: skip
        self._table.on_click(lambda event: self._pick(event.row))
        self._why = LiveText(
            markup='<p class="why" data-v="why"></p>', stylesheets=[_WHY], sizing_mode="stretch_width", margin=0
        )
        self.view: Viewable = pn.Column(self._why, self._table, margin=0, sizing_mode="stretch_width")

    def show(self, trades: pa.Table, notes: tuple[str, ...]) -> None:
        """Show these ROUND_TRIPS rows; if there are none, the notes say why."""
        self._count = trades.num_rows
        self._why.values = {"why": _sentence(trades.num_rows, notes)}
        frame = trade_frame(trades)
        if not frame.equals(self._table.value):
            self._table.param.update(value=frame, selection=[])

    def select(self, trade: int) -> None:
        """Mark the row of a trade, counted from 0; none for -1."""
        row = self._count - 1 - trade
        self._table.selection = [row] if 0 <= row < len(self._table.value) and trade >= 0 else []

    def _pick(self, row: int | None) -> None:
        if row is not None and 0 <= row < len(self._table.value):
            self._choose(self._count - 1 - row)


def _sentence(trades: int, notes: tuple[str, ...]) -> str:
    if trades > _KEPT:
        return (
            f"The newest {_KEPT:,} of {trades:,} trades; an export has them all. A click shows a trade in the charts."
        )
    if trades:
        return "A click shows a trade in the charts."
    reasons = [note for note in notes if note.startswith(("no trades", "too short", "no rows", "z does not exist"))]
    return sentences(reasons or ["no trades"])
