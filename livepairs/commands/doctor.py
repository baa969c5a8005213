"""Look whether livepairs can work here: versions, port, disk, users, database, the venue's addresses and the clock.

It uses the settings that serve would use and changes nothing. What is bad keeps something from working and makes the
exit code 1; what is poor may be in order here, as a venue out of reach where only recordings are replayed.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from livepairs.config import load_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--offline", action="store_true", help="ask no other machine")
    parser.add_argument("--port", type=int, metavar="N", help="the port that is to be served")


def run(args: argparse.Namespace) -> int:
    """Print what was found."""
    # Here and not above: `livepairs --help` imports every command.
    from livepairs.commands._examination import examine

    findings = examine(load_settings({"port": args.port}), is_offline=args.offline)
    is_fit = all(finding.status != "bad" for finding in findings)
    if args.json:
        print(json.dumps({"is_fit": is_fit, "findings": [asdict(finding) for finding in findings]}, ensure_ascii=False))
    else:
        wide = max(len(finding.name) for finding in findings)
        for finding in findings:
            print(f"{_MARKS[finding.status]}  {finding.name:<{wide}}  {finding.text}")
    return 0 if is_fit else 1


_MARKS = {"good": "ok  ", "poor": "poor", "bad": "BAD ", "off": "-   "}
