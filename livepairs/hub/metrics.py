"""What a monitor reads of a server, in Prometheus' words: gathered when it asks, from what runs keep anyway.

Nothing here counts by itself, so that being watched costs nothing between two looks, and a look makes no run and no
session. Runs are told apart by kind alone: their ids let whoever knows them steer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from livepairs import __version__
from livepairs.clock import SystemClock
from livepairs.hub.publisher import slowest_hz
from livepairs.hub.publishtimes import PUBLISH_TIMES
from livepairs.hub.registry import Hub
from livepairs.hub.run import Run

__all__ = ["exposition"]

Kind = Literal["live", "replay"]
Values = Mapping[Any, float]
"""What there is, by the values of the labels: tuples of texts, of whichever length."""

KINDS: tuple[Kind, ...] = ("live", "replay")


def exposition(hub: Hub, sessions: int) -> bytes:
    """Return everything in the text format of Prometheus.

    Parameters
    ----------
    hub
        Whose runs.
    sessions
        Pages that are open.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_HubCollector(hub, sessions))
    ProcessCollector(registry=registry)
    return bytes(generate_latest(registry))


class _HubCollector(Collector):
    def __init__(self, hub: Hub, sessions: int) -> None:
        self._hub, self._sessions = hub, sessions

    def collect(self) -> Iterator[Any]:  # Prometheus' families have no common type
        runs = self._hub.runs
        yield _gauge("livepairs_info", "Which version this is.", {(__version__,): 1}, ["version"])
        yield _gauge("livepairs_sessions", "Pages that are open.", {(): self._sessions})
        yield _gauge("livepairs_runs", "Runs there are.", {(k,): _count(runs, k) for k in KINDS}, ["kind"])
        viewers = {(k,): sum(run.viewer_count for run in runs if run.kind == k) for k in KINDS}
        yield _gauge("livepairs_viewers", "Pages that watch a run.", viewers, ["kind"])
        failed = {(k,): sum(run.state.status == "failed" for run in runs if run.kind == k) for k in KINDS}
        yield _gauge("livepairs_runs_failed", "Runs that have stopped with an error.", failed, ["kind"])
        yield from _trades(runs)
        yield from _feed([run for run in runs if run.kind == "live"])
        yield from _kept(self._hub)
        yield _published()
        yield _counter("livepairs_updates_skipped", "Updates a browser was too slow for.", {(): PUBLISH_TIMES.skipped})
        rate_hz = slowest_hz()
        if rate_hz is not None:
            yield _gauge("livepairs_publish_hz", "Screen updates a second at most, as the load allows.", {(): rate_hz})


def _trades(runs: tuple[Run, ...]) -> Iterator[Any]:
    """Yield where the trades of all runs went; a run that ends or seeks takes its counts along, as a restart would."""
    total, late, rejected = Counter[Kind](), Counter[Kind](), Counter[tuple[Kind, str]]()
    for run in runs:
        status = run.status
        total[run.kind] += status.trades
        late[run.kind] += status.late
        rejected.update({(run.kind, reason): count for reason, count in status.rejected.items()})
    yield _counter("livepairs_trades", "Trades handed to the pipeline.", {(k,): total[k] for k in KINDS}, ["kind"])
    yield _counter(
        "livepairs_late", "Trades after their bar's end and grace.", {(k,): late[k] for k in KINDS}, ["kind"]
    )
    yield _counter("livepairs_rejected", "Trades that could not be used.", dict(rejected), ["kind", "reason"])


def _feed(live: list[Run]) -> Iterator[Any]:
    """Yield how the live feed is doing; nothing where there is none."""
    lines = [(run, run.line.feed) for run in live if run.line is not None]
    if not lines:
        return
    run, feed = lines[0]
    lag_us = SystemClock().now_us() - feed.offset_us - run.status.now_us
    yield _gauge(
        "livepairs_feed_up", "Whether the venue delivers.", {(feed.status,): int(feed.status == "live")}, ["status"]
    )
    if run.status.now_us:
        yield _gauge("livepairs_event_lag_seconds", "Age of the time vouched for.", {(): lag_us / 1e6})
    if feed.lag_us is not None:
        yield _gauge("livepairs_feed_lag_seconds", "Age of the newest data when it came.", {(): feed.lag_us / 1e6})
    yield _gauge("livepairs_clock_offset_seconds", "Local clock minus the venue's.", {(): feed.offset_us / 1e6})
    yield _gauge("livepairs_queue_depth", "Frames waiting to be decoded.", {(): feed.queue_depth})
    yield _gauge("livepairs_queue_limit", "Frames that may wait.", {(): feed.queue_limit})
    open_gaps = len(feed.open_gaps)
    gaps = {("open",): open_gaps, ("healed",): len(feed.gaps) - open_gaps}
    yield _gauge("livepairs_gaps", "Gaps in the ledger.", gaps, ["state"])
    counts = {"reconnects": feed.reconnects, "duplicates": feed.duplicates, "overflowed": feed.overflowed}
    for name, count in {**counts, "malformed": feed.malformed, "fetched": feed.fetched}.items():
        yield _counter(f"livepairs_feed_{name}", _FEED[name], {(): count})
    is_taping = int(run.taping.state.status == "recording")
    yield _gauge("livepairs_recording", "Whether the live feed is being recorded.", {(): is_taping})


_FEED = {
    "reconnects": "Connections opened after the first one.",
    "duplicates": "Trades that came again and were left out.",
    "overflowed": "Frames dropped because the queue was full.",
    "malformed": "Frames that could not be read.",
    "fetched": "Trades fetched after a gap.",
}


def _kept(hub: Hub) -> Iterator[Any]:
    """Yield what is known of digests, and how the history of events keeps up."""
    proofs = {(status,): count for status, count in hub.library.proofs.items()}
    yield _gauge("livepairs_digests", "Recordings checked by this server, by outcome.", proofs, ["state"])
    chronicle = hub.chronicle.state
    yield _gauge("livepairs_history_waiting", "Events not yet in the history.", {(): chronicle.waiting})
    yield _counter("livepairs_history_stored", "Events put into the history.", {(): chronicle.stored})
    yield _counter("livepairs_history_lost", "Events that could not be kept for it.", {(): chronicle.lost})


def _published() -> HistogramMetricFamily:
    buckets, sum_s = PUBLISH_TIMES.read()
    family = HistogramMetricFamily("livepairs_publish_seconds", "Time to wake the views of a run once.")
    family.add_metric([], buckets, sum_s)
    return family


def _gauge(name: str, doc: str, values: Values, labels: list[str] | None = None) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, doc, labels=labels or [])
    for label, value in values.items():
        family.add_metric(list(label), value)
    return family


def _counter(name: str, doc: str, values: Values, labels: list[str] | None = None) -> CounterMetricFamily:
    family = CounterMetricFamily(name, doc, labels=labels or [])
    for label, value in values.items():
        family.add_metric(list(label), value)
    return family


def _count(runs: tuple[Run, ...], kind: Kind) -> int:
    return sum(run.kind == kind for run in runs)
