"""A backtest as files to take away: CSV and Parquet of its tables, metrics as JSON, and a report."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

import pyarrow as pa
from pyarrow import csv, parquet

from livepairs.views.backtest.backtestplan import as_texts
from livepairs.views.backtest.rehearsal import Rehearsal

__all__ = ["EXPORTS", "Export", "export"]


@dataclass(frozen=True, slots=True)
class Export:
    """A file for the browser to save.

    Parameters
    ----------
    name, mime
        Its name and type.
    data
        Its bytes.
    """

    name: str
    mime: str
    data: bytes


def export(rehearsal: Rehearsal, kind: str, about: str) -> Export:
    """Return a backtest as a file.

    Parameters
    ----------
    rehearsal
        The backtest.
    kind
        A key of ``EXPORTS``.
    about
        Where the rows come from, for the report.

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    _label, make = EXPORTS[kind]
    stem = f"livepairs-{rehearsal.result.pair.y}-{rehearsal.result.pair.x}"
    name, mime, data = make(rehearsal, about)
    return Export(f"{stem}-{name}", mime, data)


_Made = tuple[str, str, bytes]


def _csv(name: str) -> Callable[[Rehearsal, str], _Made]:
    def make(rehearsal: Rehearsal, _about: str) -> _Made:
        sink = pa.BufferOutputStream()
        csv.write_csv(getattr(rehearsal.result, name), sink)
        return f"{name}.csv", "text/csv", sink.getvalue().to_pybytes()

    return make


def _parquet(name: str) -> Callable[[Rehearsal, str], _Made]:
    def make(rehearsal: Rehearsal, _about: str) -> _Made:
        sink = pa.BufferOutputStream()
        parquet.write_table(getattr(rehearsal.result, name), sink, compression="zstd")
        return f"{name}.parquet", "application/vnd.apache.parquet", sink.getvalue().to_pybytes()

    return make


def _metrics(rehearsal: Rehearsal, _about: str) -> _Made:
    result, plan = rehearsal.result, rehearsal.plan
    about = {
        "pair": str(result.pair), "span": plan.span, "params": asdict(result.params),
        "windows": asdict(plan.windows), "notes": list(result.notes), "address": as_texts(plan),
    }  # fmt: skip
    text = json.dumps({**result.metrics, **about}, indent=2, allow_nan=False)
    return "metrics.json", "application/json", f"{text}\n".encode()


def _report(rehearsal: Rehearsal, about: str) -> _Made:
    # Here and not above: the report draws, and none of the others does.
    from livepairs.views.backtest.report import report

    return "report.html", "text/html", report(rehearsal, about).encode("utf-8")


EXPORTS: Final[dict[str, tuple[str, Callable[[Rehearsal, str], _Made]]]] = {
    "trades-csv": ("Trades, CSV", _csv("trades")),
    "trades-parquet": ("Trades, Parquet", _parquet("trades")),
    "equity-csv": ("Equity, CSV", _csv("equity")),
    "equity-parquet": ("Equity, Parquet", _parquet("equity")),
    "metrics-json": ("Metrics, JSON", _metrics),
    "report-html": ("Report, HTML", _report),
}
"""Label, and what makes it, of each export."""
