"""The equity of several backtests over each other, as a drawing of the page itself. Pure.

A drawing and not a chart: it stands in a tab, where a chart measures itself before there is room for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from livepairs.views import numbers

__all__ = ["Line", "overlay"]

_WIDTH: Final = 480
_HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 6, 66, 26, 24

Line = tuple[str, np.ndarray, np.ndarray]
"""Colour, times in milliseconds and returns on the capital."""


def overlay(lines: Sequence[Line]) -> str:
    """Return the lines as SVG with a common scale; empty if there is nothing to draw."""
    drawn = [line for line in lines if len(line[1])]
    if not drawn:
        return ""
    first, last = min(ts[0] for _, ts, _ in drawn), max(ts[-1] for _, ts, _ in drawn)
    low = min(0.0, *(float(values.min()) for _, _, values in drawn))
    high = max(0.0, *(float(values.max()) for _, _, values in drawn))
    # A line that never moves still needs a scale.
    high = high if high > low else low + 0.001
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def down(value: float | np.ndarray) -> float | np.ndarray:
        return _TOP + height * (high - value) / (high - low)

    paths = ""
    for color, ts, values in drawn:
        xs, ys = _LEFT + width * (ts - first) / max(1.0, last - first), np.asarray(down(values))
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs.tolist(), ys.tolist(), strict=True))
        paths += f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.6"/>'
    levels = "".join(_level(value, float(down(value))) for value in _apart([high, 0.0, low], high - low))
    times = f"{_time(first, _LEFT, 'start')}{_time(last, _LEFT + width, 'end')}"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Return on capital of the kept backtests">'
        f'<text x="{_LEFT}" y="14" class="title">Return on capital</text>{levels}{paths}{times}</svg>'
    )


def _apart(values: list[float], span: float) -> list[float]:
    """Return the values whose labels do not touch one before."""
    kept: list[float] = []
    for value in values:
        if all(abs(value - other) >= 0.06 * span for other in kept):
            kept.append(value)
    return kept


def _level(value: float, y: float) -> str:
    return (
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{_WIDTH - _RIGHT + 6}" y="{y + 4:.1f}">{numbers.percent(value)}</text>'
    )


def _time(ms: float, x: float, anchor: str) -> str:
    text = f"{datetime.fromtimestamp(ms / 1000, UTC):%d %b %H:%M}"
    return f'<text x="{x}" y="{_HEIGHT - 6}" text-anchor="{anchor}">{text}</text>'
