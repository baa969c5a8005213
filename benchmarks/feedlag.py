"""A server that says how late its feed is: ``python -m benchmarks.feedlag`` serves the bundled recording.

Late is how far what has been computed of a replay at the pace of life is behind the clock, against when it was least.
It is looked at from a thread of its own some hundred times a second, so that neither the server's loop nor the feed's
is asked. The first line printed names the address; each line read is answered by the lags since the last, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

import numpy as np

from benchmarks.cases.viewers import OUR_SETTINGS
from livepairs.__main__ import main
from livepairs.hub import get_hub

LOOK_S = 0.01


class Watch(threading.Thread):
    """Notes how far the runs there are lag behind, in milliseconds."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.lags_ms: list[float] = []
        self._least_ms = float("inf")

    def run(self) -> None:
        """Look until the process ends."""
        while True:
            time.sleep(LOOK_S)
            for run in get_hub().runs:
                if run.state.status == "playing" and run.status.trades:
                    ahead_ms = time.monotonic() * 1e3 - run.status.now_us / 1e3
                    self._least_ms = min(self._least_ms, ahead_ms)
                    self.lags_ms.append(ahead_ms - self._least_ms)


def _answer(watch: Watch) -> None:
    for _line in sys.stdin:
        lags_ms, watch.lags_ms = watch.lags_ms, []
        print(json.dumps(summary(lags_ms)), file=sys.stderr, flush=True)


def summary(lags_ms: list[float]) -> dict[str, Any]:
    """Return how many looks there were, and their median, 95th percentile and maximum."""
    if not lags_ms:
        return {"looks": 0}
    middle, late = np.percentile(lags_ms, [50, 95])
    return {"looks": len(lags_ms), "p50_ms": float(middle), "p95_ms": float(late), "max_ms": max(lags_ms)}


if __name__ == "__main__":
    os.environ |= OUR_SETTINGS
    watch = Watch()
    threading.Thread(target=_answer, args=(watch,), daemon=True).start()
    threading.Timer(1.0, watch.start).start()
    sys.exit(main(["serve", "recordings/demo", "--port", "0"]))
