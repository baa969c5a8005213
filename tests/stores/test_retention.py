"""Retention: the oldest recordings go first, and nothing goes that was not named by the recorder."""

from __future__ import annotations

from pathlib import Path

import pytest

from livepairs.stores.recording import Provenance, RecordingWriter, open_recording
from livepairs.stores.retention import Retention, name_at, prune
from tests.factories import make_trades

DAY_US = 86_400_000_000
START_US = 1_795_305_600_000_000  # 2026-11-22T00:00:00Z


@pytest.fixture
def days(tmp_path: Path) -> list[Path]:
    """Return three recordings of a day each, the second of a thousand trades."""
    paths = []
    for day, rows in enumerate((10, 1_000, 10)):
        begin_us = START_US + day * DAY_US
        path = name_at(tmp_path, begin_us)
        with RecordingWriter(path, source="test") as writer:
            writer.append(make_trades("BTCUSDT", [begin_us + row * 7_919 for row in range(rows)]))
            writer.finish(Provenance(vouched_us=begin_us + DAY_US - 1))
        paths.append(path)
    return paths


def size(path: Path) -> int:
    return sum(entry.bytes for entry in open_recording(path).manifest.files)


def test_a_recording_is_named_by_its_begin_and_two_never_share_a_name(days: list[Path], tmp_path: Path) -> None:
    assert [path.name for path in days] == ["20261122T000000Z", "20261123T000000Z", "20261124T000000Z"]
    assert name_at(tmp_path, START_US).name == "20261122T000000Z-2"


def test_what_ended_too_long_ago_goes(days: list[Path], tmp_path: Path) -> None:
    now_us = START_US + 3 * DAY_US
    assert prune(tmp_path, Retention(age_us=2 * DAY_US + 1), now_us=now_us) == []
    assert prune(tmp_path, Retention(age_us=2 * DAY_US), now_us=now_us) == days[:1]
    assert not days[0].exists()


def test_the_oldest_go_until_the_rest_is_small_enough(days: list[Path], tmp_path: Path) -> None:
    rest = size(days[1]) + size(days[2])
    assert prune(tmp_path, Retention(bytes=rest), now_us=0) == days[:1]
    assert prune(tmp_path, Retention(bytes=rest - 1), now_us=0) == days[1:2]
    assert prune(tmp_path, Retention(), now_us=1 << 60) == []


def test_what_is_not_named_as_a_recording_of_ours_stays(days: list[Path], tmp_path: Path) -> None:
    days[0].rename(tmp_path / "my-best-day")
    (tmp_path / "20200101T000000Z").mkdir()
    (tmp_path / "20200102T000000Z").symlink_to(days[1])
    (days[2] / "manifest.json").write_text("{")
    assert prune(tmp_path, Retention(bytes=0), now_us=1 << 60) == [days[1]]
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["20200101T000000Z", "20200102T000000Z", "20261124T000000Z", "my-best-day"]
