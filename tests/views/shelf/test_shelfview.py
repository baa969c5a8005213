"""What the recordings page shows and does, without a browser: rows, downloads, uploads, and who may change what."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from livepairs.clock import ManualClock
from livepairs.config import Settings
from livepairs.hub.proof import Proof
from livepairs.hub.registry import Hub
from livepairs.stores.recording import open_recording
from livepairs.views.shelf.shelfrows import axis_of, rows_of
from livepairs.views.shelf.shelfview import ShelfView
from tests.hub.counting_pipeline import CountingPipeline
from tests.hub.test_library import make_recording

CSV = b"time,px,size\n1723075200000,1.5,2\n1723075201000,1.6,2\n"
WAIT_S = 20.0


class Page:
    """A page whose refreshes are made at once, as the server's loop would."""

    def __init__(self, hub: Hub) -> None:
        self.sent: list[dict[str, Any]] = []
        self.view = ShelfView(hub, hub.open("some-page-id"), self.refresh)
        self.view._list.send = self.sent.append  # type: ignore[method-assign,assignment]
        self.view._takeaway._send = self.sent.append  # type: ignore[assignment]
        self.view.refresh()

    def refresh(self) -> None:
        if hasattr(self, "view"):
            self.view.refresh()

    def act(self, act: str, /, **more: Any) -> None:
        self.view._act({"act": act, **more})

    @property
    def names(self) -> list[str]:
        return [row["name"] for row in self.view._list.rows if row["is_kept"]]

    def row(self, name: str) -> dict[str, Any]:
        """Return a row of the list."""
        return {row["name"]: row for row in self.view._list.rows}[name]

    @property
    def upload(self) -> dict[str, Any]:
        return dict(self.view._bar.upload)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not is_so():
                await asyncio.sleep(0.002)
                self.view._looked_s = float("-inf")
                self.view.refresh()


@pytest.fixture
def run_page(tmp_path: Path) -> Iterator[Callable[..., None]]:
    before = threading.active_count()
    make_recording(tmp_path / "monday", "AAA", "BBB")
    make_recording(tmp_path / "tuesday", "CCC", "DDD")
    hubs: list[Hub] = []

    def run(story: Callable[[Page], Awaitable[None]], **settings: Any) -> None:
        chosen = Settings(source=str(tmp_path / "monday"), recordings=str(tmp_path), **settings)
        hubs.append(Hub(chosen, clock=ManualClock(), make_pipeline=CountingPipeline))  # type: ignore[arg-type]

        async def main() -> None:
            page = Page(hubs[-1])
            try:
                await story(page)
            finally:
                page.view.end()

        asyncio.run(main())

    yield run
    for hub in hubs:
        hub.close()
    assert threading.active_count() == before


def test_rows_tell_what_there_is(tmp_path: Path) -> None:
    make_recording(tmp_path / "monday", "AAA", "BBB")
    from livepairs.stores.shelf import Shelf

    entries = Shelf(tmp_path).entries()
    proofs = {"monday": Proof("differs", "bars row 7 differs")}
    (row,) = rows_of(entries, proofs, axis=axis_of(entries), open_name="monday", limit_bytes=10)
    assert (row["symbols"], row["trades"], row["complete"], row["gap_text"]) == ("AAA, BBB", "160", "100 %", "no gaps")
    assert (row["is_open"], row["is_kept"], row["is_takable"], row["bar"]) == (True, True, False, [0.0, 100.0])
    assert row["href"] == "./market?recording=monday"
    assert (row["proof"]["state"], row["proof"]["word"]) == ("bad", "differs")
    assert "bars row 7 differs" in row["proof"]["tip"]


def test_a_check_a_deletion_and_a_refusal_show(run_page: Callable[..., None], tmp_path: Path) -> None:
    async def story(page: Page) -> None:
        assert sorted(page.names) == ["monday", "tuesday"]
        page.act("prove", name="monday")
        row = {row["name"]: row for row in page.view._list.rows}["monday"]
        await page.until(
            lambda: {r["name"]: r for r in page.view._list.rows}["monday"]["proof"]["word"] == "files whole"
        )
        assert row["is_open"]
        page.act("delete", name="../tuesday")
        assert "cannot name a recording" in page.view._list.notice
        page.act("dismiss")
        assert page.view._list.notice == ""
        page.act("delete", name="tuesday")
        assert page.names == ["monday"]
        for nonsense in ({"act": "delete"}, {"act": "take", "name": "monday", "form": "exe"}, {"act": 7}, {}):
            page.view._act(nonsense)
        assert page.names == ["monday"]

    run_page(story)
    assert not (tmp_path / "tuesday").exists()


