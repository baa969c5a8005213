"""A time axis for spans that lie far apart: stretches in which there is nothing take little room. Pure.

An hour of today beside an hour of two years ago would be two dots at the ends of an empty line. So the stretches that
are covered share the line by their length, and each empty stretch between them gets the same small break.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["BrokenAxis"]

_BREAK: Final = 3.0
"""Width of a break, in per cent."""

_BREAKS: Final = 40.0
"""Width of all breaks together, at most, in per cent."""

_LEAST: Final = 4.0
"""Width of a stretch in per cent, before what is too much is taken from all."""

_SHORT: Final = 0.15
"""An empty stretch shorter than this share of all that is covered is no break."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BrokenAxis:
    """Where times lie on a line of 100 per cent.

    Parameters
    ----------
    stretches
        First and last time of each stretch, ascending, in microseconds.
    lefts, widths
        Where each begins and how wide it is, in per cent.
    """

    stretches: tuple[Span, ...]
    lefts: tuple[float, ...]
    widths: tuple[float, ...]

    @classmethod
    def of(cls, spans: Iterable[Span]) -> BrokenAxis:
        """Return the axis of these spans."""
        stretches = _joined(sorted(spans))
        if not stretches:
            return cls((), (), ())
        between = min(_BREAK, _BREAKS / max(1, len(stretches) - 1))
        room = 100.0 - between * (len(stretches) - 1)
        total = sum(last - first for first, last in stretches) or 1
        wanted = [max(_LEAST, room * (last - first) / total) for first, last in stretches]
        widths = [room * width / sum(wanted) for width in wanted]
        lefts = [sum(widths[:place]) + between * place for place in range(len(widths))]
        return cls(tuple(stretches), tuple(lefts), tuple(widths))

    @property
    def breaks(self) -> list[list[float]]:
        """Where the empty stretches lie and how wide they are, in per cent."""
        ends = [left + width for left, width in zip(self.lefts, self.widths, strict=True)]
        return [[round(end, 3), round(left - end, 3)] for end, left in zip(ends, self.lefts[1:], strict=False)]

    def place(self, span: Span) -> list[float]:
        """Return where a span of the axis begins and how wide it is, in per cent."""
        left, right = self._at(span[0]), self._at(span[1])
        return [round(left, 3), round(max(0.0, right - left), 3)]

    def _at(self, time_us: int) -> float:
        for (first, last), left, width in zip(self.stretches, self.lefts, self.widths, strict=True):
            if time_us <= last:
                return left + width * max(0, time_us - first) / max(1, last - first)
        return 100.0


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Return the stretches that ascending spans cover, those joined that lie close together."""
    covered: list[Span] = []
    for first, last in spans:
        if covered and first <= covered[-1][1]:
            covered[-1] = (covered[-1][0], max(covered[-1][1], last))
        else:
            covered.append((first, last))
    short = _SHORT * sum(last - first for first, last in covered)
    joined: list[Span] = []
    for first, last in covered:
        if joined and first - joined[-1][1] <= short:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined
