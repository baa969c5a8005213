"""The rules desk without a browser: mistakes in their place, sliders, arming, saving, restoring, rehearsing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from livepairs.config import Settings
from livepairs.hub.registry import Hub
from livepairs.stores.recording import RecordingWriter
from livepairs.views.alerts.ruledesk import RuleDesk
from tests.factories import make_trades

START_US = 1_700_000_000_000_000
WAIT_S = 60.0
RULES = """\
[[rule]]
name = "out"
when = "abs(z) >= 1.2"
clear = "abs(z) <= 0.4"

[[rule]]
name = "idle"
when = "z > 9"
armed = false
"""


def make_recording(path: Path) -> None:
    """Write two random walks, a trade a second each."""
    rng = np.random.default_rng(3)
    with RecordingWriter(path, source="import") as writer:
        for symbol in ("AAA", "BBB"):
            prices = np.round(100 * np.exp(np.cumsum(rng.normal(0, 1e-4, 200))), 4)
            writer.append(make_trades(symbol, [START_US + n * 1_000_000 for n in range(200)], price=prices))
        writer.finish()


class Scene:
    """A hub with one recording, and the desk of one page."""

    def __init__(self, folder: Path) -> None:
        make_recording(folder / "walk")
        windows = {"hedge_window": 20, "z_window": 15, "corr_window": 15}
        self.hub = Hub(Settings(source=str(folder / "walk"), recordings=str(folder), **windows))
        self.desk = RuleDesk(self.hub, self.hub.open("some-page-id"), lambda: None)
        self.piece = self.desk.view

    def act(self, act: str, /, **more: Any) -> None:
        self.desk._act({"act": act, **more})

    async def until(self, is_so: Callable[[], object]) -> None:
        for _ in range(int(WAIT_S / 0.02)):
            self.desk.refresh()
            if is_so():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"it did not come: {self.piece.notice} {self.piece.mistake} {self.piece.result}")

    @property
    def fired(self) -> int:
        tiles = self.piece.result.get("tiles") or [("", "-1")]
        return int(tiles[0][1].replace(",", ""))


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    # Two hundred bars need no compiler, which would take longer than all of them.
    monkeypatch.setattr("livepairs.hub.kernels.compile_for", lambda *_modules: None)
    made = Scene(tmp_path)
    yield made
    made.desk.close()
    made.hub.close()


def test_a_rule_is_written_rehearsed_moved_saved_and_restored(scene: Scene) -> None:
    piece = scene.piece

    async def play() -> None:
        scene.act("open")
        await scene.until(lambda: piece.rules and piece.rules[0]["name"] == "z-score")
        first = piece.version
        assert not piece.is_changed

        scene.act("draft", text=RULES.replace("abs(z) >=", "abs(zz) >="))
        await scene.until(lambda: piece.mistake)
        assert (piece.mistake["line"], piece.mistake["column"], piece.mistake["length"]) == (3, 13, 2)
        assert "did you mean 'z'" in piece.mistake["words"]
        scene.act("save")
        assert piece.notice["is_bad"]
        assert piece.version == first

        scene.act("draft", text=RULES)
        await scene.until(lambda: not piece.mistake and scene.fired > 0)
        assert [rule["armed"] for rule in piece.rules] == [True, False]
        assert [dial["value"] for dial in piece.dials] == [1.2, 0.4]
        before = scene.fired

        scene.act("move", dial=0, value=2.6)
        await scene.until(lambda: 0 <= scene.fired < before)
        assert "2.6" not in piece.text  # while it moves it is tried, not written
        scene.act("move", dial=0, value=2.5, done=True)
        assert 'when = "abs(z) >= 2.5"' in piece.text
        await scene.until(lambda: piece.rules[0]["when"] == "abs(z) >= 2.5")

        scene.act("save")
        await scene.until(lambda: piece.version != first and len(piece.versions) >= 1)
        saved = piece.version
        assert not piece.notice["is_bad"]
        assert scene.hub.rulebook.current.rules[0].when == "abs(z) >= 2.5"
        assert (Path(scene.hub.settings.recordings) / "rules.toml").read_text("utf-8") == scene.hub.rulebook.text

        scene.act("arm", rule=1, armed=True)
        await scene.until(lambda: piece.version != saved)
        assert [rule.is_armed for rule in scene.hub.rulebook.current.rules] == [True, True]
        scene.act("restore", version=saved)
        await scene.until(lambda: piece.is_changed)
        assert "armed = false" in piece.text
        scene.act("revert")
        await scene.until(lambda: not piece.is_changed)

    asyncio.run(play())


def test_what_cannot_be_rehearsed_or_done_is_said(scene: Scene) -> None:
    piece = scene.piece

    async def play() -> None:
        scene.act("open")
        await scene.until(lambda: scene.fired >= 0)
        scene.act("draft", text='[[rule]]\nname = "late"\nwhen = "late_share > 0.5"\n')
        await scene.until(lambda: "late_share cannot tell anything" in piece.result.get("judged", ""))
        scene.act("over", names=[], costs=12)
        await scene.until(lambda: piece.result.get("problem") == "Choose a recording to rehearse over.")
        scene.act("over", names=["nowhere"], costs=12)
        await scene.until(lambda: "nowhere" in piece.result.get("problem", ""))
        scene.act("over", names=[], costs=-1)
        assert piece.notice["is_bad"]
        for rubbish in ({"act": "move", "dial": "x", "value": 1}, {"act": "choose"}, {"act": "none"}, {}):
            scene.desk._act(rubbish)

    asyncio.run(play())


def test_a_viewer_reads_and_rehearses_and_saves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livepairs.hub.kernels.compile_for", lambda *_modules: None)
    make_recording(tmp_path / "walk")
    hub = Hub(Settings(source=str(tmp_path / "walk"), recordings=str(tmp_path), read_only=True))
    try:
        desk = RuleDesk(hub, hub.open("some-page-id"), lambda: None)
        assert not desk.view.can_change
        desk._draft = RULES
        desk._act({"act": "save"})
        assert desk.view.notice["is_bad"]
        assert not (tmp_path / "rules.toml").exists()
        desk.close()
    finally:
        hub.close()
