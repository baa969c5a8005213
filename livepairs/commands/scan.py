"""Test every pair of a universe for cointegration, both ways, and write one row an ordered pair as Parquet.

How many pairs were tested and how many pass goes to standard output, what was filled or left out to standard error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livepairs.scan.result import ScanResult
    from livepairs.scan.universe import Note

SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("source", metavar="REC-or-FILE", help="folder of a recording, or a Parquet file of closes, one column a symbol")
    add("--out", required=True, type=Path, metavar="FILE", help="Parquet file to write")
    add("--bars", default="1m", metavar="INTERVAL", help="bar interval of a recording (default 1m)")
    add("--price", default="log", help="log or level (default log)")
    add("--window", type=int, metavar="N", help="the last N bars (default all)")
    add("--lags", type=_lags, default="aic", metavar="N", help="lags of the test, or aic to choose them (default aic)")
    add("--fdr", type=float, default=0.05, metavar="Q", help="share of false finds accepted (default 0.05)")
    add("--past", type=int, default=0, metavar="N", help="add a column: the share of N earlier windows that pass too")
    add(
        "--scheduler", metavar="ADDRESS", help="a Dask scheduler that shares out the work, such as tcp://127.0.0.1:8786"
    )


def _lags(text: str) -> int | str:
    return text if text == "aic" else int(text)


def run(args: argparse.Namespace) -> int:
    """Scan, write the table, and print what came of it."""
    from livepairs.scan_universe import scan

    result = scan(
        args.source,
        bars=args.bars,
        price=args.price,
        window=args.window,
        lags=args.lags,
        fdr=args.fdr,
        past=args.past,
        scheduler=args.scheduler,
    )
    _write(result, args.out)
    for line in _told(result.notes):
        print(f"note: {line}", file=sys.stderr)
    for line in _summary(result):
        print(line)
    return 0


def _write(result: ScanResult, file: Path) -> None:
    import pyarrow.parquet as pq

    from livepairs.errors import ConfigError

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(result.table, file, compression="zstd")
    except OSError as error:
        raise ConfigError(f"cannot write {str(file)!r}: {error.strerror}; name a file that can be written") from error


def _told(notes: tuple[Note, ...]) -> list[str]:
    """Return a line a note, but of a kind that has many only the first few and how many more there are."""
    lines: list[str] = []
    for kind in dict.fromkeys(note.kind for note in notes):
        of_kind = [note.text for note in notes if note.kind == kind]
        lines += of_kind[:SHOWN]
        if len(of_kind) > SHOWN:
            lines.append(f"and {len(of_kind) - SHOWN} more of this kind ({kind})")
    return lines


def _summary(result: ScanResult) -> list[str]:
    passing = result.passing
    pairs = {frozenset(pair) for pair in zip(passing["y"].to_pylist(), passing["x"].to_pylist(), strict=True)}
    best = [
        f"  {row['y']}/{row['x']}: q {row['q_bh']:.3g}, p {row['coint_p']:.3g}, beta {row['beta']:.4g}, "
        f"half-life {row['half_life']:.4g} bars"
        for row in passing.slice(0, SHOWN).to_pylist()
        if row["half_life"] is not None
    ]
    tests = result.table.num_rows
    return [
        f"{len(result.symbols)} symbols, {result.bars:,} bars: {tests // 2:,} pairs, both ways {tests:,} tests",
        f"{passing.num_rows:,} tests pass (q_bh < {result.params.fdr:g}), of {len(pairs):,} pairs",
        *best,
        f"caution: {result.caution}",
    ]
