"""The proof that a replay equals what was live: a recording's files are whole, and it replays to its live digest.

What was computed while it was live is in the manifest: the digest of every closed row, what it was computed with, and
four bytes a row, by which the first row that differs is found.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.alerts.reading import read_rules
from livepairs.digest import HOPS, row_checks
from livepairs.errors import RecordingError
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams, compile_if_worth
from livepairs.schema import Chunk, Pair
from livepairs.stores.manifest import LiveProof, ProofParams
from livepairs.stores.recording import Recording
from livepairs.stores.verdict import KeptVerdict, Outcome

__all__ = ["Difference", "Verdict", "to_keep", "verify"]

BATCH_ROWS: Final = 131_072


@dataclass(frozen=True, slots=True)
class Difference:
    """The first row at which a replay differs from what was live.

    Parameters
    ----------
    hop
        ``bars``, ``pairs`` or ``events``.
    row
        Its place among the rows of that hop, from 0.
    replayed
        The row as the replay has it; None where it has none there.
    sentence
        For people.
    """

    hop: str
    row: int
    replayed: dict[str, Any] | None
    sentence: str

    @property
    def ts_us(self) -> int | None:
        """The bar time of that row; None where the replay has none there."""
        ts = None if self.replayed is None else self.replayed["ts"]
        return round(ts.timestamp() * 1e6) if isinstance(ts, datetime) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of a recording after looking at all of it. That its files are whole goes without saying: else
    there is no verdict but an error.

    Parameters
    ----------
    is_proven
        Whether the replay reached the live digest; None where there is none to reach.
    files, trades
        Looked at.
    digest
        Of the replay; empty where there was nothing to compare it with.
    live_digest
        Of what was live; None where nothing was.
    bars, pairs, events
        Rows that the replay closed.
    difference
        The first row that differs, where one does.
    sentence
        The verdict for people.
    seconds
        How long it took.
    """

    is_proven: bool | None
    files: int
    trades: int
    digest: str
    live_digest: str | None
    bars: int
    pairs: int
    events: int
    difference: Difference | None
    sentence: str
    seconds: float


def verify(
    recording: Recording, *, batch_rows: int = BATCH_ROWS, on_chunk: Callable[[Chunk], None] | None = None
) -> Verdict:
    """Look at every file and row of a recording, and replay it to compare with what was live.

    Parameters
    ----------
    recording
        Which one.
    batch_rows
        Rows replayed at a time; changes no result.
    on_chunk
        Called after each chunk, to show how far it is; what it raises ends the verification.

    Raises
    ------
    RecordingError
        Naming the first file that is missing, not what the manifest says, or has rows out of order.
    """
    started = time.perf_counter()
    recording.verify_files()
    proof = recording.manifest.proof
    order = _OrderCheck(recording)
    rows = dict.fromkeys(HOPS, 0)
    digest, difference = "", None
    if proof is None:
        for chunk in recording.chunks(batch_rows=batch_rows, columns=("trade_id",)):
            order.update(chunk)
            if on_chunk is not None:
                on_chunk(chunk)
    else:
        _check_proof_files(recording, proof)
        digest, rows = _replayed(recording, proof, order, batch_rows=batch_rows, on_chunk=on_chunk)
        if digest != proof.digest:
            difference = _first_difference(recording, proof, batch_rows=batch_rows)
    is_proven = None if proof is None else digest == proof.digest
    return Verdict(
        is_proven=is_proven,
        files=len(recording.manifest.files),
        trades=order.trades,
        digest=digest,
        live_digest=recording.manifest.live_digest,
        bars=rows["bars"],
        pairs=rows["pairs"],
        events=rows["events"],
        difference=difference,
        sentence=_sentence(recording, proof, digest, difference),
        seconds=time.perf_counter() - started,
    )


