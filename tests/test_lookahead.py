"""The look-ahead check: what is honest passes, and whatever is planted is caught."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from livepairs import lookahead, pipeline
from livepairs.alerts.machine import RuleMachine
from livepairs.backtest.engine import run_backtest
from livepairs.errors import ConfigError
from livepairs.lookahead import Finding, Plan, find_bias
from livepairs.pairs.machine import PairMachine, PairParams
from livepairs.pipeline import RunParams
from livepairs.schema import PAIRS, Pair
from livepairs.stats.compiled import prepare
from livepairs.stores.recording import Recording, open_recording
from livepairs.stores.writer import RecordingWriter

DEMO = Path(__file__).resolve().parents[1] / "recordings" / "demo"
PAIR = Pair("ETHUSDT", "BTCUSDT")
PARAMS = RunParams((PAIR,), pair_params=PairParams(40, 40, 40))
PLAN = Plan(cuts=4, starts=2, seed=1)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Return the first ten minutes of the bundled recording, with its late trades left as they came."""
    prepare()
    demo, path = open_recording(DEMO), tmp_path_factory.mktemp("check") / "short"
    end_us = demo.start_us + 600_000_000
    with RecordingWriter(path, source=demo.source, is_synthetic=True, symbols=(PAIR.x, PAIR.y)) as writer:
        for chunk in demo.chunks(symbols=[PAIR.x, PAIR.y], end_us=end_us):
            writer.append(chunk.trades, chunk.marks)
        writer.finish()
    return open_recording(path)


def with_column(batch: pa.RecordBatch, name: str, values: np.ndarray) -> pa.RecordBatch:
    return batch.set_column(batch.schema.get_field_index(name), PAIRS.field(name), pa.array(values))


def biased(findings: list[Finding]) -> dict[str, str]:
    return {f"{found.output}.{found.column}": found.verdict for found in findings if found.is_biased}


def test_what_livepairs_computes_is_honest_and_warms_up_as_promised(recording: Recording) -> None:
    findings = {(found.output, found.column): found for found in find_bias(recording, PARAMS, plan=PLAN)}
    assert biased(list(findings.values())) == {}
    for column in [*PAIRS.names[2:], "rows"]:
        assert findings["pairs", column].compared > 100, column
    for output in ("events", "trades", "equity"):
        assert findings[output, "rows"].compared > 0, output
    warm = {column: findings["pairs", column].warm_bars for column in PAIRS.names[2:]}
    assert warm["y_close"] == warm["x_close"] == 1
    assert warm["beta"] == warm["coint_stat"] == 40
    assert warm["corr"] == 41
    assert warm["z"] == warm["std"] == warm["is_ready"] == 79 == PARAMS.pair_params.warmup_bars
    assert findings["events", "value"].warm_bars > 1


def test_the_same_seed_is_the_same_check(recording: Recording) -> None:
    assert find_bias(recording, PARAMS, plan=PLAN) == find_bias(recording, PARAMS, plan=PLAN)


