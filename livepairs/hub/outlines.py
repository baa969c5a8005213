"""Outlines: what is left of a page where it is looked at from far away, a hundredth of it.

Bars become longer ones, and of the pairs' rows those stay that are the extremes of their stretch. So a week of 1-s bars
is drawn from some thousand rows, and what is drawn is what all of its rows would have shown: a longer bar of these is
a longer bar of those, and so are the extremes of longer stretches.

They are kept of every page that has been computed, by whomever. A recording that is computed ahead leaves all of its.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.bars.coarser import CANDLE, Columns, coarser
from livepairs.hub.pages import Cutter, Page, Shelf, closed_us, page_key
from livepairs.pairs.extremes import extremes
from livepairs.schema import Chunk, Pair

if TYPE_CHECKING:
    from livepairs.pipeline import Pipeline, RunParams

__all__ = ["OUTLINES", "STRETCH_STEPS", "Outline", "Outliner", "extremes_of", "outline_of", "outline_us"]

STRETCH_STEPS: Final = 4
"""Bars as they are drawn over which a line keeps its extremes."""

_EXTREME: Final = ("z", "spread", "y_close", "x_close")
"""Columns of PAIRS whose extremes stay."""

KEPT_BYTES: Final = 128_000_000
"""What all runs of the process keep together. A week of 1-s bars of a pair takes 4 MB."""

_LONGEST_BARS: Final = 60
_ROUND_US: Final = tuple(seconds * 1_000_000 for seconds in (1, 5, 30, 60, 300, 1_800, 3_600))
"""Lengths of which every longer one that bars are drawn with is a multiple; four of each fill a page."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What is left of a page.

    Parameters
    ----------
    bars
        By symbol: ``ts`` in milliseconds, open, high, low, close and volume of longer bars.
    spreads
        By pair: the same of its spread, without a volume.
    lines
        By pair: the PAIRS rows that are the extremes of their stretch.
    """

    bars: dict[str, Columns]
    spreads: dict[Pair, Columns]
    lines: dict[Pair, pa.Table]

    @property
    def nbytes(self) -> int:
        """Memory it takes, about."""
        columns = [*self.bars.values(), *self.spreads.values()]
        arrays = sum(int(values.nbytes) for part in columns for values in part.values())
        return arrays + sum(int(rows.nbytes) for rows in self.lines.values())


OUTLINES: Final = Shelf[Outline](KEPT_BYTES)
"""By the keys of their pages."""


def outline_us(interval_us: int) -> int:
    """Return the length of the bars of an outline.

    Examples
    --------
    >>> outline_us(1_000_000), outline_us(100_000), outline_us(60_000_000)
    (60000000, 5000000, 3600000000)
    """
    return [size for size in _ROUND_US if size <= _LONGEST_BARS * interval_us][-1]


def outline_of(page: Page, params: RunParams) -> Outline:
    """Return what is left of a whole page."""
    step_us = outline_us(params.interval_us)
    bars, spreads, lines = {}, {}, {}
    for symbol in {leg for pair in params.pairs for leg in (pair.y, pair.x)}:
        rows = _candles(page.bars.filter(pc.equal(page.bars["symbol"], symbol)))
        bars[symbol] = coarser(rows, step_us / 1000, CANDLE)
    for pair, within in page.spreads.items():
        rows = page.pairs.filter(pc.equal(page.pairs["pair"], str(pair)))
        times = rows["ts"].cast(pa.int64()).to_numpy()
        spread = {"ts": times / 1000, **dict(zip(("open", "high", "low", "close"), within, strict=True))}
        spreads[pair] = coarser(spread, step_us / 1000, {name: CANDLE[name] for name in spread if name != "ts"})
        lines[pair] = rows.take(pa.array(extremes_of(rows, STRETCH_STEPS * step_us)))
    return Outline(bars, spreads, lines)


def extremes_of(rows: pa.Table, length_us: int) -> np.ndarray:
    """Return which PAIRS rows of one pair are the extremes of their stretch of time."""
    times = rows["ts"].cast(pa.int64()).to_numpy()
    return extremes(times, [rows[name].to_numpy() for name in _EXTREME], length_us)


def _candles(bars: pa.Table) -> Columns:
    """Return BARS rows of one symbol as columns, times in milliseconds; a bar without trades has no prices."""
    is_filled = bars["is_filled"].to_numpy()
    prices = {name: np.where(is_filled, np.nan, bars[name].to_numpy()) for name in ("open", "high", "low", "close")}
    return {"ts": bars["ts"].cast(pa.int64()).to_numpy() / 1000, **prices, "volume": bars["volume"].to_numpy()}


class Outliner:
    """Leaves the outlines of a recording while a pipeline computes it from its start.

    Parameters
    ----------
    digest, start_us
        Of the recording.
    params
        What is computed.
    healed
        Whether back-filled rows are in their bars.
    """

    def __init__(self, digest: str, params: RunParams, start_us: int, *, healed: bool) -> None:
        self._digest, self._params, self._healed = digest, params, healed
        self._cutter = Cutter(params, start_us)

    def listen(self, pipeline: Pipeline) -> None:
        """Hear what a pipeline makes."""
        for hop in ("bars", "pairs"):
            pipeline.listen(hop, partial(self._cutter.add, hop))

    def heed(self, chunk: Chunk) -> None:
        """Take in what the pipeline was given, after it."""
        self._cutter.trade(chunk.trades)
        for page in self._cutter.cut(closed_us(self._params, chunk.now_us)):
            outline = outline_of(page, self._params)
            OUTLINES.put(
                page_key(self._digest, self._params, page.number, healed=self._healed), outline, outline.nbytes
            )