def to_keep(found: Verdict | RecordingError, now_us: int) -> KeptVerdict:
    """Return what ``verify`` returned or raised in the form that is kept beside the recording (``stores.verdict``)."""
    from livepairs import __version__

    outcome: Outcome
    if isinstance(found, RecordingError):
        outcome, sentence, first_us = "damaged", str(found), None
    else:
        outcome = "whole" if found.is_proven is None else "same" if found.is_proven else "differs"
        sentence = found.sentence
        first_us = None if found.difference is None else found.difference.ts_us
    return KeptVerdict(outcome=outcome, sentence=sentence, checked_us=now_us, version=__version__, first_us=first_us)


class _OrderCheck:
    """Sees every trade of a recording pass, and that those of each symbol are in order."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._last: dict[str, tuple[int, int]] = {}
        self.trades = 0

    def update(self, chunk: Chunk) -> None:
        rows = chunk.trades.num_rows
        if not rows:
            return
        self.trades += rows
        symbol = str(chunk.trades.column("symbol")[0])
        ts = chunk.trades.column("ts").cast(pa.int64()).to_numpy()
        ids = chunk.trades.column("trade_id").to_numpy()
        before = self._last.get(symbol, (int(ts[0]), int(ids[0])))
        step, id_step = np.diff(ts, prepend=before[0]), np.diff(ids, prepend=before[1])
        wrong = np.flatnonzero((step < 0) | ((step == 0) & (id_step < 0)))
        if len(wrong):
            raise RecordingError(
                f"trades of {symbol!r} in recording {str(self._recording.path)!r} are out of order at id "
                f"{ids[wrong[0]]}; import or record the data again"
            )
        self._last[symbol] = int(ts[-1]), int(ids[-1])


def _replayed(
    recording: Recording,
    proof: LiveProof,
    order: _OrderCheck,
    *,
    batch_rows: int,
    on_chunk: Callable[[Chunk], None] | None,
) -> tuple[str, dict[str, int]]:
    """Replay with the proof's parameters and return the digest and the rows of each hop."""
    rows = dict.fromkeys(HOPS, 0)

    def count(hop: str, batch: pa.RecordBatch) -> None:
        rows[hop] += batch.num_rows

    def look(chunk: Chunk) -> None:
        order.update(chunk)
        if on_chunk is not None:
            on_chunk(chunk)

    return _play(recording, proof, count, batch_rows=batch_rows, on_chunk=look), rows


def _play(
    recording: Recording,
    proof: LiveProof,
    take: Callable[[str, pa.RecordBatch], None],
    *,
    batch_rows: int,
    on_chunk: Callable[[Chunk], None] | None = None,
) -> str:
    params = _run_params(proof.params)
    compile_if_worth(recording.trade_count, recording.vouched_us - recording.start_us, params)
    pipeline = Pipeline(recording.symbols, params, limit_rows=0)
    for hop in HOPS:
        pipeline.listen(hop, lambda batch, hop=hop: take(hop, batch))  # type: ignore[misc]  # bound now
    try:
        for chunk in recording.chunks(batch_rows=batch_rows):
            pipeline.update(chunk)
            if on_chunk is not None:
                on_chunk(chunk)
        if recording.is_final:
            pipeline.finish()
        return pipeline.digest
    finally:
        pipeline.close()


class _FoundError(Exception):
    """Ends a replay: the rows to come are of no interest."""


