"""Events as history keeps them, for the tests of what shows them. No tests here."""

from __future__ import annotations

import json
from typing import Any

from livepairs.stores.history_rows import HistoryRow, Origin

PARAMS = {
    "pairs": ["ETHUSDT/BTCUSDT"], "hedge_window": 300, "z_window": 120, "corr_window": 300, "adf_lags": 1,
    "price": "log", "grace_us": 500_000, "healed": False,
}  # fmt: skip
RECORDED = Origin(
    run_kind="replay", source="demo", recording="demo", digest="ab" * 32, interval="1s",
    params=json.dumps(PARAMS), rule_version="0123456789ab",
)  # fmt: skip


def make_event(**changes: Any) -> HistoryRow:
    """Return one event of a recording, with what is said otherwise."""
    return HistoryRow(
        **{
            "id": "00ff00ff00ff00ff", "ts_us": 1_767_601_351_000_000, "rule": "z-score", "subject": "ETHUSDT/BTCUSDT",
            "kind": "fired", "level": "warning", "value": 2.25, "message": "far, out", "origin": RECORDED,
            "recorded": RECORDED, "acknowledged": None,
        } | changes
    )  # fmt: skip
