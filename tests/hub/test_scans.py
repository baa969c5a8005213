"""A run's scans: shared by who asks for the same, gone with the last viewer, and remembering who came and went."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from livepairs.errors import ConfigError, RecordingError
from livepairs.hub import scanreport
from livepairs.hub import scans as scans_module
from livepairs.hub.finds import Forsaken, find_pairs
from livepairs.hub.scanreport import ScanChoice, ScanMemory, ScanReport
from livepairs.hub.scans import Scans
from livepairs.scan.engine import scan_universe
from livepairs.scan.params import ScanParams
from livepairs.scan.universe import Universe
from tests.universe_recording import closes_of

CLOSES = closes_of(4, 120)
SYMBOLS = tuple(CLOSES)
MATRIX = np.array(list(CLOSES.values()))
WAIT_S = 60.0
CHOICE = ScanChoice("1m", 60, 1)


class Bars:
    """Closes that a test lets in bar by bar; ``now_us`` is the number of bars that have closed."""

    restarts = 0

    def __init__(self) -> None:
        self.bars = 0

    def upto(self, now_us: int) -> bool:
        self.bars = now_us
        return True

    def closed(self) -> tuple[int, np.ndarray]:
        return 0, MATRIX[:, : self.bars]

    def close(self) -> None:
        self.bars = -1


class Stage:
    """Scans with a clock that a test turns."""

    def __init__(self) -> None:
        self.now_us = 0
        self.opened: list[Bars] = []
        self._news = threading.Condition()
        self.scans = Scans(SYMBOLS, "log", lambda: self.now_us, self._open, self._announce)

    def _open(self, interval_us: int, bars: int) -> Bars:
        assert (interval_us, bars) == (60_000_000, 60 + scans_module.PAST)
        self.opened.append(Bars())
        return self.opened[-1]

    def _announce(self) -> None:
        with self._news:
            self._news.notify_all()

    def at(self, bars: int) -> None:
        self.now_us = bars
        self.scans.wake()

    def wait(self, is_so: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(is_so, WAIT_S)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("livepairs.hub.kernels.compile_scan", lambda: None)
    # Interpreted kernels are slow: this many windows are enough to see who came and went.
    monkeypatch.setattr(scans_module, "PAST", 3)
    monkeypatch.setattr(scanreport, "PAST", 3)
    stage = Stage()
    yield stage
    stage.scans.close()


def test_too_few_bars_are_a_sentence_that_says_when_it_begins(stage):
    watch = stage.scans.watch(CHOICE)
    stage.at(12)
    stage.wait(lambda: watch.report.bars == 12)
    assert watch.report.finds is None
    assert watch.report.sentence.startswith("12 of the 30 bars of 1m that a test needs")


@pytest.mark.slow
def test_a_new_bar_is_a_new_report_equal_to_the_offline_scan(stage):
    watch = stage.scans.watch(CHOICE)
    stage.at(100)
    stage.wait(lambda: watch.report.past == 3)
    first = watch.report
    assert first.bars == 60
    assert first.end_us == 100 * 60_000_000
    stage.at(101)
    stage.wait(lambda: watch.report is not first)
    report = watch.report
    table = scan_universe(Universe(SYMBOLS, MATRIX[:, 41:101]), ScanParams(lags=1)).table
    expected = {f"{row['y']}/{row['x']}": row["q_bh"] for row in table.to_pylist()}
    q = report.finds.values["q_bh"]
    found = {report.finds.name(row): q[row] for row in range(len(report.finds))}
    assert found == pytest.approx(expected, rel=1e-8)
    assert report.past == 3
    assert ((report.passed >= 0) & (report.passed <= 3)).all()


def test_a_scan_that_waits_for_its_machine_code_says_for_how_long(stage, monkeypatch):
    is_made = threading.Event()
    monkeypatch.setattr("livepairs.hub.kernels.compile_scan", is_made.wait)
    monkeypatch.setattr(scans_module, "TELL_S", 0.01)
    watch = stage.scans.watch(CHOICE)
    stage.wait(lambda: "s so far" in watch.report.sentence)
    is_made.set()
    stage.wait(lambda: watch.report.sentence.startswith("Reading"))


def test_a_scan_that_cannot_begin_says_why(stage, monkeypatch):
    def refuse(_interval_us: int, _bars: int) -> Bars:
        raise RecordingError("its folder is gone")

    monkeypatch.setattr(stage.scans, "open_closes", refuse)
    watch = stage.scans.watch(CHOICE)
    stage.wait(lambda: watch.report.sentence.startswith("The scan stopped: its folder is gone"))


def test_who_asks_for_the_same_shares_it_and_the_last_one_ends_it(stage):
    one, other = stage.scans.watch(CHOICE), stage.scans.watch(CHOICE)
    assert stage.scans.count == 1
    one.close()
    one.close()
    assert stage.scans.count == 1
    other.close()
    assert stage.scans.count == 0
    assert isinstance(other.report, ScanReport)


def test_too_many_different_scans_are_refused(stage):
    watches = [stage.scans.watch(ScanChoice("1m", 60, lags)) for lags in (1, 2, 3, 4)]
    with pytest.raises(ConfigError, match="4 different scans of this run are being watched"):
        stage.scans.watch(ScanChoice("1m", 60, 5))
    for watch in watches:
        watch.close()


@pytest.mark.parametrize(("choice", "words"), [({"interval": "100ms"}, "not scanned"), ({"window": 7}, "not offered")])
def test_what_is_not_offered_is_refused(choice, words):
    with pytest.raises(ConfigError, match=words):
        ScanChoice(**choice)


def finds(listed: dict[str, float]) -> SimpleNamespace:
    pairs = ["AAA/BBB", "BBB/AAA"]
    q = np.array([listed.get(pair, 1.0) for pair in pairs])
    return SimpleNamespace(
        symbols=("AAA", "BBB"), y=np.array([0, 1]), x=np.array([1, 0]), values={"q_bh": q, "coint_p": q},
        name=lambda row: pairs[row],
    )  # fmt: skip


def test_who_came_and_who_went_is_told_with_the_time_newest_first():
    memory = ScanMemory(60_000_000)
    symbols = ("AAA", "BBB")
    memory.note(10, finds({"AAA/BBB": 0.01}), symbols)
    memory.note(11, finds({"AAA/BBB": 0.01, "BBB/AAA": 0.02}), symbols)
    memory.note(12, finds({"BBB/AAA": 0.03}), symbols)
    report = memory.report(CHOICE, finds({}), 12, 60, 0.1)
    told = [(change.end_us // 60_000_000, change.pair, change.is_in) for change in report.changes]
    assert told == [(12, "AAA/BBB", False), (11, "BBB/AAA", True)]
    assert report.since_us == 10 * 60_000_000
    assert report.passed.tolist() == [2, 2]
    assert report.past == 3


def test_z_is_the_last_residual_over_the_spread_of_all():
    with ThreadPoolExecutor(2) as workers:
        found = find_pairs(Universe(SYMBOLS, MATRIX[:, :60]), ScanParams(lags=1), workers, lambda: True)
    rows = np.arange(len(found))
    np.testing.assert_allclose(found.scores(rows)[:, -1], found.values["z"], rtol=1e-8)
    y, x = np.log(CLOSES[SYMBOLS[1]][:60]), np.log(CLOSES[SYMBOLS[0]][:60])
    slope, level = np.polyfit(x, y, 1)
    residuals = y - slope * x - level
    row = next(row for row in rows if found.name(row) == f"{SYMBOLS[1]}/{SYMBOLS[0]}")
    assert found.values["z"][row] == pytest.approx(residuals[-1] / residuals.std(ddof=1), rel=1e-6)
    assert (np.diff(found.values["coint_p"]) >= 0.0).all()


def test_a_scan_nobody_waits_for_is_given_up():
    with ThreadPoolExecutor(1) as workers, pytest.raises(Forsaken):
        find_pairs(Universe(SYMBOLS, MATRIX[:, :60]), ScanParams(lags=1), workers, lambda: False)
