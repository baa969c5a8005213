"""How long a jump to any moment of a day takes: until the charts of a page show it, and until its numbers are there."""

from __future__ import annotations

import atexit
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from benchmarks.browsing import TWO_FRAMES, launched
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale
from benchmarks.market import BTC, ETH

if TYPE_CHECKING:
    from livepairs.hub import Hub, Run

JUMPS = 12
WINDING_S = 240.0
UNIT = "ms, median"
WORST = "ms, worst"

# Drag the deck's slider to a moment, and say after how many milliseconds its last closed bar is drawn.
JUMP = """target => new Promise(done => {
    const find = node => {
        for (const element of node.querySelectorAll("*")) {
            if (element.matches("input[type=range]")) return element;
            const inside = element.shadowRoot && find(element.shadowRoot);
            if (inside) return inside;
        }
        return null;
    };
    const slider = find(document), begun = performance.now();
    const source = Bokeh.documents[0].get_model_by_name("spread");
    const closed = Math.floor((target - 500) / 1000) * 1000 - 1000;
    slider.value = target;
    slider.dispatchEvent(new Event("input"));
    slider.dispatchEvent(new Event("change"));
    const look = () => {
        const times = source.data.ts;
        if (times.length > 0 && times[times.length - 1] === closed) {
            requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)));
        } else requestAnimationFrame(look);
    };
    look();
})"""
IS_WOUND = """() => Bokeh.documents[0]?.get_model_by_name?.("Deck")?.data.is_ahead"""


def in_the_browser(scale: Scale) -> Callable[[], Outcome]:
    """The spread page: from letting go of the slider to charts that are painted."""
    browser = launched()
    command = [sys.executable, "-m", "livepairs", "serve", scale.recording, "--pair", f"{ETH}/{BTC}", "--port", "0"]
    environment = os.environ | {"LIVEPAIRS_RUN_IDLE_S": "5"}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    atexit.register(server.terminate)
    assert server.stdout is not None
    url = next(word for word in server.stdout.readline().split() if word.startswith("http"))
    page = browser.new_page()
    page.goto(f"{url}spread")
    page.wait_for_function(IS_WOUND, timeout=WINDING_S * 1e3)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.evaluate(TWO_FRAMES)
    first_us, last_us = _span(scale)

    def turn() -> Outcome:
        return _outcome([page.evaluate(JUMP, ts_us / 1000) for ts_us in _targets(first_us, last_us)])

    return turn


def computed_ahead(scale: Scale) -> Callable[[], Outcome]:
    """Until the tables are those of the moment, from the last checkpoint before it."""
    hub, run = _watched(scale)
    deadline = time.monotonic() + WINDING_S
    while (ahead := run.ahead) is None or not ahead.is_whole:
        assert time.monotonic() < deadline, "the recording was not computed ahead in time"
        time.sleep(0.05)
    return lambda: _jumps(hub, run)


def from_the_start(scale: Scale) -> Callable[[], Outcome]:
    """The same without: everything before the moment is read and computed again."""
    hub, run = _watched(scale)
    hub._reels.close()
    return lambda: _jumps(hub, run)


def _watched(scale: Scale) -> tuple[Hub, Run]:
    """Return a paused run of the recording that somebody watches, and the hub it belongs to."""
    from livepairs import pipeline
    from livepairs.config import Settings
    from livepairs.hub import Hub
    from livepairs.stats import compiled

    _ = pipeline  # imported for its kernels
    compiled.prepare()
    hub = Hub(Settings(source=scale.recording, pairs=(f"{ETH}/{BTC}",)))
    run = hub.open()
    assert run.control is not None
    run.control.pause()
    run.add_viewer()
    return hub, run


def _jumps(_hub: Hub, run: Run) -> Outcome:
    assert run.control is not None
    first_us, last_us = run.control.span_us
    times, rows = [], []
    for target_us in _targets(first_us, last_us):
        begun = time.perf_counter()
        run.control.seek(target_us)
        while run.state.is_seeking:
            time.sleep(0.0005)
        times.append((time.perf_counter() - begun) * 1e3)
        rows.append(run.tables.pairs.tail(1_000))
    return _outcome(times, pa.concat_tables(rows))


def _targets(first_us: int, last_us: int) -> list[int]:
    """Return moments all over the recording, near and far from each other, never the ends."""
    shares = np.random.default_rng(3).permutation(np.linspace(0.02, 0.98, JUMPS))
    return [round(first_us + share * (last_us - first_us)) // 1000 * 1000 for share in shares.tolist()]


def _span(scale: Scale) -> tuple[int, int]:
    from livepairs.stores.recording import open_recording

    recording = open_recording(scale.recording)
    return recording.start_us, recording.vouched_us


def _outcome(times_ms: list[float], rows: pa.Table | None = None) -> Outcome:
    return Outcome(statistics.median(times_ms), {WORST: max(times_ms)}, rows)


def check(found: dict[str, pa.Table]) -> None:
    """Hold the numbers after each jump against those of computing everything from the start: equal to the bit."""
    ahead, start = (found[name].combine_chunks() for name in ("tables, computed ahead", "tables, from the start"))
    assert ahead.num_rows == start.num_rows
    for name in ahead.column_names:
        one, other = (table.column(name).to_numpy(zero_copy_only=False) for table in (ahead, start))
        is_same = one.view(np.int64) == other.view(np.int64) if one.dtype == np.float64 else one == other
        assert is_same.all(), f"{name} differs"


CONTEST = Contest(
    title="A jump to any moment of a day of trades",
    unit=UNIT,
    contenders=(
        Contender("charts in the browser", in_the_browser, turns=3),
        Contender("tables, computed ahead", computed_ahead, turns=3),
        Contender("tables, from the start", from_the_start, turns=1),
    ),
    is_higher_better=False,
    check=check,
    goals=(Goal(UNIT, "<", 300), Goal(WORST, "<", 300)),
    notes=f"{JUMPS} jumps a turn. The recording is computed ahead once, aside, when it is first looked at.",
)
