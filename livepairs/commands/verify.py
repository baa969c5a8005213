"""Check a recording: its files are whole, and it replays to the digest it had while it was live.

What was found is kept beside the recording (verdict.json), where a server's badge shows it.

Exit code 0: whole and, where it was recorded live, proven. 1: it replays to another digest. 2: a file is missing,
damaged or changed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livepairs.schema import Chunk
    from livepairs.stores.recording import Recording
    from livepairs.verification import Verdict

DIFFERS = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the recording."""
    parser.add_argument("recording", metavar="REC", help="folder of the recording")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--batch-rows", type=int, default=131_072, metavar="N", help="rows at a time; changes no result"
    )


def run(args: argparse.Namespace) -> int:
    """Verify, and say what was found."""
    from livepairs.commands._opening import opened
    from livepairs.errors import ConfigError, RecordingError

    if args.batch_rows < 1:
        raise ConfigError(f"batch of {args.batch_rows} rows is too small; use 1 or more")
    try:
        with opened(args.recording) as recording:
            verdict = _verdict(recording, args.batch_rows)
    except RecordingError as error:
        if args.json:
            facts = {"path": args.recording, "is_whole": False, "is_proven": False, "sentence": str(error)}
            print(json.dumps(facts, ensure_ascii=False))
        raise
    if args.json:
        print(json.dumps(_facts(args.recording, verdict), ensure_ascii=False))
    else:
        print(f"{recording.name}: {verdict.sentence}")
    return DIFFERS if verdict.is_proven is False else 0


def _verdict(recording: Recording, batch_rows: int) -> Verdict:
    """Verify, and keep what was found beside the recording, where a server's badge finds it."""
    from livepairs.clock import SystemClock
    from livepairs.errors import RecordingError
    from livepairs.stores.verdict import keep_verdict
    from livepairs.verification import to_keep, verify

    found: Verdict | RecordingError
    try:
        with _progress(recording) as update:
            found = verify(recording, batch_rows=batch_rows, on_chunk=update)
    except RecordingError as error:
        found = error
    keep_verdict(recording, to_keep(found, SystemClock().now_us()))
    if isinstance(found, RecordingError):
        raise found
    return found


@contextmanager
def _progress(recording: Recording) -> Iterator[Callable[[Chunk], None]]:
    """Yield what shows each chunk as progress, on a terminal."""
    from tqdm import tqdm

    total, is_hidden = recording.trade_count, not sys.stderr.isatty()
    with tqdm(total=total, disable=is_hidden, file=sys.stderr, unit=" trades", unit_scale=True, leave=False) as bar:

        def show(chunk: Chunk) -> None:
            bar.update(chunk.trades.num_rows)

        yield show


def _facts(path: str, verdict: Verdict) -> dict[str, object]:
    difference = verdict.difference
    return {
        "path": path,
        "is_whole": True,
        "is_proven": verdict.is_proven,
        "sentence": verdict.sentence,
        "files": verdict.files,
        "trades": verdict.trades,
        "bars": verdict.bars,
        "pairs": verdict.pairs,
        "events": verdict.events,
        "digest": verdict.digest or None,
        "live_digest": verdict.live_digest,
        "difference": None
        if difference is None
        else {"hop": difference.hop, "row": difference.row, "sentence": difference.sentence},
        "seconds": round(verdict.seconds, 6),
    }
