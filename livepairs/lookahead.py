"""Whether anything knows its own future, and how long a value remembers where the run began.

Two experiments on a recording, with the very pipeline that a page watches. Cutting the future off at random times must
not change a bit of what was known before: rows of PAIRS, events, and the trades and equity of a backtest. Beginning
later may change values while they warm up, and must not once a row says ``is_ready``.

Runs with the future cut off also read in batches of another size, so that a metric which peeks along its batch is
caught between any two cuts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from livepairs.backtest.engine import run_backtest
from livepairs.backtest.params import BacktestParams
from livepairs.errors import ConfigError
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import BARS, EVENTS, PAIRS, Pair

if TYPE_CHECKING:
    from livepairs.stores.recording import Recording

__all__ = ["Finding", "Plan", "find_bias"]

BATCH_ROWS: Final = 131_072
CUT_BATCH_ROWS: Final = 8_191
BESIDE: Final = 120
"""Bars watched beyond twice the promised warm-up."""

Outputs = dict[tuple[str, str], pa.Table]
"""Tables by pair and output: pairs, events, trades, equity."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How thoroughly to look.

    Parameters
    ----------
    cuts
        Random times at which the future is cut off.
    starts
        Random times at which the run is begun anew.
    seed
        Of the random times: the same seed, the same check.
    """

    cuts: int = 20
    starts: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.cuts < 1 or self.starts < 0 or self.seed < 0:
            raise ConfigError(
                f"{self.cuts} cuts, {self.starts} starts and seed {self.seed} make no check; use 1, 0 and 0 or more"
            )


@dataclass(slots=True)
class Finding:
    """What was found of one metric.

    Parameters
    ----------
    pair, output, column
        Which metric: ``output`` is pairs, events, trades or equity. The column ``rows`` stands for rows that are
        missing, or there too early, when the future is cut off.
    compared
        Values compared at all cuts together.
    changed
        How many of them the future had changed.
    largest
        The largest such change; infinite where a value became NaN or text differs.
    warm_bars
        Bars a run must have seen until where it began makes no difference, at worst; None where that was not measured.
    promised_bars
        Bars after which it must make none; None where no such promise is made, as a rule's state is its history.
    """

    pair: str
    output: str
    column: str
    compared: int = 0
    changed: int = 0
    largest: float = 0.0
    warm_bars: int | None = None
    promised_bars: int | None = None

    @property
    def verdict(self) -> str:
        """Return ``"looks ahead"``, ``"depends on its start"``, ``"not seen"`` or ``"ok"``."""
        if self.changed:
            return "looks ahead"
        if self.promised_bars is not None and (self.warm_bars or 0) > self.promised_bars:
            return "depends on its start"
        return "ok" if self.compared else "not seen"

    @property
    def is_biased(self) -> bool:
        """Return whether the metric fails the check."""
        return self.verdict in {"looks ahead", "depends on its start"}


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is run, over and over."""

    recording: Recording
    params: RunParams
    rules: BacktestParams
    healed: bool

    def run(self, *, start_us: int | None = None, end_us: int | None = None, batch_rows: int = BATCH_ROWS) -> Outputs:
        """Return everything that a run over that span computes."""
        tables = self._replay(start_us, end_us, batch_rows)
        outputs: Outputs = {}
        for pair in self.params.pairs:
            rows = tables["pairs"].filter(pc.equal(tables["pairs"].column("pair"), str(pair)))
            outputs[str(pair), "pairs"] = rows.drop_columns(["pair"])
            events = tables["events"]
            outputs[str(pair), "events"] = events.filter(pc.equal(events.column("subject"), str(pair)))
            marks = self.recording.marks(symbols=[pair.y, pair.x], start_us=start_us, end_us=end_us)
            outputs |= self._trade(pair, rows, tables["bars"], marks)
        return outputs

    def _replay(self, start_us: int | None, end_us: int | None, batch_rows: int) -> dict[str, pa.Table]:
        pipeline = Pipeline(self.recording.symbols, self.params, limit_rows=0)
        collected: dict[str, list[pa.RecordBatch]] = {"bars": [], "pairs": [], "events": []}
        for hop, batches in collected.items():
            pipeline.listen(hop, batches.append)
        try:
            for chunk in self.recording.chunks(
                start_us=start_us, end_us=end_us, batch_rows=batch_rows, healed=self.healed
            ):
                pipeline.update(chunk)
            if end_us is None and self.recording.is_final:
                pipeline.finish()
        finally:
            pipeline.close()
        schemas = {"bars": BARS, "pairs": PAIRS, "events": EVENTS}
        return {hop: pa.Table.from_batches(batches, schemas[hop]) for hop, batches in collected.items()}

    def _trade(self, pair: Pair, rows: pa.Table, bars: pa.Table, marks: pa.Table) -> Outputs:
        if rows.num_rows == 0:
            return {}
        result = run_backtest(rows, bars, self.rules, pair=pair, marks=marks)
        # The end of the data closes what is open: that says nothing of what was known before.
        trades = result.trades.filter(pc.not_equal(result.trades.column("reason"), "end"))
        equity = result.equity.slice(0, result.equity.num_rows - 1)
        if marks.num_rows:
            # What is owed in funding is known up to the newest mark.
            known_us = int(_times(marks, "ts").max()) - self.params.interval_us
            trades = trades.filter(pa.array(_times(trades, "exit_ts") <= known_us))
            equity = equity.filter(pa.array(_times(equity, "ts") <= known_us))
        return {(str(pair), "trades"): trades, (str(pair), "equity"): equity}


