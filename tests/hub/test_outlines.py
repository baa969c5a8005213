"""What is drawn from outlines is what all rows would have shown; a recording computed ahead leaves all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from livepairs.bars.coarser import CANDLE, coarser, joined
from livepairs.hub import outlines, pages
from livepairs.hub.lookback import Lookback
from livepairs.hub.outlines import STRETCH_STEPS, Outline, Outliner, extremes_of, outline_us
from livepairs.hub.pages import Page, Shelf
from livepairs.hub.reel import Reel
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import INTERVALS_US, Pair
from livepairs.stores.recording import Recording, RecordingWriter, open_recording
from livepairs.views.charts.candles import bar_columns
from livepairs.views.charts.chartrows import step_for
from tests.factories import make_trades, mix

SECOND = 1_000_000
PAGE = 240 * SECOND
START = 7_200_000 * PAGE + 77 * SECOND
END = START + 5 * PAGE
PAIR = Pair("Y", "X")
PARAMS = RunParams((PAIR,), pair_params=PairParams(hedge_window=12, z_window=8, corr_window=10))


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Write five pages of 240 bars: quiet moments, a hole of more than a page, and trades that came late."""
    monkeypatch.setattr(pages, "PAGE_BARS", 240)
    monkeypatch.setattr("livepairs.hub.lookback.OUTLINES", shelf := Shelf[Outline](1 << 30))
    monkeypatch.setattr(outlines, "OUTLINES", shelf)
    rng, parts = np.random.default_rng(5), []
    for symbol, level in (("X", 60_000.0), ("Y", 2_500.0)):
        ts = np.sort(rng.choice((END - START) // 1000, 2_000, replace=False)) * 1000 + START
        ts = ts[(ts < START + 1.3 * PAGE) | (ts > START + 2.6 * PAGE + (3 * SECOND if symbol == "X" else 0))]
        lag = np.where(rng.random(len(ts)) < 0.02, 2 * SECOND, 1_000)
        prices = level * np.exp(rng.normal(0, 1e-4, len(ts)).cumsum())
        parts.append(make_trades(symbol, ts.tolist(), price=prices, recv_us=(ts + lag).tolist()))
    with RecordingWriter(tmp_path / "rec", source="test", symbols=("X", "Y")) as writer:
        writer.append(mix(*parts))
        writer.finish()
    return open_recording(tmp_path / "rec")


def exact(recording: Recording, now_us: int) -> list[Page]:
    back = Lookback(recording)
    while back.read_next(PARAMS, START, END, now_us=now_us):
        pass
    return back.pages(PARAMS, START, END, now_us=now_us)


def read(recording: Recording, end_us: int) -> list[Outline]:
    back = Lookback(recording)
    while back.read_outlines(PARAMS, START, end_us):
        pass
    return [outline for _, outline in back.outlines(PARAMS, START, end_us) if outline is not None]


def assert_alike(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    for name, values in wanted.items():
        if name == "volume":  # a sum of sums is rounded otherwise than a sum
            np.testing.assert_allclose(found[name], values, rtol=1e-12)
        else:
            np.testing.assert_array_equal(found[name], values)


def test_longer_bars_and_extremes_of_outlines_are_those_of_all_rows(recording: Recording) -> None:
    end_us = END // PAGE * PAGE
    whole = [page for page in exact(recording, END + PAGE) if page.end_us <= end_us]
    drawn = read(recording, end_us)
    for step_ms in (60_000.0, 120_000.0):
        assert_drawn_alike(drawn, whole, step_ms)


def assert_drawn_alike(drawn: list[Outline], whole: list[Page], step_ms: float) -> None:
    assert len(drawn) == len(whole) == 5
    bars, pairs = (pa.concat_tables([getattr(page, hop) for page in whole]) for hop in ("bars", "pairs"))
    for symbol in ("X", "Y"):
        wanted = coarser(bar_columns(bars.filter(pc.equal(bars["symbol"], symbol))), step_ms, CANDLE)
        assert np.isnan(wanted["close"]).any()
        assert_alike(coarser(joined([outline.bars[symbol] for outline in drawn]), step_ms, CANDLE), wanted)
    spread = dict(zip(("open", "high", "low", "close"), np.hstack([page.spreads[PAIR] for page in whole]), strict=True))
    spread["ts"] = pairs["ts"].cast(pa.int64()).to_numpy() / 1000
    how = {name: CANDLE[name] for name in ("open", "high", "low", "close")}
    assert_alike(
        coarser(joined([outline.spreads[PAIR] for outline in drawn]), step_ms, how), coarser(spread, step_ms, how)
    )
    lines = pa.concat_tables([outline.lines[PAIR] for outline in drawn])
    length_us = int(STRETCH_STEPS * step_ms * 1000)
    thin, wanted_rows = (rows.take(pa.array(extremes_of(rows, length_us))) for rows in (lines, pairs))
    assert thin.num_rows < pairs.num_rows / 5
    assert thin.to_pandas().equals(wanted_rows.to_pandas())


def test_a_recording_computed_ahead_leaves_the_outlines_that_its_pages_would(recording: Recording) -> None:
    wanted = read(recording, END // PAGE * PAGE)
    outlines.OUTLINES.__init__(1 << 30)  # type: ignore[misc]
    back = Lookback(recording)
    assert back.missing_outlines(PARAMS, START, END) == len(wanted)
    pipeline = Pipeline(recording.symbols, PARAMS)
    outliner = Outliner(recording.digest, PARAMS, recording.start_us, healed=False)
    outliner.listen(pipeline)
    Reel(recording, recording.symbols, spacing=300).wind(pipeline, lambda: True, outliner.heed)
    assert back.missing_outlines(PARAMS, START, END) == 0
    for (_, made), page in zip(back.outlines(PARAMS, START, END), wanted, strict=True):
        assert made is not None
        for symbol, bars in page.bars.items():
            assert_alike(made.bars[symbol], bars)
        assert_alike(made.spreads[PAIR], page.spreads[PAIR])
        assert made.lines[PAIR].to_pandas().equals(page.lines[PAIR].to_pandas())


def test_only_whole_pages_that_had_closed_are_outlined(recording: Recording) -> None:
    read(recording, END)
    back, now_us = Lookback(recording), START // PAGE * PAGE + 2 * PAGE + 10 * SECOND
    assert back.outlined_us(PARAMS, START // PAGE * PAGE, now_us=now_us) == START // PAGE * PAGE + 2 * PAGE
    assert len(list(back.outlines(PARAMS, START, now_us))) == 2


@pytest.mark.parametrize("interval_us", INTERVALS_US.values())
def test_every_longer_bar_is_made_of_whole_ones_of_an_outline_and_a_page_is_too(interval_us: int) -> None:
    size_us = outline_us(interval_us)
    assert size_us % interval_us == 0
    assert pages.PAGE_BARS * interval_us % (STRETCH_STEPS * size_us) == 0
    steps = {step_for(span_us, interval_us, 900) for span_us in np.geomspace(1e8, 1e14, 200)}
    assert not [step for step in steps if step > size_us and step % size_us]


def test_a_shelf_lets_go_of_what_was_not_used_for_the_longest_time() -> None:
    shelf = Shelf[str](10)
    for name in ("one", "two", "three"):
        shelf.put(name, name, 4)
        shelf.get("one")
    assert [shelf.get(name) for name in ("one", "two", "three")] == ["one", None, "three"]
    shelf.put("one", "large", 30)
    assert [shelf.get(name) for name in ("one", "three")] == ["large", None]
