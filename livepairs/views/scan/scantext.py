"""What a scan says in words: how many tests were made, what chance alone would find, who came and who went. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from livepairs.hub.scanreport import FDR, PASS, ScanReport
from livepairs.views import numbers

__all__ = ["account_of", "changes_of", "clock", "notes_of", "since_of"]

FDR_TIP = (
    "FDR, the false discovery rate: of all pairs on a list, the share that is there by chance. q is the FDR of the "
    "list that ends with this pair. BH (Benjamini and Hochberg) holds if tests are independent or lean the same way, "
    "BY (Benjamini and Yekutieli) for any dependence; pairs share their legs, so the truth lies between the two."
)


def account_of(report: ScanReport) -> list[list[str]]:
    """Return the account of a scan as pieces of text, each with its tooltip or an empty one."""
    finds = report.finds
    if finds is None:
        return []
    values, tests = finds.values, len(finds)
    found = int(np.count_nonzero(values["coint_p"] < PASS))
    bh, by = (int(np.count_nonzero(values[name] < FDR)) for name in ("q_bh", "q_by"))
    by_chance = f"{numbers.count(round(tests * PASS))}" if tests * PASS >= 10 else f"{tests * PASS:.1f}"
    false = f"some {numbers.count(round(FDR * bh))}" if FDR * bh >= 1 else "fewer than one"
    return [
        [
            f"{numbers.count(tests)} tests",
            f"Every pair of {len(finds.symbols)} symbols, both ways round: Y on X, and X on Y.",
        ],
        [f"over {report.bars} bars of {report.choice.interval}.", ""],
        [f"At p < {PASS:.0%}, chance alone would find {by_chance};", "Of tests without anything to find, 5 % pass."],
        [f"{numbers.count(found)} were found.", ""],
        [f"At q < {FDR:.0%}: {numbers.count(bh)} by BH", FDR_TIP],
        [f"(of which {false} expected to be false), {numbers.count(by)} by BY.", ""],
    ]


def notes_of(report: ScanReport) -> str:
    """Return what was filled or left out, in one line."""
    notes = () if report.finds is None else report.finds.notes
    return " ".join(f"{note[:1].upper()}{note[1:]}." for note in notes)


def changes_of(report: ScanReport, most: int = 40) -> list[dict[str, str | bool]]:
    """Return who came onto the list and who went off it, newest first."""
    return [
        {
            "time": clock(change.end_us),
            "is_in": change.is_in,
            "pair": change.pair,
            "q": f"q {numbers.p_value(change.q)}" if change.is_in else "",
        }
        for change in report.changes[:most]
    ]


def since_of(report: ScanReport) -> str:
    """Return what to say where nobody has come or gone."""
    if not report.since_us:
        return "Nothing is known of earlier bars yet."
    return f"Nobody has come or gone since {clock(report.since_us)} UTC."


def clock(time_us: int) -> str:
    """Return a time of day."""
    return f"{datetime.fromtimestamp(time_us / 1e6, UTC):%H:%M:%S}"
