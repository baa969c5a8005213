"""A replay without a screen, at full speed: a recording in, BARS, PAIRS, EVENTS and their digest out.

It hands the recording's chunks to the very pipeline that a page watches.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from livepairs.card import card
from livepairs.errors import ConfigError
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams, Status, compile_if_worth
from livepairs.rulefile import load_rules
from livepairs.schema import BARS, EVENTS, FEED, PAIRS, Pair
from livepairs.stores.recording import open_recording

if TYPE_CHECKING:
    from livepairs.alerts.rule import RuleSet
    from livepairs.schema import Chunk
    from livepairs.stores.recording import Recording

__all__ = ["ReplayResult", "play", "replay"]

BATCH_ROWS: Final = 131_072
BAR_COLUMNS: Final = ("ts", "symbol", "price", "qty", "buyer_is_maker")
"""What bars are made of; ``recv_ts`` is read too where a trade may be late."""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What a replay has computed.

    Parameters
    ----------
    bars, pairs, events
        Arrow tables of these schemas.
    digest
        SHA-256 over every closed row; equal digests mean equal bits.
    status
        The pipeline's last account: where every trade has gone.
    seconds
        How long it took, without the compiler.
    feed
        FEED rows of the same bars; none unless a rule asks how the trades came in.
    """

    bars: pa.Table
    pairs: pa.Table
    events: pa.Table
    digest: str
    status: Status
    seconds: float
    feed: pa.Table = field(default_factory=lambda: pa.Table.from_batches([], FEED))

    def __repr__(self) -> str:
        return (
            f"ReplayResult({self.status.trades:,} trades -> {self.bars.num_rows:,} bars, "
            f"{self.pairs.num_rows:,} pair rows, {self.events.num_rows:,} events; digest {self.digest[:12]})"
        )

    def _repr_html_(self) -> str:
        status = self.status
        rows = [
            ("trades", status.trades), ("late", status.late), ("rejected", sum(status.rejected.values())),
            ("bars", self.bars.num_rows), ("pair rows", self.pairs.num_rows), ("events", self.events.num_rows),
            ("digest", self.digest[:12]), ("seconds", f"{self.seconds:.2f}"),
        ]  # fmt: skip
        return card("Replay", rows)


def replay(  # noqa: PLR0913 - the public form of a value object; everything is by name
    recording: Recording | str | Path,
    *,
    pairs: Sequence[str | Pair],
    bars: str = "1s",
    price: str = "log",
    hedge_window: int = 300,
    z_window: int = 300,
    corr_window: int = 300,
    adf_lags: int = 1,
    hedge: str = "ols",
    grace_ms: float = 500.0,
    entry: float = 2.0,
    exit: float = 0.5,
    rules: RuleSet | str | Path | None = None,
    healed: bool = False,
    batch_rows: int = BATCH_ROWS,
) -> ReplayResult:
    """Replay a recording at full speed and return everything it computes.

    Parameters
    ----------
    recording
        A recording or its path.
    pairs
        Pairs as ``"Y/X"``; none gives bars only.
    bars
        Bar interval: 100ms, 1s, 5s, 1m, 5m, 15m or 1h.
    price
        ``"log"`` or ``"level"``.
    hedge_window, z_window, corr_window
        Windows in bars.
    adf_lags
        Lags of the cointegration test.
    hedge
        How the hedge ratio is found: ``ols``, ``tls``, ``ewols``, ``kalman`` or ``fixed:BETA`` (docs/numbers.md).
    grace_ms
        How long after its end a bar takes trades, in milliseconds.
    entry, exit
        |z| at which an event fires and clears where no rules are given.
    rules
        A rules file, or what ``read_rules`` made of one.
    healed
        Replay the session as it truly was: rows that came late are in their bars.
    batch_rows
        Rows read at a time; changes no result.

    Raises
    ------
    ConfigError
        If an argument or a rule cannot be used, or a symbol is not in the recording.
    RecordingError
        If the recording cannot be read.
    """
    if not math.isfinite(grace_ms):
        raise ConfigError(f"grace of {grace_ms} ms is not a length of time; use 0 or more milliseconds")
    opened = open_recording(recording) if isinstance(recording, (str, Path)) else recording
    params = RunParams(
        pairs=tuple(pair if isinstance(pair, Pair) else Pair.parse(pair) for pair in pairs),
        interval=bars,
        grace_us=round(grace_ms * 1000),
        pair_params=PairParams(hedge_window, z_window, corr_window, adf_lags, price, hedge),
        entry=entry,
        exit=exit,
        rules=load_rules(rules) if isinstance(rules, (str, Path)) else rules,
    )
    return play(opened, params, healed=healed, batch_rows=batch_rows)


def play(
    recording: Recording,
    params: RunParams,
    *,
    healed: bool = False,
    batch_rows: int = BATCH_ROWS,
    on_chunk: Callable[[Chunk], None] | None = None,
) -> ReplayResult:
    """Replay a recording with given parameters; see ``replay``.

    ``on_chunk`` is called after each chunk, to show how far it is; what it raises ends the replay.
    """
    compile_if_worth(recording.trade_count, recording.vouched_us - recording.start_us, params)
    started = time.perf_counter()
    pipeline = Pipeline(recording.symbols, params, limit_rows=0)
    collected: dict[str, list[pa.RecordBatch]] = {"bars": [], "pairs": [], "events": [], "feed": []}
    for hop in ("bars", "pairs", "events"):
        pipeline.listen(hop, collected[hop].append)
    pipeline.tables.feed.listen(collected["feed"].append)
    try:
        for chunk in recording.chunks(
            batch_rows=batch_rows,
            columns=columns_needed(
                recording, params.grace_us, healed=healed, is_feed_watched=params.rules_in_force.needs_feed
            ),
            healed=healed,
        ):
            pipeline.update(chunk)
            if on_chunk is not None:
                on_chunk(chunk)
        if recording.is_final:
            pipeline.finish()
    finally:
        pipeline.close()
    schemas = {"bars": BARS, "pairs": PAIRS, "events": EVENTS, "feed": FEED}
    tables = {hop: pa.Table.from_batches(batches, schemas[hop]) for hop, batches in collected.items()}
    seconds = time.perf_counter() - started
    return ReplayResult(**tables, digest=pipeline.digest, status=pipeline.status, seconds=seconds)


def columns_needed(
    recording: Recording, grace_us: int, *, healed: bool, is_feed_watched: bool = False
) -> tuple[str, ...]:
    """Return the TRADES columns to read: the receipt time only if it can make a trade late, or a rule asks for it."""
    if is_feed_watched:
        return (*BAR_COLUMNS, "recv_ts", "trade_id")
    if healed or recording.max_lag_us <= grace_us:
        return BAR_COLUMNS
    return (*BAR_COLUMNS, "recv_ts")
