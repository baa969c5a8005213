"""The record button: what a live run delivers goes into a recording, which replays to what was computed meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.hub.opening import open_source
from livepairs.hub.taping import Taping
from livepairs.schema import Chunk, Gap
from livepairs.stores.recording import open_recording
from livepairs.verification import verify
from tests.factories import make_chunk, make_trades

START_US = 1_700_000_000_000_000
SECOND_US = 1_000_000


def chunks(seconds: int) -> Iterator[Chunk]:
    """Yield two symbols' trades, four a second each, a second at a time."""
    for second in range(seconds):
        begin = START_US + second * SECOND_US
        times = [begin + n * 250_000 for n in range(4)]
        first = 1 + 4 * second
        rows = [make_trades(symbol, times, first_id=first, price=100.0 + second) for symbol in ("AAA", "BBB")]
        yield make_chunk(begin + SECOND_US - 1, *rows)


@pytest.fixture
def taping() -> Iterator[Taping]:
    before = threading.active_count()
    params = open_source(Settings(source="binance-um:AAA,BBB")).params
    feed = SimpleNamespace(
        status="live",
        sentence="",
        last_data_us=None,
        gaps=(
            Gap("AAA", START_US - 9 * SECOND_US, START_US - 8 * SECOND_US, "before", 3),
            Gap("BBB", START_US + 2 * SECOND_US, START_US + 3 * SECOND_US, "connection lost", 5, how="unfillable"),
        ),
        offset_us=1_270_000,
        rejected={"not_market": 2},
    )
    source = SimpleNamespace(symbols=("AAA", "BBB"), feed=feed)
    taping = Taping(source, "binance-um:AAA,BBB", lambda: params)  # type: ignore[arg-type]  # what it uses of one
    yield taping
    taping.close()
    assert threading.active_count() == before


def saved(taping: Taping) -> None:
    assert taping._saving is not None
    taping._saving.join(30)


def test_what_was_delivered_between_start_and_stop_is_a_recording_that_proves_itself(
    taping: Taping, tmp_path: Path
) -> None:
    feed = chunks(40)
    taping.heed(next(feed))
    taping.start(tmp_path / "take")
    for _ in range(30):
        taping.heed(next(feed))
    assert (taping.state.status, taping.state.name, taping.state.session.trades) == ("recording", "take", 240)
    assert taping.state.since_us == START_US + 2 * SECOND_US - 1
    taping.stop()
    taping.heed(next(feed))
    saved(taping)
    assert taping.state.status == "saved"
    made = open_recording(tmp_path / "take")
    assert (made.trade_count, made.source, made.is_final) == (240, "binance-um:AAA,BBB", False)
    assert [gap.cause for gap in made.gaps] == ["connection lost"]
    assert made.manifest.clock_offset_us == 1_270_000
    assert verify(made).is_proven


def test_only_one_recording_at_a_time(taping: Taping, tmp_path: Path) -> None:
    taping.start(tmp_path / "one")
    with pytest.raises(ConfigError, match="recorded as 'one' already"):
        taping.start(tmp_path / "two")


def test_stopping_before_anything_came_leaves_nothing(taping: Taping, tmp_path: Path) -> None:
    taping.start(tmp_path / "take")
    taping.heed(None)
    taping.stop()
    taping.heed(None)
    assert (taping.state.status, taping.state.sentence) == ("failed", "it was stopped before anything came")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_taken_fails_with_a_sentence_and_the_next_take_works(taping: Taping, tmp_path: Path) -> None:
    (tmp_path / "take").mkdir()
    (tmp_path / "take" / "notes.txt").write_text("mine")
    feed = chunks(10)
    taping.start(tmp_path / "take")
    taping.heed(next(feed))
    assert taping.state.status == "failed"
    assert "take" in taping.state.sentence
    taping.start(tmp_path / "other")
    taping.heed(next(feed))
    taping.stop()
    taping.heed(None)
    saved(taping)
    assert taping.state.status == "saved"


def test_the_end_of_a_run_makes_the_recording(taping: Taping, tmp_path: Path) -> None:
    taping.start(tmp_path / "take")
    for chunk in chunks(5):
        taping.heed(chunk)
    taping.close()
    assert open_recording(tmp_path / "take").trade_count == 40


def test_pages_are_told_once_it_is_there(taping: Taping, tmp_path: Path) -> None:
    told = threading.Event()
    taping.on_saved = told.set
    taping.start(tmp_path / "take")
    taping.heed(next(chunks(1)))
    taping.stop()
    taping.heed(None)
    assert told.wait(30)
