"""``python -m benchmarks``: run every benchmark, or those named, and print Markdown."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.arena import hold
from benchmarks.contest import Scale, find_contests
from benchmarks.market import DAY_US, make_recording
from benchmarks.report import as_json, heading, markdown

QUICK_TRADES = 20_000


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks."""
    arguments = _parser().parse_args(argv)
    is_quick = arguments.quick
    trades = arguments.trades or (QUICK_TRADES if is_quick else 10_000_000)
    rounds = arguments.rounds or (1 if is_quick else 7)
    contests = find_contests()
    unknown = set(arguments.case) - set(contests)
    if unknown:
        print(f"benchmarks: no case {', '.join(sorted(unknown))}; there are {', '.join(contests)}", file=sys.stderr)
        return 2
    measured: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="livepairs-bench-") as folder:
        print(f"{heading(trades, rounds)}\n", flush=True)
        span_us = DAY_US // 48 if is_quick else DAY_US
        recording = make_recording(Path(folder, "day"), trades, span_us=span_us)
        scale = Scale(trades, str(recording), is_quick)
        for name, contest in contests.items():
            is_wanted = name in arguments.case if arguments.case else arguments.huge or not contest.is_huge
            if not is_wanted:
                continue
            standings = hold(name, contest, scale, rounds=rounds)
            if not standings:
                print(f"## {contest.title}\n\nNot measured: nothing of it can run here.\n", flush=True)
                continue
            measured[name] = as_json(contest, standings)
            print(markdown(contest, standings), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(measured, indent=2) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("case", nargs="*", help="names of files in benchmarks/cases; all but the huge if none is named")
    parser.add_argument("--trades", type=int, metavar="N", help="trades of the recorded day (default 10_000_000)")
    parser.add_argument("--rounds", type=int, metavar="N", help="turns of each side (default 7)")
    parser.add_argument("--quick", action="store_true", help="tiny and once: does it run at all")
    parser.add_argument("--huge", action="store_true", help="of all, also what takes many minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every value measured")
    return parser


if __name__ == "__main__":
    sys.exit(main())
