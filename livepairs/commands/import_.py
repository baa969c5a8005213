"""Make a recording from files: exchange dumps, raw websocket logs, CSV or Parquet.

Formats are told by what is in a file, not by its name:

- raw logs of a Binance websocket, `LOCAL-TIME FRAME` a line, plain or gzip
- Binance's public dumps of trades and aggTrades, zip, gzip or csv; the symbol is that of the file's name
- CSV and Parquet with columns of time, price and quantity, and a symbol; name the columns with --map where needed

Several files go into one recording, in any order; they may overlap, since trades are told apart by their ids.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from livepairs.errors import ConfigError

if TYPE_CHECKING:
    from livepairs.stores.importing import ImportReport

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="files to import")
    parser.add_argument("--to", required=True, metavar="REC", help="folder of the recording to make")
    parser.add_argument("--symbol", metavar="NAME", help="symbol of files that do not name it, or name it wrongly")
    parser.add_argument("--kind", choices=("trade", "aggTrade"), help="take only these, from logs that hold both")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="OURS=THEIRS,...",
        help="columns of CSV or Parquet, for example ts=time,price=px,qty=size; ours are ts, price, qty, trade_id, "
        "recv_ts, symbol, side, buyer_is_maker; an empty name leaves a column out",
    )
    parser.add_argument("--time-unit", choices=("s", "ms", "us", "ns"), help="unit of numeric times (default: by size)")
    parser.add_argument("--tz", default="UTC", metavar="ZONE", help="zone of times that name none (default: UTC)")
    parser.add_argument("--overwrite", action="store_true", help="replace a recording that is already there")
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")


def run(args: argparse.Namespace) -> int:
    from livepairs.commands._progress import Progress
    from livepairs.stores.importing import import_files
    from livepairs.stores.intake import ImportOptions

    options = ImportOptions(
        symbol=args.symbol, kind=args.kind, columns=_columns(args.map), time_unit=args.time_unit, time_zone=args.tz
    )
    with Progress() as bar:
        report = import_files(args.files, args.to, options=options, overwrite=args.overwrite, on_progress=bar.show)
    if args.json:
        print(json.dumps(summary(report, args.to, len(args.files)), ensure_ascii=False))
    else:
        print(text(report, args.to))
    return 0


def _columns(maps: list[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for item in (item for text in maps for item in text.split(",")):
        ours, equals, theirs = item.partition("=")
        if not equals or not ours.strip():
            raise ConfigError(
                f"--map {item!r} is not of the form OURS=THEIRS; write for example ts=time,price=px,qty=size"
            )
        columns[ours.strip()] = theirs.strip()
    return columns


def summary(report: ImportReport, to: str, files: int) -> dict[str, object]:
    """Return the summary that ``--json`` prints; times are ISO 8601, UTC."""
    manifest = report.manifest
    rows = _rows(report)
    marks = sum(entry.rows for entry in manifest.entries("marks"))
    return {
        "recording": to,
        "files": files,
        "trades_read": report.trades_read,
        "trades": sum(rows.values()),
        "marks": marks,
        "symbols": {symbol: {"trades": count, "kind": report.kinds[symbol]} for symbol, count in rows.items()},
        "start": _iso(manifest.start_us),
        "end": _iso(manifest.end_us),
        "skipped": report.skipped,
        "rejected": report.rejected,
        "repaired": report.repaired,
        "gaps": len(manifest.gaps),
        "missing": sum(gap.missing or 0 for gap in manifest.gaps),
        "clock_offsets_us": report.clock_offsets_us,
        "warnings": list(report.warnings),
        "digest": manifest.digest,
    }


def _rows(report: ImportReport) -> dict[str, int]:
    rows = dict.fromkeys(report.manifest.symbols, 0)
    for entry in report.manifest.entries("trades"):
        rows[entry.symbol] += entry.rows
    return rows


def _iso(time_us: int) -> str:
    from livepairs.commands.info import iso

    return iso(time_us)


def text(report: ImportReport, to: str) -> str:
    """Return the summary as people read it."""
    found = summary(report, to, 0)
    lines = [f"{found['trades']:,} of {report.trades_read:,} trades into {to}", f"  {found['start']} to {found['end']}"]
    lines += [f"  {symbol:<16} {count:>14,}  {report.kinds[symbol]}" for symbol, count in _rows(report).items()]
    for name, counts in (("skipped", report.skipped), ("rejected", report.rejected), ("repaired", report.repaired)):
        if counts:
            lines.append(f"  {name}: " + ", ".join(f"{kind} {count:,}" for kind, count in sorted(counts.items())))
    if found["gaps"]:
        lines.append(f"  gaps: {found['gaps']:,}, {found['missing']:,} trades missing")
    for file, offset_us in report.clock_offsets_us.items():
        lines.append(
            f"  clock of {file}: {abs(offset_us) / 1e6:.3f} s {'behind' if offset_us < 0 else 'ahead of'} the exchange"
        )
    return "\n".join([*lines, *(f"  warning: {warning}" for warning in report.warnings)])
