"""What a monitor reads: every figure that is promised, in a format its own library reads back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from prometheus_client.parser import text_string_to_metric_families

from livepairs.clock import ManualClock
from livepairs.config import Settings
from livepairs.hub.metrics import exposition
from livepairs.hub.publishtimes import PublishTimes
from livepairs.hub.registry import Hub
from tests.hub.counting_pipeline import CountingPipeline
from tests.hub.test_library import make_recording


class Counted(CountingPipeline):
    """Says where its trades went, as the real one does."""

    @property
    def status(self) -> SimpleNamespace:  # type: ignore[override]
        return SimpleNamespace(now_us=0, trades=self.trade_count, late=0, rejected={"price": 2})

    @status.setter
    def status(self, _value: object) -> None:
        """Stay what it is."""


def figures(hub: Hub, sessions: int) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(exposition(hub, sessions).decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_a_look_says_what_there_is_and_makes_nothing(tmp_path: Path) -> None:
    make_recording(tmp_path / "monday", "AAA", "BBB")
    chosen = Settings(source=str(tmp_path / "monday"), recordings=str(tmp_path))
    hub = Hub(chosen, clock=ManualClock(), make_pipeline=Counted)  # type: ignore[arg-type]
    try:
        before = figures(hub, 3)
        assert before["livepairs_sessions",] == 3
        assert before["livepairs_runs", "replay"] == 0
        assert hub.runs == ()
        run = hub.open("some-page-id")
        run.add_viewer()
        after = figures(hub, 3)
        assert after["livepairs_runs", "replay"] == 1
        assert after["livepairs_viewers", "replay"] == 1
        assert after["livepairs_trades_total", "live"] == 0
        assert after["livepairs_rejected_total", "replay", "price"] == 2
        assert "livepairs_queue_depth" not in {name for name, *_ in after}
        assert not any("some-page-id" in " ".join(key) for key in after)
        assert after["livepairs_history_waiting",] == 0
    finally:
        hub.close()


def test_publish_times_add_up() -> None:
    times = PublishTimes()
    for took_s in (0.0005, 0.001, 0.03, 7.0):
        times.add(took_s)
    buckets, sum_s = times.read()
    assert dict(buckets)["0.001"] == 2
    assert dict(buckets)["0.05"] == 3
    assert dict(buckets)["+Inf"] == 4
    assert sum_s == 7.0315
