"""Replay a recording at full speed and write bars, pairs and events as Parquet.

The last line on standard output is one JSON object: trades, late, rejected, bars, pairs, events, digest, seconds.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livepairs.errors import ConfigError
    from livepairs.headless import ReplayResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("recording", help="folder of the recording")
    parser.add_argument("--pair", action="append", default=[], metavar="Y/X", help="a pair; may be given several times")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write to; made if absent")
    parser.add_argument(
        "--bars", default="1s", metavar="INTERVAL", help="100ms, 1s, 5s, 1m, 5m, 15m or 1h (default 1s)"
    )
    parser.add_argument("--price", default="log", help="log or level (default log)")
    parser.add_argument(
        "--hedge",
        default="ols",
        metavar="METHOD",
        help="hedge ratio by ols, tls, ewols[:HALF_LIFE], kalman[:MEMORY] or fixed:BETA[,ALPHA] (default ols)",
    )
    parser.add_argument(
        "--hedge-window", type=int, default=300, metavar="BARS", help="hedge ratio window (default 300)"
    )
    parser.add_argument("--z-window", type=int, default=300, metavar="BARS", help="z-score window (default 300)")
    parser.add_argument("--corr-window", type=int, default=300, metavar="BARS", help="correlation window (default 300)")
    parser.add_argument(
        "--adf-lags", type=int, default=1, metavar="N", help="lags of the cointegration test (default 1)"
    )
    parser.add_argument(
        "--grace-ms", type=float, default=500.0, metavar="MS", help="grace for late trades (default 500)"
    )
    parser.add_argument("--entry", type=float, default=2.0, metavar="Z", help="|z| at which an event fires (default 2)")
    parser.add_argument("--exit", type=float, default=0.5, metavar="Z", help="|z| at which it clears (default 0.5)")
    parser.add_argument(
        "--rules", type=Path, metavar="FILE", help="rules that make the events, in place of --entry and --exit"
    )
    parser.add_argument("--healed", action="store_true", help="as it truly was: rows that came late are in their bars")
    parser.add_argument(
        "--batch-rows", type=int, default=131_072, metavar="N", help="rows at a time; changes no result"
    )


def run(args: argparse.Namespace) -> int:
    """Replay, write three files, and print what came of it."""
    from livepairs.commands._opening import opened
    from livepairs.errors import ConfigError
    from livepairs.headless import replay

    if args.batch_rows < 1:
        raise ConfigError(f"batch of {args.batch_rows} rows is too small; use 1 or more")
    _check_folder(args.out)
    with opened(args.recording) as recording:
        result = replay(
            recording,
            pairs=args.pair,
            bars=args.bars,
            price=args.price,
            hedge_window=args.hedge_window,
            z_window=args.z_window,
            corr_window=args.corr_window,
            adf_lags=args.adf_lags,
            hedge=args.hedge,
            grace_ms=args.grace_ms,
            entry=args.entry,
            exit=args.exit,
            rules=args.rules,
            healed=args.healed,
            batch_rows=args.batch_rows,
        )
    _write(result, args.out)
    print(json.dumps(_summary(result)))
    return 0


def _check_folder(folder: Path) -> None:
    """Say before the work, not after, that its results cannot be kept; make nothing yet, the arguments may be wrong."""
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    if not existing.is_dir():
        raise _cannot_write(folder, f"{str(existing)!r} is not a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise _cannot_write(folder, os.strerror(errno.EACCES))


def _cannot_write(folder: Path, why: str | None) -> ConfigError:
    from livepairs.errors import ConfigError

    return ConfigError(f"cannot write to {str(folder)!r}: {why}; name a folder that can be written")


def _write(result: ReplayResult, folder: Path) -> None:
    import pyarrow.parquet as pq

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("bars", "pairs", "events"):
            pq.write_table(getattr(result, name), folder / f"{name}.parquet", compression="zstd", compression_level=1)
    except OSError as error:
        raise _cannot_write(folder, error.strerror) from error


def _summary(result: ReplayResult) -> dict[str, object]:
    status = result.status
    return {
        "trades": status.trades,
        "late": status.late,
        "rejected": sum(status.rejected.values()),
        "forming": status.counts.forming,
        "bars": result.bars.num_rows,
        "pairs": result.pairs.num_rows,
        "events": result.events.num_rows,
        "digest": result.digest,
        "seconds": round(result.seconds, 6),
    }
