"""The files a backtest can be taken away in: they say what the tables say, and need nothing else."""

from __future__ import annotations

import io
import json
import re

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from livepairs.views.backtest.export import EXPORTS, export
from tests.views.rehearsals import ONE_TRADE, make_rehearsal

ABOUT = "ETHUSDT/BTCUSDT on the recording <made>."


@pytest.mark.parametrize("name", ["trades", "equity"])
def test_parquet_holds_the_very_table_and_csv_its_values(name: str) -> None:
    rehearsal = make_rehearsal(ONE_TRADE)
    table: pa.Table = getattr(rehearsal.result, name)
    binary, text = (export(rehearsal, f"{name}-{kind}", ABOUT) for kind in ("parquet", "csv"))
    assert parquet.read_table(io.BytesIO(binary.data)).equals(table)
    assert csv.read_csv(io.BytesIO(text.data)).to_pydict() == table.to_pydict() | {
        column: [value.replace(microsecond=0) for value in table[column].to_pylist()]
        for column in table.column_names
        if column.endswith("ts")
    }
    assert (binary.name, text.name) == (
        f"livepairs-ETHUSDT-BTCUSDT-{name}.parquet",
        f"livepairs-ETHUSDT-BTCUSDT-{name}.csv",
    )


def test_metrics_say_with_what_they_were_made() -> None:
    rehearsal = make_rehearsal(ONE_TRADE, entry=2.25)
    made = json.loads(export(rehearsal, "metrics-json", ABOUT).data)
    assert made["trades"] == 1
    assert made["params"]["entry"] == 2.25
    assert made["address"]["span"] == "so-far"


@pytest.mark.parametrize("z", [ONE_TRADE, [0.0] * 12, []], ids=["a trade", "no trades", "no rows"])
def test_a_report_is_one_file_that_fetches_nothing(z: list[float]) -> None:
    rehearsal = make_rehearsal(z)
    page = export(rehearsal, "report-html", ABOUT).data.decode("utf-8")
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", page)
    assert "recording &lt;made&gt;." in page
    assert "Tested on the recording as far as it had been replayed" in page
    for note in rehearsal.result.notes:
        assert note[1:10] in page
    assert ("No trades." in page) == (rehearsal.result.trades.num_rows == 0)
    assert ("nothing to draw" in page) == (not z)


def test_an_unknown_kind_is_no_export() -> None:
    assert "trades-xls" not in EXPORTS
    with pytest.raises(KeyError):
        export(make_rehearsal([]), "trades-xls", ABOUT)
