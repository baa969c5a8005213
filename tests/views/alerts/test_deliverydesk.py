"""The delivery desk without a browser: every channel there is, where it leads, and a test of it for operators."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from livepairs.config import Settings
from livepairs.hub.registry import Hub
from livepairs.views.alerts.deliverydesk import DeliveryDesk
from tests.delivery.endpoint import KEY, Endpoint, serving

DEMO = Path(__file__).resolve().parents[3] / "recordings" / "demo"
WAIT_S = 60.0
RULES = """
[channels.desk]
[channels.nowhere]

[[rule]]
name = "z"
when = "abs(z) > 2"
notify = ["desk"]
"""


def opened(folder: Path, *, is_read_only: bool = False) -> tuple[Hub, DeliveryDesk]:
    (folder / "rules.toml").write_text(RULES, "utf-8")
    hub = Hub(Settings(source=str(DEMO), recordings=str(folder), read_only=is_read_only))
    desk = DeliveryDesk(hub, lambda: None)
    desk.is_open = True
    return hub, desk


async def until(desk: DeliveryDesk, is_so: Callable[[], object]) -> None:
    for _ in range(int(WAIT_S / 0.02)):
        desk.refresh()
        if is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it did not come: {desk.view.channels} {desk.view.trials} {desk.view.problem}")


@pytest.mark.parametrize(
    ("answer", "words"), [(204, "The test was taken after"), (500, "The test failed: answered 500.")]
)
def test_a_test_shows_what_the_other_side_made_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: int, words: str
) -> None:
    async def play() -> list[tuple[dict[str, str], bytes]]:
        async with serving(Endpoint(answer)) as endpoint:
            monkeypatch.setenv("LIVEPAIRS_CHANNEL_DESK", endpoint.url)
            monkeypatch.setenv("LIVEPAIRS_CHANNEL_DESK_SECRET", KEY.decode())
            hub, desk = opened(tmp_path)
            await until(desk, lambda: desk.view.channels)
            known, unknown = desk.view.channels
            assert (known["name"], known["leads"], known["state"]) == ("desk", "webhook at 127.0.0.1", "new")
            assert (unknown["state"], unknown["is_usable"]) == ("lost", False)
            assert "LIVEPAIRS_CHANNEL_NOWHERE" in unknown["leads"]
            desk._act({"act": "test", "channel": "a stranger"})
            assert desk.view.trials == {}
            desk._act({"act": "test", "channel": "desk"})
            assert desk.view.trials["desk"]["state"] == "busy"
            await until(desk, lambda: desk.view.trials["desk"]["state"] != "busy")
            assert desk.view.trials["desk"]["words"].startswith(words)
            desk.close()
            await asyncio.to_thread(hub.close)
            return endpoint.came

    assert len(asyncio.run(play())) == 1


def test_a_viewer_may_look_and_send_no_test(tmp_path: Path) -> None:
    async def play() -> None:
        hub, desk = opened(tmp_path, is_read_only=True)
        await until(desk, lambda: desk.view.channels)
        assert not desk.view.can_change
        desk._act({"act": "test", "channel": "desk"})
        assert desk.view.trials == {}
        assert desk.view.problem
        desk.close()
        await asyncio.to_thread(hub.close)

    asyncio.run(play())
