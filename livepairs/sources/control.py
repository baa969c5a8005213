"""What a person turns on a replay: play, pause, speed, seek, step. Thread-safe; knows no rows and no clock."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from livepairs.errors import ConfigError

__all__ = ["SPEEDS", "Order", "ReplayControl"]

SPEEDS: Final = (0.1, 1000.0)
"""Slowest and fastest speed, besides infinity."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the control stands at, at one moment.

    Parameters
    ----------
    is_playing
        Event time is to go on once the target, if any, is reached.
    speed
        Event time over wall time; infinity for as fast as it can be computed.
    target_us
        Event time to be reached at full speed; None when nothing is sought.
    now_us
        Event time the replay stands at; while something is sought, the time sought.
    generation
        How often a moment was sought.
    is_ended
        The end of the recording is reached.
    loop_us
        From where to where it plays over and over; None to play on.
    """

    is_playing: bool
    speed: float
    target_us: int | None
    now_us: int
    generation: int
    is_ended: bool
    loop_us: tuple[int, int] | None = None


class ReplayControl:
    """The knobs of one replay. Every method may be called from any thread and returns at once.

    Parameters
    ----------
    span_us
        First and last event time that can be sought.
    home_us
        Where it begins, and begins again when played after the end.
    close_us
        Length of a bar and its grace: a bar closes at a multiple of the first plus the second.
    speed
        Speed at first. It plays from the beginning on.
    """

    def __init__(self, *, span_us: tuple[int, int], home_us: int, close_us: tuple[int, int], speed: float) -> None:
        self.span_us = span_us
        self.home_us = home_us
        self._interval_us, self._grace_us = close_us
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._is_playing = True
        self._speed = _checked(speed)
        self._target_us: int | None = home_us
        self._now_us = span_us[0] - 1
        self._generation = 0
        self._loop_us: tuple[int, int] | None = None

    def play(self) -> None:
        """Go on; after the end, begin again."""
        with self._lock:
            self._is_playing = True
            if self._is_ended():
                self._seek(self.home_us)
        self._changed()

    def pause(self) -> None:
        """Stand still; a moment that is being sought is still reached."""
        with self._lock:
            self._is_playing = False
        self._changed()

    def set_speed(self, speed: float) -> None:
        """Change the speed: 0.1 to 1000, or ``math.inf`` for as fast as it can be computed.

        Raises
        ------
        ConfigError
            If the speed is none of these.
        """
        speed = _checked(speed)
        with self._lock:
            self._speed = speed
        self._changed()

    def seek(self, ts_us: int) -> None:
        """Go to an event time, forward or back; one outside the recording means its nearer end."""
        with self._lock:
            self._seek(ts_us)
        self._changed()

    def loop(self, span_us: tuple[int, int] | None) -> None:
        """Play these event times over and over from the next time it comes to their end; None to play on.

        Raises
        ------
        ConfigError
            If the end is not after the beginning.
        """
        first_us, last_us = self.span_us
        if span_us is not None:
            span_us = max(first_us, span_us[0]), min(last_us, span_us[1])
            if span_us[0] >= span_us[1]:
                raise ConfigError("a loop must end after it begins, inside the recording; choose a later end")
        with self._lock:
            self._loop_us = span_us
        self._changed()

    def again(self) -> None:
        """Seek the moment where it is, or is going: what was computed up to there is computed once more."""
        with self._lock:
            self._seek(self._goal_us())
        self._changed()

    def step(self, bars: int = 1) -> None:
        """Go to where the next bar closes and pause there; with a negative number, back to where the last one did."""
        with self._lock:
            self._is_playing = False
            from_us = self._goal_us()
            if bars > 0:
                count = (from_us - self._grace_us) // self._interval_us + bars
            else:
                count = -((self._grace_us - from_us) // self._interval_us) + bars
            if bars:
                self._seek(count * self._interval_us + self._grace_us)
        self._changed()

    @property
    def goal_us(self) -> int:
        """Where it is, or is going if something is sought."""
        with self._lock:
            return self._goal_us()

    def order(self) -> Order:
        """Return what it stands at now."""
        with self._lock:
            return Order(
                is_playing=self._is_playing,
                speed=self._speed,
                target_us=self._target_us,
                now_us=self._goal_us(),
                generation=self._generation,
                is_ended=self._is_ended(),
                loop_us=self._loop_us,
            )

    def arrive(self, now_us: int, *, is_goal: bool) -> None:
        """Say, as the replay, where it stands, and whether that is what its last order sought."""
        with self._lock:
            is_round, is_moved = self._is_round(now_us), self._now_us != now_us
            self._now_us = now_us
            is_reached = is_goal and self._target_us == now_us  # else something else has been sought meanwhile
            if is_reached:
                self._target_us = None
            if is_round and self._loop_us is not None:
                self._seek(self._loop_us[0])
            # What was on its way when it was held moves it once more, and nothing else would say so.
            is_held = is_moved and not self._is_playing and self._target_us is None
        if is_reached or is_round or is_held:
            self._changed()

    @contextmanager
    def listened(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call the listener after each change and arrival, on whatever thread made it, while the context lasts."""
        with self._lock:
            self._listeners.append(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)

    def _goal_us(self) -> int:
        return self._now_us if self._target_us is None else self._target_us

    def _is_round(self, now_us: int) -> bool:
        """Return whether playing, not seeking, has just come to the end of the loop."""
        if self._loop_us is None or self._target_us is not None or not self._is_playing:
            return False
        return self._now_us < self._loop_us[1] <= now_us

    def _is_ended(self) -> bool:
        return self._target_us is None and self._now_us >= self.span_us[1]

    def _seek(self, ts_us: int) -> None:
        first_us, last_us = self.span_us
        self._target_us = min(max(ts_us, first_us), last_us)
        self._generation += 1

    def _changed(self) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()


def _checked(speed: float) -> float:
    slowest, fastest = SPEEDS
    if slowest <= speed <= fastest or speed == math.inf:
        return float(speed)
    raise ConfigError(f"speed {speed!r} is not possible; use a number from {slowest:g} to {fastest:g}, or max")