def find_bias(
    recording: Recording,
    params: RunParams,
    *,
    rules: BacktestParams | None = None,
    plan: Plan | None = None,
    healed: bool = False,
) -> list[Finding]:
    """Run a recording whole, with its future cut off and from later starts, and return what differs.

    Parameters
    ----------
    recording
        What to run.
    params
        Pairs, windows and levels.
    rules
        Of the backtest; None for the defaults.
    plan
        How many random times.
    healed
        Whether rows that came late are in their bars.

    Returns
    -------
    list of Finding
        One a metric, in the order of pairs, outputs and columns.

    Raises
    ------
    ConfigError
        If no pair is given, or the recording is too short for a single row.
    """
    plan = plan or Plan()
    if not params.pairs:
        raise ConfigError("no pair is given; say which to check, for example 'ETHUSDT/BTCUSDT'")
    subject = _Subject(recording, params, rules or BacktestParams.of(None, price=params.pair_params.price), healed)
    whole = subject.run()
    random = np.random.default_rng(plan.seed)
    first_us, last_us = _span(whole)
    findings = _empty_findings(whole)
    for cut_us in random.integers(first_us + 2 * params.interval_us, last_us + 1, plan.cuts).tolist():
        part = subject.run(end_us=cut_us, batch_rows=CUT_BATCH_ROWS)
        _compare_cut(whole, part, findings, known_us=cut_us - 1 - params.interval_us - params.grace_us)
    _measure_warmup(subject, whole, findings, (random, plan.starts))
    return list(findings.values())


Findings = dict[tuple[str, str, str], Finding]


def _span(whole: Outputs) -> tuple[int, int]:
    """Return the opens of the first and the last bar that a pair has."""
    times = [_times(table, "ts") for (_, output), table in whole.items() if output == "pairs" and table.num_rows]
    if not times or max(ts[-1] - ts[0] for ts in times) == 0:
        raise ConfigError("the recording is too short to check: no pair has two bars; use a longer one or shorter bars")
    return min(int(ts[0]) for ts in times), max(int(ts[-1]) for ts in times)


def _empty_findings(whole: Outputs) -> Findings:
    return {
        (pair, output, column): Finding(pair, output, column)
        for (pair, output), table in whole.items()
        for column in ("rows", *(name for name in table.column_names if name not in {"ts", "id"}))
    }