def _first_difference(recording: Recording, proof: LiveProof, *, batch_rows: int) -> Difference | None:
    """Replay once more, and stop at the first row whose check is another than it was live."""
    live = {hop: np.empty(0, np.uint32) for hop in HOPS}
    live |= {entry.hop: _checks(recording, entry.path) for entry in proof.checks}
    seen = dict.fromkeys(HOPS, 0)
    found: dict[str, tuple[int, pa.RecordBatch]] = {}

    def compare(hop: str, batch: pa.RecordBatch) -> None:
        checks = row_checks(batch)
        expected = live[hop][seen[hop] : seen[hop] + len(checks)]
        wrong = np.flatnonzero(checks[: len(expected)] != expected)
        first = int(wrong[0]) if len(wrong) else len(expected)
        if first < len(checks) and hop not in found:
            found[hop] = seen[hop] + first, batch.slice(first, 1)
        seen[hop] += len(checks)

    def stop_if_found(_: Chunk) -> None:
        if found:
            raise _FoundError

    with suppress(_FoundError):
        _play(recording, proof, compare, batch_rows=batch_rows, on_chunk=stop_if_found)
    if found:
        # The earliest; of one time the bar, which the rest is made of.
        hop = min(found, key=lambda hop: (found[hop][1].column("ts")[0].value, tuple(HOPS).index(hop)))
        return _difference(hop, found[hop][0], found[hop][1], live_rows=len(live[hop]))
    return _missing(live, seen)


def _missing(live: dict[str, NDArray[np.uint32]], seen: dict[str, int]) -> Difference | None:
    """Return the first row that was there live and is not in the replay."""
    for hop, checks in live.items():
        rows = len(checks)
        if seen[hop] < rows:
            text = f"{hop} row {seen[hop]:,} is missing: there were {rows:,} live, the replay has {seen[hop]:,}"
            return Difference(hop, seen[hop], None, text)
    return None


def _difference(hop: str, row: int, replayed: pa.RecordBatch, *, live_rows: int) -> Difference:
    values = replayed.to_pylist()[0]
    shown = ", ".join(f"{name} {_shown(value)}" for name, value in values.items())
    live = "live it had other values" if row < live_rows else f"live there were only {live_rows:,}"
    return Difference(hop, row, values, f"{hop} row {row:,} differs: the replay has {shown}; {live}")


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _checks(recording: Recording, path: str) -> NDArray[np.uint32]:
    return np.fromfile(recording.path / path, "<u4")


def _check_proof_files(recording: Recording, proof: LiveProof) -> None:
    for entry in proof.checks:
        try:
            found = hashlib.sha256((recording.path / entry.path).read_bytes()).hexdigest()
        except OSError:
            found = "missing"
        if found != entry.sha256:
            raise RecordingError(
                f"file {entry.path!r} of recording {str(recording.path)!r} was changed or is missing: its sha256 is "
                f"{found}, the manifest says {entry.sha256}; restore it from a copy"
            )


def _run_params(params: ProofParams) -> RunParams:
    return RunParams(
        pairs=tuple(Pair.parse(text) for text in params.pairs),
        interval=params.interval,
        grace_us=params.grace_us,
        pair_params=PairParams(
            hedge_window=params.hedge_window,
            z_window=params.z_window,
            corr_window=params.corr_window,
            adf_lags=params.adf_lags,
            price=params.price,
            hedge=params.hedge,
        ),
        entry=params.entry,
        exit=params.exit,
        rules=None if params.rules is None else read_rules(params.rules, name="the rules of the recording"),
    )


def _sentence(recording: Recording, proof: LiveProof | None, digest: str, difference: Difference | None) -> str:
    files = f"all {len(recording.manifest.files)} files are whole"
    if proof is None:
        why = (
            "it was recorded without one" if recording.manifest.live_digest is None else "its parameters are not known"
        )
        return (
            f"{files} and every trade is readable and in order; there is no live digest to compare a replay with: {why}"
        )
    if digest == proof.digest:
        return f"{files}, and it replays to the very digest it had live ({digest[:16]})"
    what = difference.sentence if difference is not None else "no single row was found to differ"
    versions = _versions(proof)
    return f"{files}, but it replays to {digest[:16]}, and live it was {proof.digest[:16]}: {what}{versions}"


def _versions(proof: LiveProof) -> str:
    from livepairs import __version__

    return "" if proof.version == __version__ else f" (recorded by livepairs {proof.version}, this is {__version__})"
