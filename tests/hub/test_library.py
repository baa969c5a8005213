"""The library: recordings listed, checked, imported into and deleted, without a page ever waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from livepairs.clock import ManualClock
from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.hub import library as library_room
from livepairs.hub.library import Importing, Library
from livepairs.hub.registry import Hub
from livepairs.moment import Moment
from livepairs.schema import Pair
from livepairs.stores.intake import ImportOptions
from livepairs.stores.recording import RecordingWriter
from livepairs.stores.shelf import Shelf
from tests.factories import make_trades
from tests.hub.counting_pipeline import CountingPipeline

START_US = 1_700_000_000_000_000
WAIT_S = 10.0


def make_recording(path: Path, *symbols: str) -> None:
    with RecordingWriter(path, source="import") as writer:
        for symbol in symbols:
            writer.append(make_trades(symbol, [START_US + n * 250_000 for n in range(80)]))
        writer.finish()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    before = threading.active_count()
    make_recording(tmp_path / "monday", "AAA", "BBB")
    library = Library(Shelf(tmp_path))
    yield library
    library.close()
    assert threading.active_count() == before


def finished(library: Library) -> None:
    """Wait until the work begun so far is done."""
    done = threading.Event()
    library._do(done.set)
    assert done.wait(WAIT_S)


def import_text(library: Library, text: str, name: str = "new") -> list[Importing]:
    path = library.shelf.folder.parent / "upload.csv"
    path.write_text(text)
    seen: list[Importing] = []
    options = ImportOptions(symbol="AAA")
    library.import_file(path, name, options, lambda state: seen.append(state) is None)
    finished(library)
    return seen


def test_a_recording_that_was_imported_is_whole_once_checked(library: Library) -> None:
    entry = library.shelf.find("monday")
    assert library.proof(entry).status == "unclaimed"
    library.prove("monday")
    finished(library)
    assert library.proof(entry).status == "whole"


def test_a_changed_byte_is_found_and_named(library: Library) -> None:
    entry = library.shelf.find("monday")
    part = next((entry.path / "trades" / "symbol=AAA").iterdir())
    content = bytearray(part.read_bytes())
    content[40] ^= 1
    part.write_bytes(content)
    library.prove("monday")
    finished(library)
    proof = library.proof(entry)
    assert proof.status == "damaged"
    assert "symbol=AAA" in proof.sentence
    assert str(entry.path) not in proof.sentence


def test_an_import_tells_how_it_goes_and_ends_on_the_shelf(library: Library) -> None:
    seen = import_text(library, "ts,price,qty\n1723075200000,1.5,2\n")
    assert [seen[0].status, seen[-1].status] == ["working", "done"]
    assert "no side column" in seen[-1].warnings[0]
    assert library.shelf.open("new").symbols == ("AAA",)


@pytest.mark.parametrize("text", ["ts,price,qty\n1723075200000,1.5,2\n1723075200000,x,2\n", "ts,price,qty\n"])
def test_a_bad_file_is_refused_and_nothing_is_left_of_it(library: Library, text: str) -> None:
    before = sorted(path.name for path in library.shelf.folder.iterdir())
    seen = import_text(library, text)
    assert seen[-1].status == "refused"
    assert seen[-1].error is not None
    assert sorted(path.name for path in library.shelf.folder.iterdir()) == before


def test_a_cancelled_import_and_a_full_disk_leave_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    path = library.shelf.folder.parent / "upload.csv"
    path.write_text("ts,price,qty\n1723075200000,1.5,2\n")
    library.import_file(path, "new", ImportOptions(symbol="AAA"), lambda _state: False)
    finished(library)
    monkeypatch.setattr(library_room, "SPARED_BYTES", 1 << 62)
    assert "disk is nearly full" in str(import_text(library, path.read_text())[-1].error)
    assert [path.name for path in library.shelf.folder.iterdir()] == ["monday"]


def test_a_name_that_is_taken_is_refused_at_once(library: Library, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="already"):
        library.import_file(tmp_path / "x", "monday", ImportOptions(), lambda _state: True)


def test_pages_are_woken_by_what_happens(library: Library) -> None:
    async def main() -> None:
        woken = asyncio.Event()
        leave = library.subscribe(woken.set)
        library.prove("monday")
        await asyncio.wait_for(woken.wait(), WAIT_S)
        leave()

    asyncio.run(main())
    finished(library)


@pytest.fixture
def make_hub(tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    hubs: list[Hub] = []
    make_recording(tmp_path / "monday", "AAA", "BBB")
    make_recording(tmp_path / "tuesday", "CCC", "DDD", "EEE")
    make_recording(tmp_path / "alone", "AAA")

    def make(**settings: object) -> Hub:
        chosen = Settings(**{"source": str(tmp_path / "monday"), "recordings": str(tmp_path), **settings})  # type: ignore[arg-type]
        hubs.append(Hub(chosen, clock=ManualClock(), make_pipeline=CountingPipeline))  # type: ignore[arg-type]
        return hubs[-1]

    yield make
    for hub in hubs:
        hub.close()


def test_a_listed_recording_is_a_run_of_its_own_found_again_by_its_id(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(pairs=("BBB/AAA",))
    run = hub.open(None, recording="tuesday")
    assert (run.recording.name, run.listed, run.params.pairs) == ("tuesday", "tuesday", (Pair("DDD", "CCC"),))
    assert hub.open(run.id) is run
    assert hub.open(run.id, recording="tuesday") is run
    assert hub.open("another-id", recording="tuesday").id == "another-id"


def test_of_two_recordings_of_one_name_each_can_be_opened(make_hub: Callable[..., Hub], tmp_path: Path) -> None:
    served = tmp_path / "elsewhere" / "tuesday"
    make_recording(served, "AAA", "BBB")
    hub = make_hub(source=str(served))
    own = hub.open(None)
    listed = hub.open(None, recording="tuesday")
    assert (own.recording.path, listed.recording.path) == (served, tmp_path / "tuesday")
    assert hub.open(None, recording="tuesday-2").recording.path == served
    link = Moment(recording="tuesday", digest=own.recording.digest[:16])
    assert hub.open_moment(link).recording.path == served


def test_an_id_that_belongs_to_something_else_is_not_taken(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub()
    own = hub.open("shared-link")
    other = hub.open("shared-link", recording="tuesday")
    assert other is not own
    assert other.id != own.id


def test_beside_a_live_feed_recordings_are_replayed_too(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(source="synthetic:?seed=7")
    replay = hub.open("some-replay", recording="tuesday")
    assert (replay.kind, replay.id) == ("replay", "some-replay")
    assert hub.open("some-replay") is replay
    assert (hub.open(None).kind, hub.open("some-other").id) == ("live", "live")


def test_a_recording_that_cannot_be_shown_is_said(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub()
    with pytest.raises(ConfigError, match="has 1 symbol and a pair needs two"):
        hub.open(None, recording="alone")
    with pytest.raises(ConfigError, match="did you mean 'monday'"):
        hub.open(None, recording="mondays")
    with pytest.raises(ConfigError, match="cannot name a recording"):
        hub.open(None, recording="../monday")
    assert hub.runs == ()


def test_what_is_being_watched_is_not_deleted(make_hub: Callable[..., Hub], tmp_path: Path) -> None:
    hub = make_hub()
    run = hub.open(None, recording="tuesday")
    run.add_viewer()
    with pytest.raises(ConfigError, match="being watched by 1 page; close"):
        hub.delete_recording("tuesday")
    run.remove_viewer()
    hub.delete_recording("tuesday")
    run.join(WAIT_S)
    assert not run.is_alive
    assert not (tmp_path / "tuesday").exists()
