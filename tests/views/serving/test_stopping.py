"""A server that is told to stop tells its pages, gives out no new ones, and goes when they have heard it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from livepairs.clock import ManualClock
from livepairs.config import Settings
from livepairs.hub.registry import Hub
from livepairs.views.serving import server as serving
from tests.hub.counting_pipeline import CountingPipeline
from tests.hub.test_library import make_recording


class Loop:
    """Notes what is to happen, and when."""

    def __init__(self) -> None:
        self.later: list[float] = []

    def call_later(self, delay_s: float, _stop: object) -> None:
        self.later.append(delay_s)

    def stop(self) -> None:
        """Stop."""


def test_pages_hear_of_a_stop_before_it_comes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_recording(tmp_path / "monday", "AAA", "BBB")
    chosen = Settings(source=str(tmp_path / "monday"), recordings=str(tmp_path))
    hub = Hub(chosen, clock=ManualClock(), make_pipeline=CountingPipeline)  # type: ignore[arg-type]
    monkeypatch.setattr(serving, "get_hub", lambda: hub)
    server = SimpleNamespace(io_loop=Loop())

    async def story() -> list[str | None]:
        run = hub.open("some-page-id")
        heard: asyncio.Queue[str | None] = asyncio.Queue()
        unsubscribe = run.subscribe(lambda: heard.put_nowait(run.state.error))
        serving._stop_gently(server)
        said = []
        async with asyncio.timeout(20):
            while not said or said[-1] is None:
                said.append(await heard.get())
        unsubscribe()
        return said

    try:
        assert asyncio.run(story())[-1] == "the server is stopping; load the page again when it is back"
        assert hub.is_stopping
        serving._stop_gently(server)
        assert server.io_loop.later == [serving.FAREWELL_S, 0.0]
    finally:
        hub.close()
