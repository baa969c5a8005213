"""The peer of the market page: the same rows by plain Bokeh, without anything else on the page.

``python -m benchmarks.rawbokeh HZ`` serves one page of four figures at ``/market``. Closed bars of two legs are
streamed each second and their forming bars replaced HZ times a second, each by a message of its own: Bokeh's way.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from bokeh.application import Application
from bokeh.application.handlers import FunctionHandler
from bokeh.layouts import column
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure
from bokeh.server.server import Server

COLUMNS = ("ts", "at", "open", "high", "low", "close", "middle", "body", "volume", "half_volume", "fell")
KEPT = 3_000


def _page(document: Any, hz: float) -> None:  # a bokeh document
    closed = [ColumnDataSource({name: [] for name in COLUMNS}, name=f"bars-{leg}") for leg in "yx"]
    forming = [ColumnDataSource({name: [] for name in COLUMNS}, name=f"forming-{leg}") for leg in "yx"]
    figures = [figure(height=150, sizing_mode="stretch_width") for _ in range(4)]
    for place, chart in enumerate(figures):
        for source in (closed[place % 2], forming[place % 2]):
            chart.segment("at", "high", "at", "low", source=source)
            chart.rect("at", "middle", 700, "body", source=source)
    document.add_root(column(*figures, sizing_mode="stretch_width"))
    last_s = [int(time.time())]

    def update() -> None:
        now_s = int(time.time())
        row = {name: [now_s * 1e3 if name in ("ts", "at") else 100.5] for name in COLUMNS}
        for source in forming:
            source.data = row
        if now_s > last_s[0]:
            last_s[0] = now_s
            for source in closed:
                source.stream(row, rollover=KEPT)

    document.add_periodic_callback(update, round(1000 / hz))


def main(hz: float) -> None:
    """Serve until killed; the first line printed says where."""
    page = Application(FunctionHandler(lambda document: _page(document, hz)))
    server = Server({"/market": page}, port=0, address="127.0.0.1", allow_websocket_origin=["*"])
    server.start()
    print(f"raw bokeh is at http://127.0.0.1:{server.port}/", flush=True)
    server.io_loop.start()


if __name__ == "__main__":
    main(float(sys.argv[1]))
