"""The venue's clock, and where on it the recorded market happens.

There are two ways to play a recording:

- *as if live* (the default): the venue's clock is the machine's, and recorded times are shifted onto it. At normal
  speed the shift is a whole number of seconds, so that bars of a second hold the very trades they held in the
  recording. At another speed the market is squeezed or stretched.
- *as recorded*: recorded times stay, and the venue's clock runs through them, at any speed. To its clients the venue
  then is years behind.

On either, the clock can be made to run ahead and to drift, as seen from a client whose own clock is right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livepairs.clock import Clock
from livepairs.errors import ConfigError

__all__ = ["Playback", "VenueTime"]

_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Playback:
    """How a recording is played.

    Parameters
    ----------
    speed
        How many recorded seconds pass in a second; infinity (only as recorded) sends as fast as clients read.
    lead_us
        How much of it has happened already when the venue opens.
    is_as_recorded
        Keep the recorded times, instead of shifting them onto the present.
    waits_for_client
        Let it begin with the first subscription instead of with the opening of the venue.
    """

    speed: float = 1.0
    lead_us: int = 0
    is_as_recorded: bool = False
    waits_for_client: bool = False

    def __post_init__(self) -> None:
        if not self.speed > 0 or (math.isinf(self.speed) and not self.is_as_recorded):
            raise ConfigError(f"speed is {self.speed:g}; it must be above 0, and infinite only as recorded")
        if self.lead_us < 0:
            raise ConfigError(f"lead is {self.lead_us / 1e6:g} seconds; it must be 0 or more")


class VenueTime:
    """Tells the venue's time and moves recorded times onto it.

    Parameters
    ----------
    clock
        The machine's clock.
    start_us
        When the recording begins.
    playback
        How it is played.
    """

    def __init__(self, clock: Clock, start_us: int, playback: Playback) -> None:
        self._clock, self._start_us, self.playback = clock, start_us, playback
        self._ahead_us, self._drift, self._skewed_us = 0.0, 0.0, clock.now_us()
        self._began_us: int | None = None
        self._shift_us = 0
        self._tape_us = start_us + playback.lead_us

    @property
    def has_begun(self) -> bool:
        """Whether the market runs."""
        return self._began_us is not None

    @property
    def is_unpaced(self) -> bool:
        """Whether the tape drives the clock, and not the clock the tape."""
        return math.isinf(self.playback.speed)

    def begin(self) -> None:
        """Let the market run from now on."""
        if self._began_us is None:
            self._began_us = self._machine_us()
            behind_us = self._began_us - round(self.playback.lead_us / self.playback.speed) - self._start_us
            is_plain = self.playback.speed == 1.0
            self._shift_us = -(-behind_us // _SECOND_US) * _SECOND_US if is_plain else behind_us

    def now_us(self) -> int:
        """Return the venue's time."""
        if not self.playback.is_as_recorded:
            return self._machine_us()
        if self._began_us is None or self.is_unpaced:
            return self._tape_us
        return self._tape_us + round((self._machine_us() - self._began_us) * self.playback.speed)

    def advance_to(self, ts_us: int) -> None:
        """Move an unpaced clock on."""
        self._tape_us = max(self._tape_us, ts_us)

    def skew(self, *, ahead_us: float, drift_ppm: float) -> None:
        """Let the clock run ahead of the machine's by so much from now on, and gain so many microseconds a second.

        A market played as if live goes on at its pace: what is still to come is stamped by the new clock.
        """
        before_us = self._machine_us()
        self._ahead_us, self._drift, self._skewed_us = ahead_us, drift_ppm / 1e6, self._clock.now_us()
        if not self.playback.is_as_recorded:
            self._shift_us += self._machine_us() - before_us

    def stamp(self, ts_us: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return when recorded moments happen on the venue's clock."""
        if self.playback.is_as_recorded:
            return ts_us
        elapsed = ts_us - self._start_us
        if self.playback.speed != 1.0:
            elapsed = np.floor(elapsed / self.playback.speed).astype(np.int64)
        return elapsed + (self._start_us + self._shift_us)

    def recorded(self, now_us: int) -> int:
        """Return which recorded moment has been reached at a time of the venue's clock."""
        if self._began_us is None:
            return self._start_us - 1
        if self.playback.is_as_recorded:
            return now_us
        return self._start_us + math.floor((now_us - self._start_us - self._shift_us) * self.playback.speed)

    def _machine_us(self) -> int:
        now_us = self._clock.now_us()
        return now_us + round(self._ahead_us + (now_us - self._skewed_us) * self._drift)
