"""The rows of the recordings page, as its list takes them: finished texts, and places in per cent. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode

from livepairs.hub.proof import Proof
from livepairs.schema import Gap
from livepairs.stores.recording import Recording
from livepairs.stores.shelf import Entry
from livepairs.views import numbers
from livepairs.views.charts.brokenaxis import BrokenAxis

__all__ = ["axis_of", "megabytes", "rows_of"]

_SHOWN_SYMBOLS: Final = 4
_SHOWN_GAPS: Final = 200
"""Gaps drawn on a bar, the longest: more could not be told apart."""

_PROOFS: Final = {
    "unclaimed": ("", "no live digest", "Nothing was computed while it was made, so there is no digest to compare. "
                  "Check compares its files with its manifest."),
    "unproven": ("", "not checked yet", "It was recorded live. Check replays it at full speed and compares the digest "
                 "with the one taken while it was live."),
    "checking": ("busy", "checking", "Its files are compared with its manifest, and it is replayed at full speed."),
    "whole": ("good", "files whole", "Every file is what was written."),
    "same": ("good", "same digest", "Every file is what was written, and its replay gives the digest taken live."),
    "differs": ("bad", "differs", "Its replay is not what was seen live."),
    "damaged": ("bad", "damaged", "Its files are not what was written."),
}  # fmt: skip
"""State, word and explanation of each proof."""


def megabytes(size: float) -> str:
    """Return a size in bytes for people.

    Examples
    --------
    >>> megabytes(3_569_608), megabytes(734), megabytes(2_500_000_000), megabytes(123_456_789)
    ('3.6 MB', '0.7 kB', '2.5 GB', '123 MB')
    """
    for limit, unit in ((1e9, "GB"), (1e6, "MB")):
        if size >= limit:
            return f"{size / limit:.3g} {unit}" if size >= 100 * limit else f"{size / limit:.1f} {unit}"
    return f"{size / 1e3:,.1f} kB"


def axis_of(entries: Iterable[Entry]) -> BrokenAxis:
    """Return the time axis on which all recordings lie."""
    recordings = [entry.recording for entry in entries if entry.recording is not None]
    return BrokenAxis.of(
        (recording.start_us, max(recording.end_us, recording.start_us + 1)) for recording in recordings
    )


def rows_of(
    entries: Iterable[Entry], proofs: dict[str, Proof], *, axis: BrokenAxis, open_name: str, limit_bytes: int
) -> list[dict[str, Any]]:
    """Return what the list shows.

    Parameters
    ----------
    entries
        The recordings, in their order.
    proofs
        What is known of each, by name.
    axis
        The common time axis.
    open_name
        Name of the recording this page's run replays; empty if it replays none.
    limit_bytes
        How large a recording may be for a browser to take it away.
    """
    rows = []
    for entry in entries:
        row: dict[str, Any] = {
            "name": entry.name,
            "href": f"./market?{urlencode({'recording': entry.name})}",
            "is_kept": entry.is_kept,
            "is_open": entry.name == open_name,
            "problem": entry.reason,
            "status": entry.status,
        }
        if entry.recording is not None:
            row |= _recorded(entry.recording, axis, limit_bytes) | {"proof": _proof(proofs.get(entry.name))}
        rows.append(row)
    return rows


def _recorded(recording: Recording, axis: BrokenAxis, limit_bytes: int) -> dict[str, Any]:
    size = sum(entry.bytes for entry in recording.manifest.files)
    seconds = (recording.end_us - recording.start_us) / 1e6
    symbols = recording.symbols
    more = f" +{len(symbols) - _SHOWN_SYMBOLS}" if len(symbols) > _SHOWN_SYMBOLS else ""
    complete = recording.manifest.completeness
    return {
        "origin": _origin(recording),
        "is_synthetic": recording.is_synthetic,
        "symbols": ", ".join(symbols[:_SHOWN_SYMBOLS]) + more,
        "all_symbols": ", ".join(symbols),
        "begins": numbers.day_clock(recording.start_us).removesuffix(" UTC"),
        "length": numbers.duration(seconds),
        "when": f"{numbers.day_clock(recording.start_us)} to {numbers.day_clock(recording.end_us)}",
        "bar": axis.place((recording.start_us, recording.end_us)),
        "breaks": axis.breaks,
        "gaps": _gaps(recording),
        "gap_text": _gap_text(recording.gaps),
        "complete": _share(complete),
        "is_complete": complete >= 1,
        "trades": numbers.count(recording.trade_count),
        "size": megabytes(size),
        "per_trade": f"{size / max(1, recording.trade_count):.2f} bytes a trade",
        "is_takable": size <= limit_bytes,
    }


def _origin(recording: Recording) -> str:
    if recording.is_synthetic:
        return "synthetic"
    return "imported" if recording.source == "import" else recording.source


def _share(complete: float) -> str:
    """Return completeness in per cent; only what is whole says 100.

    Examples
    --------
    >>> _share(1.0), _share(0.99999), _share(0.9731)
    ('100 %', '99.99 %', '97.31 %')
    """
    return "100 %" if complete >= 1 else f"{int(10_000 * complete) / 100:.2f} %"


def _place(start_us: int, end_us: int, first_us: int, last_us: int) -> list[float]:
    """Return where a span begins and how wide it is, in per cent of another one."""
    whole = max(1, last_us - first_us)
    left = 100 * (start_us - first_us) / whole
    return [round(min(100.0, max(0.0, left)), 3), round(max(0.0, 100 * (end_us - start_us) / whole), 3)]


def _gaps(recording: Recording) -> list[list[float]]:
    longest = sorted(recording.gaps, key=lambda gap: gap.start_us - gap.end_us)[:_SHOWN_GAPS]
    return [
        _place(gap.start_us, gap.end_us, recording.start_us, recording.end_us) for gap in longest if not gap.is_healed
    ]


def _gap_text(gaps: tuple[Gap, ...]) -> str:
    if not gaps:
        return "no gaps"
    healed = sum(gap.is_healed for gap in gaps)
    missing = sum(gap.missing or 0 for gap in gaps if not gap.is_healed)
    parts = [f"{len(gaps):,} gap{'s' if len(gaps) > 1 else ''}"]
    parts += [f"{healed:,} filled"] if healed else []
    parts += [f"{missing:,} trades missing"] if missing else []
    return ", ".join(parts)


def _proof(proof: Proof | None) -> dict[str, str]:
    if proof is None:
        return {"state": "", "word": "", "tip": ""}
    state, word, tip = _PROOFS[proof.status]
    if proof.status == "checking" and proof.share:
        word = f"{word} {100 * proof.share:.0f} %"
    return {"state": state, "word": word, "tip": f"{tip} {proof.sentence}".strip()}
