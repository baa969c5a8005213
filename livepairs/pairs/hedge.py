"""How a pair's hedge ratio is found: the methods, their settings, and how they are written.

``ols``, ``tls``, ``ewols[:HALF_LIFE]``, ``kalman[:MEMORY]`` or ``fixed:BETA[,ALPHA]``. Each is a function of the bars
in the hedge window alone, so that a seek shows what playing from the start would have shown; docs/numbers.md has them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from livepairs.errors import ConfigError, did_you_mean

__all__ = ["EWOLS", "FIXED", "KALMAN", "METHODS", "OLS", "TLS", "HedgeMethod", "hedge_words", "read_hedge"]

METHODS: Final = ("ols", "tls", "ewols", "kalman", "fixed")
"""Their names, in the order of their codes."""

(OLS, TLS, EWOLS, KALMAN, FIXED) = range(5)

_WORDS: Final = ("least squares", "total least squares", "fading least squares", "a Kalman filter", "a fixed line")

WAYS: Final = "ols, tls, ewols[:HALF_LIFE], kalman[:MEMORY] or fixed:BETA[,ALPHA]"

LONGEST_WALK: Final = 10_000
"""Bars: ``ewols`` and ``kalman`` go through their whole window at each bar."""

QUARTER: Final = 4
"""Which part of the window ``ewols`` and ``kalman`` remember if nothing is said: its begin then weighs 1/16."""


@dataclass(frozen=True, slots=True)
class HedgeMethod:
    """A method and its settings.

    Parameters
    ----------
    code
        Its place in ``METHODS``.
    first, second
        ``ewols``: half-life in bars; ``kalman``: memory in bars; ``fixed``: beta and alpha; 0 where there is none.
    """

    code: int
    first: float = 0.0
    second: float = 0.0

    @property
    def walks(self) -> bool:
        """Whether it goes through the whole window at each bar."""
        return self.code in (EWOLS, KALMAN)


def hedge_words(text: str) -> str:
    """Return what a method is, in words.

    Examples
    --------
    >>> hedge_words("kalman:60")
    'a Kalman filter'
    """
    return _WORDS[METHODS.index(text.partition(":")[0])]


def read_hedge(text: str, *, window: int) -> HedgeMethod:
    """Return a method from its text; ``window`` is the hedge window in bars.

    Raises
    ------
    ConfigError
        If there is no such method, or a setting or the window is not one it can use.

    Examples
    --------
    >>> read_hedge("ewols:60", window=300)
    HedgeMethod(code=2, first=60.0, second=0.0)
    >>> read_hedge("kalman", window=300).first
    75.0
    """
    name, colon, said = text.partition(":")
    if name not in METHODS:
        raise ConfigError(f"hedge {text!r} is not known{did_you_mean(name, METHODS)}; use {WAYS}")
    code = METHODS.index(name)
    if code in (OLS, TLS):
        if colon:
            raise ConfigError(f"hedge {text!r} has a setting, and {name} takes none; use {WAYS}")
        return HedgeMethod(code)
    values = _numbers(text, said) if colon else []
    if code == FIXED:
        if not 1 <= len(values) <= 2:
            raise ConfigError(
                f"hedge {text!r} does not say beta, or beta and alpha; use fixed:BETA or fixed:BETA,ALPHA"
            )
        return HedgeMethod(code, *values)
    if len(values) > 1 or (values and values[0] < 1.0):
        raise ConfigError(f"hedge {text!r} does not say one number of bars, 1 or more; use {WAYS}")
    if window > LONGEST_WALK:
        raise ConfigError(f"hedge window of {window} bars is too long for {name}; use up to {LONGEST_WALK}, or ols")
    return HedgeMethod(code, values[0] if values else window / QUARTER)


def _numbers(text: str, said: str) -> list[float]:
    try:
        values = [float(part) for part in said.split(",")]
    except ValueError:
        values = [math.nan]
    if not all(math.isfinite(value) for value in values):
        raise ConfigError(f"hedge {text!r} has a setting that is no number; use {WAYS}")
    return values