def test_a_metric_centred_along_its_batch_is_caught(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """The classic: normalise by the mean of the sample at hand, which is the future for its first rows."""

    class Peeking(PairMachine):
        def update(self, bars: pa.RecordBatch) -> pa.RecordBatch:
            rows = super().update(bars)
            std = rows.column("std").to_numpy()
            known = std[np.isfinite(std)]
            return with_column(rows, "std", std / known.mean()) if len(known) else rows

    monkeypatch.setattr(pipeline, "PairMachine", Peeking)
    assert biased(find_bias(recording, PARAMS, plan=PLAN)) == {"pairs.std": "looks ahead"}


def test_a_single_value_taken_from_the_next_bar_is_caught(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Peeking(PairMachine):
        def update(self, bars: pa.RecordBatch) -> pa.RecordBatch:
            rows = super().update(bars)
            beta = rows.column("beta").to_numpy()
            return with_column(rows, "beta", np.append(beta[1:], beta[-1:]))

    monkeypatch.setattr(pipeline, "PairMachine", Peeking)
    assert biased(find_bias(recording, PARAMS, plan=PLAN)).get("pairs.beta") == "looks ahead"


def test_a_metric_that_never_forgets_its_start_is_caught(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mean over all rows since the run began looks into no future, but a seek or a reconnect would change it."""

    class Remembering(PairMachine):
        def reset(self) -> None:
            super().reset()
            self.total, self.seen = 0.0, 0

        def update(self, bars: pa.RecordBatch) -> pa.RecordBatch:
            rows = super().update(bars)
            closes = rows.column("y_close").to_numpy()
            sums = self.total + np.cumsum(closes) if len(closes) else closes
            counts = self.seen + np.arange(1, len(closes) + 1)
            self.total, self.seen = float(sums[-1]) if len(sums) else self.total, self.seen + len(closes)
            return with_column(rows, "mean", sums / counts)

    monkeypatch.setattr(pipeline, "PairMachine", Remembering)
    found = find_bias(recording, PARAMS, plan=PLAN)
    # Sums by batches round differently, so that a cut may show it too; it is biased either way.
    assert set(biased(found)) == {"pairs.mean"}


def test_an_event_that_waits_for_confirmation_from_the_future_is_caught(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hindsight(RuleMachine):
        def update(self, pairs: pa.RecordBatch, *beside: object) -> pa.RecordBatch:
            z = pairs.column("z").to_numpy()
            later = np.append(z[5:], z[:5] * 0.0) if len(z) >= 5 else z
            return super().update(with_column(pairs, "z", later), *beside)

    monkeypatch.setattr(pipeline, "RuleMachine", Hindsight)
    found = biased(find_bias(recording, PARAMS, plan=PLAN))
    assert found
    assert {name.partition(".")[0] for name in found} == {"events"}


def test_a_backtest_that_trades_on_the_next_bars_z_is_caught(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peeking(rows: pa.Table, bars: pa.Table, rules: object, **options: object) -> object:
        z = rows.column("z").to_numpy()
        shifted = pa.array(np.append(z[3:], np.zeros(min(3, len(z)))))
        return run_backtest(rows.set_column(PAIRS.get_field_index("z"), "z", shifted), bars, rules, **options)

    monkeypatch.setattr(lookahead, "run_backtest", peeking)
    found = biased(find_bias(recording, PARAMS, plan=Plan(cuts=12, starts=0)))
    assert found
    assert {name.partition(".")[0] for name in found} <= {"trades", "equity"}


def test_rows_that_come_late_are_caught(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is only there once its successor has come was not known at its own close."""

    class Holding(PairMachine):
        def reset(self) -> None:
            super().reset()
            self.held = pa.Table.from_batches([], PAIRS)

        def update(self, bars: pa.RecordBatch) -> pa.RecordBatch:
            rows = pa.concat_tables([self.held, pa.Table.from_batches([super().update(bars)])])
            self.held = rows.slice(max(0, rows.num_rows - 1))
            ready = rows.slice(0, max(0, rows.num_rows - 1)).combine_chunks().to_batches()
            return ready[0] if ready else pa.RecordBatch.from_pylist([], PAIRS)

    monkeypatch.setattr(pipeline, "PairMachine", Holding)
    assert biased(find_bias(recording, PARAMS, plan=PLAN)).get("pairs.rows") == "looks ahead"


def test_several_pairs_are_checked_apart(recording: Recording) -> None:
    params = RunParams((PAIR, Pair(PAIR.x, PAIR.y)), pair_params=PairParams(40, 40, 40))
    findings = find_bias(recording, params, plan=Plan(cuts=2, starts=1))
    assert {found.pair for found in findings} == {"ETHUSDT/BTCUSDT", "BTCUSDT/ETHUSDT"}
    assert biased(findings) == {}


def test_a_recording_shorter_than_its_warm_up_says_what_was_not_seen(recording: Recording) -> None:
    params = RunParams((PAIR,), pair_params=PairParams(300, 400, 300))
    findings = find_bias(recording, params, plan=PLAN)
    assert all(found.warm_bars is None for found in findings)
    assert {found.verdict for found in findings if found.output == "events"} == {"not seen"}


def test_what_cannot_be_checked_is_refused(recording: Recording) -> None:
    with pytest.raises(ConfigError, match="no pair is given"):
        find_bias(recording, RunParams(()))
    with pytest.raises(ConfigError, match="too short to check"):
        find_bias(recording, RunParams((PAIR,), interval="1h"))
    with pytest.raises(ConfigError, match="0 cuts, 5 starts and seed 0 make no check"):
        Plan(cuts=0)
