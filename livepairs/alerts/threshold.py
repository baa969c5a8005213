"""The z-score rule: an event when a pair's spread goes far out, another when it has come back.

It fires at the first closed bar with ``|z| >= entry`` and clears at the first one after with ``|z| <= exit``. Between
the two it stays as it is, so a z that hovers at the entry does not make a storm. NaN is never true. The state is a pure
function of the PAIRS rows so far.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.alerts.event import CLEARED, FIRED, Event, event_batch
from livepairs.columns import codes_of, floats_of, ints_column, ints_of
from livepairs.errors import ConfigError
from livepairs.schema import EVENTS, PAIRS, check, empty

__all__ = ["RULE", "ThresholdMachine"]

RULE: Final = "z-score"
LEVEL: Final = "warning"


class ThresholdMachine:
    """Turns rows of pair statistics into z-score events.

    Parameters
    ----------
    entry
        Fires at ``|z| >= entry``.
    exit
        Clears at ``|z| <= exit``.

    Raises
    ------
    ConfigError
        Unless ``0 <= exit < entry``.
    """

    def __init__(self, *, entry: float = 2.0, exit: float = 0.5) -> None:
        if not 0.0 <= exit < entry:
            raise ConfigError(f"alert at |z| >= {entry} with return at {exit}: the return must be below it, from 0 up")
        self.entry = entry
        self.exit = exit
        self.reset()

    def reset(self) -> None:
        """Forget what has fired."""
        self._out: dict[str, bool] = {}

    def update(self, pairs: pa.RecordBatch) -> pa.RecordBatch:
        """Take in PAIRS rows and return the EVENTS they make, in the rows' order."""
        z = floats_of(check(pairs, PAIRS).column("z"))
        is_far = np.abs(z) >= self.entry
        # Rows between exit and entry, and rows without a z, leave a pair as it is.
        decisive = np.flatnonzero(is_far | (np.abs(z) <= self.exit))
        if len(decisive) == 0:
            return empty(EVENTS)
        names = pairs.column("pair").take(ints_column(decisive)).dictionary_encode()
        codes = codes_of(names)
        ts = ints_of(pairs.column("ts"))
        events: list[tuple[int, Event]] = []
        for code, name in enumerate(names.dictionary.to_pylist()):
            rows = decisive[codes == code]
            for row in self._turns(name, rows, is_far):
                event = self._event(int(ts[row]), name, float(z[row]), is_far=bool(is_far[row]))
                events.append((row, event))
        return event_batch([event for _, event in sorted(events, key=lambda item: item[0])])

    def _turns(self, name: str, rows: NDArray[np.int64], is_far: NDArray[np.bool_]) -> list[int]:
        """Return those of the pair's decisive rows that change its state."""
        states = is_far[rows]
        before = np.concatenate(([self._out.get(name, False)], states[:-1]))
        self._out[name] = bool(states[-1])
        turns: list[int] = rows[states != before].tolist()
        return turns

    def _event(self, ts_us: int, pair: str, z: float, *, is_far: bool) -> Event:
        if is_far:
            return Event(ts_us, RULE, pair, FIRED, LEVEL, z, f"{pair} z {z:+.2f} is beyond {self.entry:g}")
        return Event(ts_us, RULE, pair, CLEARED, LEVEL, z, f"{pair} z {z:+.2f} is back within {self.exit:g}")
