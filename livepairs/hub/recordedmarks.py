"""What a recording's marks tell of funding, read once for a run and never on the server's loop.

A recording of weeks has millions of marks. Paper trading books their events, and the spread page asks what is due next,
as it was known at the moment shown.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from livepairs.backtest.funding import Funding, known_funding
from livepairs.backtest.outlook import FundingDue
from livepairs.backtest.rows import Floats, Times, micros, of_name, unique_names
from livepairs.schema import Pair

if TYPE_CHECKING:
    from livepairs.stores.recording import Recording

__all__ = ["RecordedMarks", "begin_reading"]

STALE_US: Final = 60_000_000
"""Age of a mark from which it says nothing of what is due any more."""


@dataclass(frozen=True, slots=True)
class RecordedMarks:
    """Funding of a recording.

    Parameters
    ----------
    funding
        Its events; None if it has no marks.
    quotes
        By symbol: times, rates and next funding times of its marks, ``(n,)`` each.
    """

    funding: Funding | None
    quotes: dict[str, tuple[Times, Floats, Times]]

    @classmethod
    def of(cls, marks: pa.Table) -> RecordedMarks:
        """Return what a MARKS table tells."""
        quotes = {}
        for name in unique_names(marks.column("symbol")):
            rows = of_name(marks, "symbol", name)
            rates: Floats = rows.column("funding_rate").to_numpy()
            quotes[name] = (micros(rows.column("ts")), rates, micros(rows.column("next_funding_ts")))
        return cls(known_funding(None, marks), quotes)

    def due(self, pair: Pair, now_us: int) -> FundingDue | None:
        """Return the next funding of both legs as it was known at ``now_us``; None if it was not."""
        rate_y, due_y = self._quote(pair.y, now_us) or (0.0, 0)
        rate_x, due_x = self._quote(pair.x, now_us) or (0.0, 0)
        if not due_y or not due_x:
            return None
        return FundingDue(rate_y, rate_x, max(0, due_y - now_us), max(0, due_x - now_us))

    def _quote(self, symbol: str, now_us: int) -> tuple[float, int] | None:
        if symbol not in self.quotes:
            return None
        times, rates, due = self.quotes[symbol]
        last = int(np.searchsorted(times, now_us, side="right")) - 1
        if last < 0 or now_us - times[last] > STALE_US:
            return None
        return float(rates[last]), int(due[last])


def begin_reading(recording: Recording | None) -> Future[RecordedMarks]:
    """Start reading on a thread of its own; without a recording, as in a live run, there is nothing to wait for."""
    reading: Future[RecordedMarks] = Future()
    if recording is None:
        reading.set_result(RecordedMarks(None, {}))
        return reading

    def read() -> None:
        try:
            reading.set_result(RecordedMarks.of(recording.marks()))
        except Exception as error:  # noqa: BLE001 - handed on to whoever asks for the result
            reading.set_exception(error)

    threading.Thread(target=read, name="livepairs-marks", daemon=True).start()
    return reading