def test_a_download_comes_in_pieces_as_they_are_asked_for(run_page: Callable[..., None], tmp_path: Path) -> None:
    async def story(page: Page) -> None:
        page.act("take", name="monday", form="zip")
        assert page.sent[0]["name"] == "monday.zip"
        content = b""
        while page.sent[-1]["say"] != "done":
            seen = len(page.sent)
            page.act("more")
            await page.until(lambda seen=seen: len(page.sent) > seen)  # type: ignore[misc]
            content += page.sent[-1].get("data", b"")
        (tmp_path / "taken.zip").write_bytes(content)

    run_page(story)
    import zipfile

    with zipfile.ZipFile(tmp_path / "taken.zip") as archive:
        archive.extractall(tmp_path / "out")
    open_recording(tmp_path / "out" / "monday").verify_files()


def test_a_download_over_the_limit_is_refused_in_a_sentence(run_page: Callable[..., None]) -> None:
    async def story(page: Page) -> None:
        page.view._library.inbox.limit_bytes = 5
        page.act("take", name="monday", form="zip")
        assert "raise the setting transfer_mb" in page.view._list.notice
        page.act("more")
        assert page.sent == []

    run_page(story)


def test_an_upload_is_shown_before_it_is_imported(run_page: Callable[..., None], tmp_path: Path) -> None:
    async def story(page: Page) -> None:
        page.act("upload", name="eth.csv", size=len(CSV))
        page.act("piece", offset=0, data=CSV[:20])
        assert (page.upload["stage"], page.upload["received"]) == ("receiving", 20)
        page.act("piece", offset=20, data=CSV[20:])
        await page.until(lambda: page.upload["stage"] == "ready")
        assert page.upload["mapping"] == {"ts": "time", "price": "px", "qty": "size"}
        assert page.upload["problem"] == "Found no column of symbols; say below which it is."
        said = {"columns": {"ts": "time", "price": "px", "qty": "size", "side": ""}, "symbol": " ETH ", "unit": "ms"}
        page.act("look", **said)
        await page.until(lambda: page.upload["stage"] == "ready" and page.upload["problem"] == "")
        assert page.upload["rows"][0] == ["2024-08-08 00:00:00.000", "ETH", "1.5", "2", "bought"]
        page.act("import", to="monday", **said)
        assert "already" in page.upload["refusal"]
        page.act("import", to="ether", **said)
        await page.until(lambda: page.upload["stage"] == "done")
        assert "ether" in page.names

    run_page(story)
    assert open_recording(tmp_path / "ether").symbols == ("ETH",)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_bad_upload_is_said_and_changes_nothing(run_page: Callable[..., None], tmp_path: Path) -> None:
    async def story(page: Page) -> None:
        page.act("upload", name="bad.csv", size=10**12)
        assert page.upload["stage"] == "refused"
        assert "may be uploaded" in page.upload["problem"]
        page.act("upload", name="bad.csv", size=4)
        page.act("piece", offset=1, data=b"oops")
        assert (page.upload["stage"], "send the file again" in page.upload["problem"]) == ("refused", True)
        page.act("upload", name="bad.bin", size=4)
        page.act("piece", offset=0, data=b"\x00\x01\x02\x03")
        await page.until(lambda: page.upload["stage"] == "ready")
        assert "binary data" in page.upload["problem"]
        page.act("cancel")
        assert page.upload["stage"] == "idle"

    run_page(story)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monday", "tuesday"]


def test_where_visitors_may_only_look_nothing_is_changed(run_page: Callable[..., None], tmp_path: Path) -> None:
    async def story(page: Page) -> None:
        assert not page.view._bar.can_change
        assert not page.view._list.can_change
        assert page.view._bar.folder == f"in {tmp_path.name}"
        page.act("delete", name="tuesday")
        assert page.view._list.notice == "A viewer may not delete recordings; ask an operator."
        page.act("upload", name="x.csv", size=4)
        page.act("record")
        page.act("prove", name="monday")
        assert page.upload["stage"] == "idle"
        assert sorted(page.names) == ["monday", "tuesday"]

    run_page(story, read_only=True)
    assert (tmp_path / "tuesday").exists()


def test_a_replay_is_not_recorded_again(run_page: Callable[..., None]) -> None:
    async def story(page: Page) -> None:
        page.act("record")
        assert "a replay is a recording already" in page.view._list.notice.lower()

    run_page(story)
