"""Files fetched from a loopback copy of the site, with what goes wrong there; every wait is on a clock of its own."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from livepairs.errors import InputError, LivepairsError, RecordingError
from livepairs.exchanges.binance_archive import ArchiveFile, archive_files
from livepairs.sources.dump_download import CONNECTIONS, Download, FetchProgress, download
from livepairs.sources.dump_site import DownloadError, SiteLimits
from tests.dump_site import Site, daily, serving


class WakefulClock:
    """Notes what it is asked to wait, and does not."""

    def __init__(self) -> None:
        self.waits_s: list[float] = []

    def now_us(self) -> int:
        return 0

    async def sleep(self, duration_us: int) -> None:
        self.waits_s.append(duration_us / 1e6)
        await asyncio.sleep(0)

    async def sleep_until(self, deadline_us: int) -> None:
        await self.sleep(deadline_us)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as made:
        yield made


def fetch(site: Site, files: list[ArchiveFile], folder: Path, clock: WakefulClock | None = None) -> Download:
    clock = clock or WakefulClock()
    return asyncio.run(download(files, folder, site.base, clock=clock, limits=SiteLimits(tries=3)))


def test_files_are_fetched_verified_and_told_in_the_order_of_time(site: Site, tmp_path: Path) -> None:
    files = daily("BTCUSDT", "2024-08-05", 7)
    zips = {file.name: site.publish(file) for file in reversed(files)}
    seen: list[FetchProgress] = []
    site.meeting = threading.Barrier(CONNECTIONS)  # broken, and the download with it, unless so many come at a time
    found = asyncio.run(download(files, tmp_path / "new", site.base, clock=WakefulClock(), on_progress=seen.append))
    assert [fetched.file for fetched in found.fetched] == files
    assert {fetched.path.name: fetched.path.read_bytes() for fetched in found.fetched} == zips
    assert all(hashlib.sha256(zips[fetched.path.name]).hexdigest() == fetched.sha256 for fetched in found.fetched)
    size = sum(map(len, zips.values()))
    assert seen[-1] == FetchProgress(7, 7, size, size)
    assert site.busiest == CONNECTIONS
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(zips)


def test_days_the_site_has_nothing_of_are_named(site: Site, tmp_path: Path) -> None:
    files = daily("BTCUSDT", "2024-08-05", 3)
    site.publish(files[0])
    site.publish(files[2])
    found = fetch(site, files, tmp_path)
    assert [file.period for file in found.absent] == ["2024-08-06"]
    assert len(found.fetched) == 2


def test_month_comes_in_one_file_and_day_by_day_where_there_is_none(site: Site, tmp_path: Path) -> None:
    files = archive_files("um", "aggTrades", ["BTCUSDT"], first=date(2024, 2, 1), last=date(2024, 3, 31))
    assert [file.period for file in files] == ["2024-02", "2024-03"]
    site.publish(files[0])
    for day in files[1].days()[:30]:
        site.publish(day)
    found = fetch(site, list(files), tmp_path)
    assert len(found.fetched) == 1 + 30
    assert [file.period for file in found.absent] == ["2024-03-31"]


def test_transfer_broken_off_again_and_again_goes_on_where_it_was(site: Site, tmp_path: Path) -> None:
    (file,) = daily("BTCUSDT", "2024-08-05")
    content = site.publish(file)
    site.cut_after[file.path] = [100, 50, 1, 70, 20]
    clock = WakefulClock()
    found = fetch(site, [file], tmp_path, clock)
    assert found.fetched[0].path.read_bytes() == content
    assert site.ranges == [f"bytes={at}-" for at in (100, 150, 151, 221, 241)]
    assert clock.waits_s == [1, 1, 1, 1, 1]


def test_interrupted_download_is_resumed_by_the_next_call(site: Site, tmp_path: Path) -> None:
    files = daily("BTCUSDT", "2024-08-05", 2)
    first, second = (site.publish(file) for file in files)
    (tmp_path / files[0].name).write_bytes(first)
    (tmp_path / f"{files[1].name}.part").write_bytes(second[:200])
    found = fetch(site, files, tmp_path)
    assert [fetched.path.read_bytes() for fetched in found.fetched] == [first, second]
    assert site.requests[files[0].path] == 0
    assert site.ranges == ["bytes=200-"]
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("kept", [b"of another issue", b"x" * 5000])
def test_part_of_an_older_issue_is_fetched_afresh(site: Site, tmp_path: Path, kept: bytes) -> None:
    (file,) = daily("BTCUSDT", "2024-08-05")
    content = site.publish(file)
    (tmp_path / f"{file.name}.part").write_bytes(kept)
    assert fetch(site, [file], tmp_path).fetched[0].path.read_bytes() == content


def test_whole_file_issued_anew_since_is_fetched_again(site: Site, tmp_path: Path) -> None:
    (file,) = daily("BTCUSDT", "2024-08-05")
    content = site.publish(file)
    (tmp_path / file.name).write_bytes(b"the former issue")
    assert fetch(site, [file], tmp_path).fetched[0].path.read_bytes() == content


def test_site_that_ignores_ranges_is_asked_for_the_whole(site: Site, tmp_path: Path) -> None:
    (file,) = daily("BTCUSDT", "2024-08-05")
    content = site.publish(file)
    site.has_ranges = False
    site.cut_after[file.path] = [100]
    assert fetch(site, [file], tmp_path).fetched[0].path.read_bytes() == content


def test_bytes_that_do_not_come_to_the_checksum_are_refused(site: Site, tmp_path: Path) -> None:
    (file,) = daily("BTCUSDT", "2024-08-05")
    site.publish(file, checksum="0" * 64)
    with pytest.raises(InputError, match=r"BTCUSDT-aggTrades-2024-08-05\.zip: found bytes whose SHA-256 is .*: try"):
        fetch(site, [file], tmp_path)
    assert not list(tmp_path.iterdir())


def test_waiting_times_the_site_asks_for_are_kept(site: Site, tmp_path: Path) -> None:
    (file,) = daily("BTCUSDT", "2024-08-05")
    site.publish(file)
    site.refusals[file.path] = [(503, {}), (429, {"Retry-After": "7"})]
    clock = WakefulClock()
    assert fetch(site, [file], tmp_path, clock).fetched
    assert clock.waits_s == [1, 7]


def test_site_that_keeps_failing_is_given_up_with_what_to_do(site: Site, tmp_path: Path) -> None:
    files = daily("BTCUSDT", "2024-08-05", 2)
    whole = site.publish(files[0])
    site.publish(files[1])
    site.refusals[files[1].path] = [(500, {})] * 9
    with pytest.raises(DownloadError, match=r"could not be fetched in 3 tries \(HTTP 500\).*the same command again"):
        fetch(site, files, tmp_path)
    site.refusals.clear()
    assert fetch(site, files, tmp_path).fetched[0].path.read_bytes() == whole


@pytest.mark.parametrize(
    ("status", "words"), [(451, "does not serve the country"), (403, "firewall"), (400, "HTTP 400")]
)
def test_site_that_refuses_is_not_asked_twice(site: Site, tmp_path: Path, status: int, words: str) -> None:
    (file,) = daily("BTCUSDT", "2024-08-05")
    path = file.path + ".CHECKSUM"
    site.refusals[path] = [(status, {})] * 9
    with pytest.raises(DownloadError, match=words):
        fetch(site, [file], tmp_path)
    assert site.requests[path] == 1


def test_site_that_is_not_there_is_named(tmp_path: Path) -> None:
    with serving(Site()) as gone:
        pass
    with pytest.raises(LivepairsError, match=r"http://127\.0\.0\.1:\d+/data/.* could not be fetched in 3 tries"):
        fetch(gone, daily("BTCUSDT", "2024-08-05"), tmp_path)


def test_odd_checksum_file_is_shown(site: Site, tmp_path: Path) -> None:
    (file,) = daily("BTCUSDT", "2024-08-05")
    site.files[file.path + ".CHECKSUM"] = b"<html>hello</html>"
    with pytest.raises(DownloadError, match="<html>hello</html>"):
        fetch(site, [file], tmp_path)


def test_folder_that_cannot_be_written_is_named(site: Site, tmp_path: Path) -> None:
    (file,) = daily("BTCUSDT", "2024-08-05")
    site.publish(file)
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(RecordingError, match=r"cannot be written \(File exists\)"):
        fetch(site, [file], tmp_path / "file")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here to stand for a full disk")
def test_full_disk_is_named_and_not_tried_again(site: Site, tmp_path: Path) -> None:
    (file,) = daily("BTCUSDT", "2024-08-05")
    site.publish(file)
    (tmp_path / f"{file.name}.part").symlink_to("/dev/full")
    with pytest.raises(RecordingError, match=r"cannot be written \(No space left on device\); free some space"):
        fetch(site, [file], tmp_path)
    assert site.requests[file.path] == 1
