"""Runs and their lifetime: who plays what, for whom, and until when.

A run joins one source to one pipeline on a thread and loop of its own, so that opening a page, which blocks the
server's loop for some tenths of a second, never delays a feed. Views find it through the hub by the id in the
URL, read its tables by cursor, and are woken by its publisher on their own loop. Nothing here knows a screen.

>>> from livepairs.hub import get_hub          # doctest: +SKIP
>>> run = get_hub().open("some-run-id")        # doctest: +SKIP
>>> unsubscribe = run.subscribe(lambda: None)  # doctest: +SKIP
"""

from livepairs.hub.installed import get_hub, start_hub, stop_hub
from livepairs.hub.publisher import Publisher
from livepairs.hub.registry import Hub
from livepairs.hub.run import Run
from livepairs.hub.runparts import RunState

__all__ = ["Hub", "Publisher", "Run", "RunState", "get_hub", "start_hub", "stop_hub"]