def _compare_cut(whole: Outputs, part: Outputs, findings: Findings, *, known_us: int) -> None:
    """Add what differs between a run with its future cut off and the same rows of the whole one."""
    for (pair, output), table in whole.items():
        other = part.get((pair, output), table.slice(0, 0))
        clock = "exit_ts" if output == "trades" else "ts"
        rows = findings[pair, output, "rows"]
        # PAIRS and EVENTS are known once their bar has closed. The newest accounts may wait for a mark.
        due = int((_times(table, clock) <= known_us).sum()) if output in {"pairs", "events"} else other.num_rows
        rows.compared += due
        rows.changed += abs(other.num_rows - due)
        shared = min(other.num_rows, table.num_rows)
        for column in table.column_names:
            if (pair, output, column) in findings:
                found = findings[pair, output, column]
                change = _change(table.column(column).slice(0, shared), other.column(column).slice(0, shared))
                found.compared += shared
                found.changed += int((change > 0.0).sum())
                found.largest = max(found.largest, float(change.max(initial=0.0)))


def _change(one: pa.ChunkedArray, other: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return by how much values differ; 0 where they are the same, or both NaN, and infinity where one has no size."""
    if not pa.types.is_floating(one.type):
        differs = np.array([a != b for a, b in zip(one.to_pylist(), other.to_pylist(), strict=True)], dtype=bool)
        return np.where(differs, np.inf, 0.0)
    a, b = one.to_numpy(), other.to_numpy()
    is_same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        change = np.abs(a - b)
    return np.where(is_same, 0.0, np.where(np.isnan(change), np.inf, change))


def _measure_warmup(
    subject: _Subject, whole: Outputs, findings: Findings, random: tuple[np.random.Generator, int]
) -> None:
    """Begin the run at random later times and record how long each metric remembers it."""
    generator, starts = random
    warmup = subject.params.pair_params.warmup_bars
    length_us = (2 * warmup + BESIDE) * subject.params.interval_us
    first_us, last_us = _span(whole)
    room_us = last_us - length_us - first_us
    if room_us <= subject.params.interval_us:
        return
    for found in findings.values():
        if found.output == "pairs" and found.column != "rows":
            found.promised_bars = warmup
    for offset in generator.integers(subject.params.interval_us, room_us + 1, starts).tolist():
        start_us = first_us + offset
        late = subject.run(start_us=start_us, end_us=start_us + length_us, batch_rows=CUT_BATCH_ROWS)
        for (pair, output), table in late.items():
            begin_us = _times(late[pair, "pairs"], "ts")[:1].tolist()
            # An account is the sum of its past: where it began is meant to matter.
            if begin_us and output != "equity":
                group = [found for key, found in findings.items() if key[:2] == (pair, output) and key[2] != "rows"]
                _compare_start(table, whole[pair, output], group, (begin_us[0], subject.params.interval_us))


def _compare_start(late: pa.Table, whole: pa.Table, findings: Iterable[Finding], begin: tuple[int, int]) -> None:
    """Record the bar of the last difference between a run begun later and the same span of the whole one."""
    begin_us, interval_us = begin
    opened, closed = ("entry_ts", "exit_ts") if "exit_ts" in whole.column_names else ("ts", "ts")
    end_us = int(_times(late, closed)[-1]) if late.num_rows else begin_us
    within = (_times(whole, opened) >= begin_us) & (_times(whole, closed) <= end_us)
    same = whole.filter(pa.array(within))
    for found in findings:
        settled_us = _settled_us(late, same, found.column, closed)
        bars = 1 if settled_us is None else (settled_us - begin_us) // interval_us + 2
        found.warm_bars = max(found.warm_bars or 0, bars)


def _settled_us(late: pa.Table, same: pa.Table, column: str, clock: str) -> int | None:
    """Return the time of the last row that is in one table only, or differs; None if there is none."""
    late_ts, same_ts = _times(late, clock), _times(same, clock)
    if len(late_ts) == len(same_ts) and (late_ts == same_ts).all():
        differing = late_ts[_change(late.column(column), same.column(column)) > 0.0]
        return int(differing[-1]) if len(differing) else None
    rows = [
        set(zip(ts.tolist(), table.column(column).to_pylist(), strict=True))
        for ts, table in ((late_ts, late), (same_ts, same))
    ]
    lonely = rows[0] ^ rows[1]
    return max((ts for ts, _ in lonely), default=None)


def _times(table: pa.Table, column: str) -> NDArray[np.int64]:
    times: NDArray[np.int64] = table.column(column).cast(pa.int64()).to_numpy()
    return times
