"""The closed trades of a backtest as a table, newest first."""

from __future__ import annotations

from typing import Final

import pandas as pd
import pyarrow as pa
from panel.viewable import Viewable

from livepairs.views import numbers
from livepairs.views.datatable import DataTable

__all__ = ["TradeTable", "trade_frame"]

_COLUMNS: Final = ["In (UTC)", "Out (UTC)", "Side", "Bars", "Gross", "Costs", "Net", "Why"]
_KEPT: Final = 500


def trade_frame(trades: pa.Table) -> pd.DataFrame:
    """Return ROUND_TRIPS rows as the trades table shows them, newest first."""
    rows = trades.slice(max(0, trades.num_rows - _KEPT)).to_pydict()
    costs = [
        fees + slippage - funding
        for fees, slippage, funding in zip(rows["fees"], rows["slippage"], rows["funding"], strict=True)
    ]
    columns = (
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
    """The trades table, replaced with each result."""

    def __init__(self) -> None:
        from livepairs.backtest.result import ROUND_TRIPS

        self._table = DataTable(
            trade_frame(ROUND_TRIPS.empty_table()), name="trades", height=190,
            text_align={"Bars": "right", "Gross": "right", "Costs": "right", "Net": "right"},
        )  # fmt: skip
        self.view: Viewable = self._table

    def show(self, trades: pa.Table) -> None:
        """Show these ROUND_TRIPS rows."""
        frame = trade_frame(trades)
        if not frame.equals(self._table.value):
            self._table.value = frame
