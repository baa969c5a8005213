"""One scan of one window, on several threads: what is found of each ordered pair, best first, and its z now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livepairs.scan.discovery import ranked_rates
from livepairs.scan.engine import find_pairs as scan_window
from livepairs.scan.params import ScanParams
from livepairs.scan.sliding import SlidingProducts
from livepairs.scan.tasks import Work, run_job
from livepairs.scan.universe import Universe, clean

__all__ = ["Finds", "Forsaken", "find_pairs"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = ("coint_p", "coint_stat", "beta", "corr", "half_life")
HARDLY_ANY = 1e-10
"""Share of a leg's variance below which what the other leg leaves of it is rounding, and no z is shown."""


class Forsaken(Exception):  # noqa: N818 - not an error: nobody waits for the scan any more
    """Ends a scan between two jobs."""


@dataclass(frozen=True, slots=True)
class Finds:
    """What was found of each ordered pair, best p first; all arrays are ``(pairs,)``.

    Parameters
    ----------
    symbols
        What was scanned; ``y`` and ``x`` are places in it.
    levels
        Prices about their mean, on the scale they were regressed on, ``(symbols, bars)``.
    values
        The scan's statistics by name, and ``z``.
    notes
        What was filled or left out, in sentences.
    """

    symbols: tuple[str, ...]
    levels: Floats
    y: Ints
    x: Ints
    values: dict[str, Floats]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.y)

    def name(self, row: int) -> str:
        """Return the pair as ``"Y/X"``."""
        return f"{self.symbols[self.y[row]]}/{self.symbols[self.x[row]]}"

    def scores(self, rows: Ints) -> Floats:
        """Return z over the window, ``(rows, bars)``: how many standard deviations each close stands off the line."""
        residuals = self.levels[self.y[rows]] - self.values["beta"][rows, None] * self.levels[self.x[rows]]
        with np.errstate(invalid="ignore", divide="ignore"):
            scores: Floats = residuals / residuals.std(axis=1, ddof=1, keepdims=True)
        return scores


def find_pairs(
    universe: Universe,
    params: ScanParams,
    workers: Executor,
    goes_on: Callable[[], bool],
    *,
    sliding: SlidingProducts | None = None,
    end_bar: int = 0,
) -> Finds:
    """Test every ordered pair of the window.

    Parameters
    ----------
    universe
        Closes; NaN before a symbol's first trade.
    params
        Prices, window and lags.
    workers
        What the jobs run on; the kernels let go of the interpreter.
    goes_on
        Asked between two jobs whether anybody still waits.
    sliding
        Keeps sums of products from one window to the next; None makes all of them anew.
    end_bar
        Absolute number of the bar after the last, for ``sliding``.

    Raises
    ------
    ConfigError
        If fewer than two symbols can be scanned.
    Forsaken
        If nobody waits any more.
    """

    def run(work: Work, jobs: Sequence[Ints]) -> list[Floats]:
        def one(job: Ints) -> Floats:
            if not goes_on():
                raise Forsaken
            return run_job(work, job)

        return list(workers.map(one, jobs))

    window, notes = clean(universe, params.window, is_log=params.price == "log")
    slid = sliding is not None and window.closes.shape[1] == sliding.window
    work = sliding.products(window.closes, end_bar) if sliding is not None and slid else None
    found = scan_window(window, notes, params, work=work, runner=run)
    levels = np.log(window.closes) if params.price == "log" else window.closes
    levels = levels - levels.mean(axis=1, keepdims=True)
    y, x, statistics = found.pairs(*COLUMNS)
    # The p follows the statistic, so its order is that of both.
    order = np.argsort(statistics["coint_stat"], kind="stable")
    y, x = y[order], x[order]
    values = {name: statistics[name][order] for name in COLUMNS}
    values["q_bh"], values["q_by"] = ranked_rates(values["coint_p"])
    values["z"] = last_scores(levels, y, x, values["beta"])
    return Finds(found.symbols, levels, y, x, values, tuple(note.text for note in found.all_notes()))


def last_scores(levels: Floats, y: Ints, x: Ints, beta: Floats) -> Floats:
    """Return how many standard deviations of the window the last bar of each pair stands off its regression.

    Parameters
    ----------
    levels
        ``(symbols, bars)``, each about its mean.
    y, x, beta
        Legs and hedge ratio of each pair, ``(pairs,)``.
    """
    products = levels @ levels.T
    own, last = np.diag(products), levels[:, -1]
    squares = own[y] - beta * (2.0 * products[y, x] - beta * own[x])
    squares = np.where(squares > HARDLY_ANY * own[y], squares, np.nan)
    scores: Floats = (last[y] - beta * last[x]) / np.sqrt(squares / (levels.shape[1] - 1))
    return scores
