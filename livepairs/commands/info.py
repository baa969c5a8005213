"""Show what is in a recording, and how whole it is.

Reads the manifest alone, so it answers at once however large the recording is. Of one that is being recorded right now
it shows what is on disk, and says so.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livepairs.stores.manifest import LiveProof
    from livepairs.stores.recording import Recording

__all__ = ["add_arguments", "facts", "iso", "run"]

_SHOWN = 10
"""Gaps and markers listed for a person; --json lists them all."""

_OUTCOMES = {
    "whole": "its files are whole",
    "same": "it replays to that digest",
    "differs": "it replays to ANOTHER digest",
    "damaged": "its files are DAMAGED",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recording", metavar="REC", help="folder of the recording")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    from livepairs.commands._opening import opened

    with opened(args.recording) as recording:
        is_live = recording.path != Path(args.recording)  # but what was on disk at this moment
        found = {**facts(recording), "path": args.recording, "is_being_recorded": is_live}
        print(json.dumps(found, ensure_ascii=False) if args.json else _text(recording))
    return 0


def iso(time_us: int) -> str:
    """Return a time as ISO 8601, UTC, without trailing zeros in the seconds.

    Examples
    --------
    >>> iso(1_723_161_256_322_000)
    '2024-08-08T23:54:16.322Z'
    """
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    text = time.strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return text + "Z"


def facts(recording: Recording) -> dict[str, object]:
    """Return what is in a recording as JSON can hold it; times are ISO 8601, UTC."""
    manifest = recording.manifest
    size = sum(entry.bytes for entry in manifest.files)
    trades_size = sum(entry.bytes for entry in manifest.entries("trades"))
    return {
        "name": recording.name,
        "path": str(recording.path),
        "source": recording.source,
        "is_synthetic": recording.is_synthetic,
        "schema_version": manifest.schema_version,
        "trades": recording.trade_count,
        "marks": sum(entry.rows for entry in manifest.entries("marks")),
        "symbols": {symbol: _of_symbol(recording, symbol) for symbol in recording.symbols},
        "start": iso(recording.start_us),
        "end": iso(recording.end_us),
        "vouched": iso(recording.vouched_us),
        "is_final": recording.is_final,
        "bytes": size,
        "bytes_per_trade": round(trades_size / recording.trade_count, 3),
        "completeness": manifest.completeness,
        "max_lag_ms": recording.max_lag_us / 1000,
        "clock_offset_ms": None if manifest.clock_offset_us is None else manifest.clock_offset_us / 1000,
        "gaps": [
            {
                "symbol": gap.symbol,
                "start": iso(gap.start_us),
                "end": iso(gap.end_us),
                "cause": gap.cause,
                "missing": gap.missing,
                "is_healed": gap.is_healed,
                "from_id": gap.from_id,
                "to_id": gap.to_id,
                "opened": None if gap.opened_us is None else iso(gap.opened_us),
                "closed": None if gap.closed_us is None else iso(gap.closed_us),
                "how": gap.how,
            }
            for gap in recording.gaps
        ],
        "markers": [{"time": iso(mark.ts_us), "label": mark.label, "note": mark.note} for mark in recording.markers],
        "repairs": dict(manifest.repairs),
        "skipped": dict(manifest.skipped),
        "digest": recording.digest,
        "live_digest": manifest.live_digest,
        "verdict": _verdict(recording),
        "proof": None if manifest.proof is None else _proof(manifest.proof),
        "fetched": [asdict(file) for file in manifest.fetched],
    }


def _of_symbol(recording: Recording, symbol: str) -> dict[str, object]:
    entries = [entry for entry in recording.manifest.entries("trades") if entry.symbol == symbol]
    return {
        "trades": sum(entry.rows for entry in entries),
        "start": iso(min(entry.first_us for entry in entries)) if entries else None,
        "end": iso(max(entry.last_us for entry in entries)) if entries else None,
        "bytes": sum(entry.bytes for entry in entries),
    }


def _text(recording: Recording) -> str:
    manifest = recording.manifest
    size = sum(entry.bytes for entry in manifest.files)
    synthetic = "  [SYNTHETIC: generated, not traded]" if recording.is_synthetic else ""
    span = timedelta(microseconds=recording.end_us - recording.start_us)
    per_trade = sum(entry.bytes for entry in manifest.entries("trades")) / recording.trade_count
    lines = [
        f"{recording.name}{synthetic}",
        f"  source        {recording.source}",
        f"  span          {iso(recording.start_us)} to {iso(recording.end_us)}  ({str(span).partition('.')[0]})",
        f"  trades        {recording.trade_count:,}",
    ]
    lines += [f"    {symbol:<14}{_of_symbol(recording, symbol)['trades']:>14,}" for symbol in recording.symbols]
    marks = sum(entry.rows for entry in manifest.entries("marks"))
    lines += [f"  marks         {marks:,}"] if marks else []
    lines += [
        f"  size          {size / 1e6:,.2f} MB, {per_trade:.2f} bytes a trade",
        f"  completeness  {100 * manifest.completeness:.4g} %",
        f"  receipt       at most {recording.max_lag_us / 1000:,.3f} ms after the trade",
    ]
    if manifest.clock_offset_us is not None:
        ahead = "ahead of" if manifest.clock_offset_us >= 0 else "behind"
        lines.append(f"  clock         {abs(manifest.clock_offset_us) / 1000:,.3f} ms {ahead} the exchange, corrected")
    return "\n".join([*lines, *_ledger(recording), *_counts(recording), *_digests(recording)])


def _ledger(recording: Recording) -> list[str]:
    lines = [f"  gaps          {len(recording.gaps):,}"]
    for gap in recording.gaps[:_SHOWN]:
        missing = "" if gap.missing is None else f", {gap.missing:,} trades missing"
        healed = ", healed" if gap.is_healed else ""
        lines.append(
            f"    {gap.symbol or 'all'}  {iso(gap.start_us)} to {iso(gap.end_us)}  {gap.cause}{missing}{healed}"
        )
    lines += (
        [f"    and {len(recording.gaps) - _SHOWN:,} more (--json lists them)"] if len(recording.gaps) > _SHOWN else []
    )
    if recording.markers:
        lines.append(f"  markers       {len(recording.markers):,}")
        lines += [f"    {iso(mark.ts_us)}  {mark.label}" for mark in recording.markers[:_SHOWN]]
    return lines


def _counts(recording: Recording) -> list[str]:
    found = (("repairs", recording.manifest.repairs), ("skipped", recording.manifest.skipped))
    return [
        f"  {name:<14}" + ", ".join(f"{kind} {count:,}" for kind, count in counts.items())
        for name, counts in found
        if counts
    ]


def _proof(proof: LiveProof) -> dict[str, object]:
    rows = {"bars": proof.bars, "pairs": proof.pairs, "events": proof.events}
    return {"digest": proof.digest, **rows, "version": proof.version, "params": asdict(proof.params)}


def _digests(recording: Recording) -> list[str]:
    live, proof = recording.manifest.live_digest, recording.manifest.proof
    state = f"live digest {live[:16]}" if live else "no live digest (not recorded live)"
    lines = [f"  identity      {recording.digest[:16]}", f"  proof         {state}"]
    if recording.manifest.fetched:
        count = len(recording.manifest.fetched)
        lines += [
            f"  fetched       {count:,} file{'s' if count > 1 else ''} from the venue; --json has their checksums"
        ]
    if proof is not None:
        what = f"{proof.bars:,} bars of {proof.params.interval}, {proof.pairs:,} pair rows, {proof.events:,} events"
        pairs = ", ".join(proof.params.pairs)
        lines += [f"    of {what}" + (f", {pairs}" if pairs else "")]
        lines += [_checked(recording)]
    return lines


def _verdict(recording: Recording) -> dict[str, object] | None:
    from livepairs.stores.verdict import kept_verdict

    kept = kept_verdict(recording)
    if kept is None:
        return None
    return {"outcome": kept.outcome, "checked": iso(kept.checked_us), "version": kept.version}


def _checked(recording: Recording) -> str:
    """Return what the last check found, if the files are still those it looked at."""
    from livepairs.stores.verdict import kept_verdict

    kept = kept_verdict(recording)
    if kept is None:
        return "    not checked yet; 'livepairs verify' replays it and compares"
    return f"    checked       {iso(kept.checked_us)} by livepairs {kept.version}: {_OUTCOMES[kept.outcome]}"
