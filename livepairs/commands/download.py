"""Fetch Binance's public dumps of past trades, verify them, and make a recording of them.

Each file is held to the checksum the site publishes beside it. Whole months come in one file where the site has it.
Days the site has nothing of are named and counted, and the recording is made of the others. Stopped with Ctrl+C or cut
off, the same command goes on where it was. Days are those of UTC, both included; the newest is yesterday's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from livepairs.errors import ConfigError, RecordingError

if TYPE_CHECKING:
    from livepairs.clock import Clock
    from livepairs.commands._progress import Progress
    from livepairs.exchanges.binance_archive import ArchiveFile
    from livepairs.sources.dump_download import Download, FetchProgress
    from livepairs.stores.importing import ImportReport

__all__ = ["add_arguments", "run"]

_SHOWN: Final = 12
"""Absent days named in the text; all of them are in the JSON."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to fetch, and where to put it."""
    parser.add_argument("symbols", nargs="+", metavar="SYMBOL", help="symbols, as BTCUSDT ETHUSDT")
    parser.add_argument("--from", dest="first", required=True, metavar="D", help="first day, as 2024-08-01, or month")
    parser.add_argument("--to", dest="last", required=True, metavar="D", help="last day, included, or month")
    parser.add_argument("--into", required=True, type=Path, metavar="REC", help="folder of the recording to make")
    parser.add_argument("--market", choices=("um", "spot"), default="um", help="USD-M futures (default) or spot")
    parser.add_argument(
        "--kind",
        choices=("aggTrades", "trades"),
        default="aggTrades",
        help="aggregated trades (default), whose ids tell every gap, or single ones",
    )
    parser.add_argument("--daily", action="store_true", help="never the file of a month: a few lack days they cover")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the files fetched there")
    parser.add_argument("--overwrite", action="store_true", help="replace a recording that is already there")
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Fetch, verify and import."""
    from livepairs.clock import SystemClock
    from livepairs.commands._progress import Progress
    from livepairs.config import load_settings

    clock = SystemClock()
    files = _files(args, datetime.fromtimestamp(clock.now_us() / 1e6, UTC).date())
    _check_target(args.into, is_replaced=args.overwrite)
    folder = (args.keep or _hidden(args.into)) / args.market
    base = load_settings().binance_dumps
    try:
        with _held(folder), Progress() as bar:
            found = asyncio.run(_fetch(files, folder, base, clock, bar))
            if found.fetched:
                report = _import(args, found, bar)
    except KeyboardInterrupt:
        print("stopped; give the same command again to go on from here", file=sys.stderr)
        raise
    if args.keep is None:
        shutil.rmtree(folder.parent, ignore_errors=True)
    if not found.fetched:
        raise ConfigError(_nothing(args, base))
    summary = _summary(args, found, report)
    print(json.dumps(summary, ensure_ascii=False) if args.json else _text(args, found, report))
    return 0


def _files(args: argparse.Namespace, today: date) -> tuple[ArchiveFile, ...]:
    from livepairs.exchanges.binance_archive import archive_files
    from livepairs.exchanges.binance_rows import is_symbol

    symbols = [symbol.upper() for symbol in args.symbols]
    for symbol in symbols:
        if not is_symbol(symbol):
            raise ConfigError(f"{symbol!r} is no symbol; write symbols as BTCUSDT ETHUSDT, with blanks between them")
    first, last = _day("--from", args.first)[0], _day("--to", args.last)[1]
    if first > last:
        raise ConfigError(f"--from {args.first} is after --to {args.last}; exchange them")
    if last >= today:
        newest = (today - timedelta(days=1)).isoformat()
        raise ConfigError(f"--to {args.last} is not over; a day's dump comes the day after, so {newest} is the newest")
    return archive_files(args.market, args.kind, symbols, first=first, last=last, has_months=not args.daily)


def _day(option: str, text: str) -> tuple[date, date]:
    """Return the first and last day of a day or a month."""
    try:
        if len(text) == 7:
            first = date.fromisoformat(f"{text}-01")
            return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        return date.fromisoformat(text), date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} {text!r} is no day; write 2024-08-01 for a day or 2024-08 for a month") from None


def _check_target(into: Path, *, is_replaced: bool) -> None:
    # Before anything is fetched, not after gigabytes.
    if into.exists() and not is_replaced:
        raise RecordingError(f"{str(into)!r} is there already; name another folder, or give --overwrite to replace it")


def _hidden(into: Path) -> Path:
    """Return where files are kept until the recording is whole: beside it, so that the same command finds them."""
    path = into.absolute()
    return path.with_name(f".{path.name}.download")


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep a second download away from half a file of ours."""
    from livepairs.sources.dump_site import writing
    from livepairs.stores.lock import FolderLock, is_held

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if is_held(folder):
        raise RecordingError(f"another download is fetching into {str(folder)!r}; wait for it, or stop it")
    lock = FolderLock(folder)
    try:
        yield
    finally:
        lock.release()


async def _fetch(files: tuple[ArchiveFile, ...], folder: Path, base: str, clock: Clock, bar: Progress) -> Download:
    from livepairs.sources.dump_download import download

    def show(now: FetchProgress) -> None:
        bar.note(f"{now.files:,} of {now.files_in_all:,} files")
        bar.show("fetching", now.bytes, now.bytes_known, unit="B")

    return await download(files, folder, base, clock=clock, on_progress=show)


def _import(args: argparse.Namespace, found: Download, bar: Progress) -> ImportReport:
    from livepairs.stores.importing import import_files
    from livepairs.stores.manifest import FetchedFile

    bar.note("")
    paths = [file.path for file in found.fetched]
    sources = tuple(FetchedFile(file.url, file.bytes, file.sha256) for file in found.fetched)
    return import_files(paths, args.into, overwrite=args.overwrite, on_progress=bar.show, fetched=sources)


def _nothing(args: argparse.Namespace, base: str) -> str:
    symbols = ", ".join(symbol.upper() for symbol in args.symbols)
    return (
        f"{base} has no {args.kind} of {symbols} ({args.market}) from {args.first} to {args.last}; "
        "check the symbols, the market and the days"
    )


def _summary(args: argparse.Namespace, found: Download, report: ImportReport) -> dict[str, object]:
    from livepairs.commands.import_ import summary

    return {
        **summary(report, str(args.into), len(found.fetched)),
        "bytes_fetched": sum(file.bytes for file in found.fetched),
        "absent": [{"symbol": file.symbol, "day": file.period} for file in found.absent],
        "checksums": {file.path.name: file.sha256 for file in found.fetched},
    }


def _text(args: argparse.Namespace, found: Download, report: ImportReport) -> str:
    from livepairs.commands.import_ import text

    megabytes = sum(file.bytes for file in found.fetched) / 1e6
    lines = [f"{len(found.fetched):,} files, {megabytes:,.1f} MB, each as its checksum says"]
    if found.absent:
        named = ", ".join(f"{file.symbol} {file.period}" for file in found.absent[:_SHOWN])
        more = f" and {len(found.absent) - _SHOWN:,} more" if len(found.absent) > _SHOWN else ""
        days = "day" if len(found.absent) == 1 else "days"
        lines.append(f"  not published: {len(found.absent):,} {days} ({named}{more})")
    return "\n".join([*lines, text(report, str(args.into))])
