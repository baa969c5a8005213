"""What is asked of a server by machines: whether it lives, whether it is ready, how it is doing. Makes no session."""

from __future__ import annotations

import asyncio
import contextvars
from typing import cast

from bokeh.server.tornado import BokehTornado
from tornado.web import RequestHandler

from livepairs.hub import get_hub

__all__ = ["Alive", "Figures", "Ready"]


class Alive(RequestHandler):
    """Says that the process answers."""

    is_public = True

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.write({"status": "ok"})


class Ready(RequestHandler):
    """Says whether a page could be shown."""

    is_public = True

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        hub = get_hub()
        failed = [run.id for run in hub.runs if run.kind == "live" and run.state.status == "failed"]
        status = "stopping" if hub.is_stopping else "failed" if failed else "ready"
        self.set_status(200 if status == "ready" else 503)
        self.write({"status": status, "runs": len(hub.runs)})


class Figures(RequestHandler):
    """Says how it is doing, in Prometheus' format; for those whom the door lets in."""

    async def get(self) -> None:
        # Here and not above: most servers have no monitor.
        from livepairs.hub.metrics import exposition

        application = cast(BokehTornado, self.application)
        sessions = sum(len(application.get_sessions(path)) for path in application.app_paths)
        loop = asyncio.get_running_loop()
        text = await loop.run_in_executor(None, contextvars.Context().run, exposition, get_hub(), sessions)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.write(text)
