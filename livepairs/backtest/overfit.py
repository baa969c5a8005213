"""How much of a sweep's best result is selection: probability of overfitting, and paths out of sample.

Both take the returns of every set tried (``Moments``), choose the best on a part of the time, and look at the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb
from typing import Final

import numpy as np
import numpy.typing as npt

from livepairs.backtest.moments import Moments, sharpe_of
from livepairs.backtest.rows import Floats

__all__ = ["Overfit", "Paths", "Plan", "cross_paths", "overfitting", "splits_of", "training_spans"]

BLOCKS: Final = 16
"""Blocks of the symmetric cross-validation, as in the paper's examples: 12,870 splits."""

Counts = npt.NDArray[np.int64]

SLICE: Final = 256
"""Splits looked at together, which bounds memory."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How observations are cut for validation.

    Parameters
    ----------
    first, end
        The observations looked at; those before are warm-up.
    purge, embargo
        Observations before and after each test group that are not trained on.
    groups, tests
        Groups of time of the combinatorial splits, and how many of them each split keeps for the test.
    """

    first: int
    end: int
    purge: int = 0
    embargo: int = 0
    groups: int = 6
    tests: int = 2

    def cuts(self, parts: int) -> Counts:
        """Return where the observations are cut into equal parts, ``(parts + 1,)``."""
        return self.first + (self.end - self.first) * np.arange(parts + 1, dtype=np.int64) // parts

    def edges(self) -> Counts:
        """Return edges of spans fine enough for both methods below."""
        inner = self.cuts(self.groups)
        every = np.concatenate([[0], self.cuts(BLOCKS), inner, inner - self.purge, inner + self.embargo])
        return np.unique(np.clip(every, 0, self.end))


@dataclass(frozen=True, slots=True)
class Overfit:
    """Probability of backtest overfitting.

    Parameters
    ----------
    probability
        Share of splits in which the set that was best in one half of the time is below the median of all in the other.
    loss
        Share of splits in which it loses money in the other half.
    splits
        Splits looked at.
    """

    probability: float
    loss: float
    splits: int


@dataclass(frozen=True, slots=True)
class Paths:
    """Out-of-sample Sharpe ratios per observation, one a path through all of the time, ``(paths,)``."""

    sharpe: Floats
    splits: int


def splits_of(groups: int, tests: int) -> tuple[tuple[int, ...], ...]:
    """Return the test groups of each split of combinatorial purged cross-validation.

    Notes
    -----
    Lopez de Prado, Advances in Financial Machine Learning (2018), chapter 12: ``C(N, k)`` splits make
    ``C(N, k) k / N`` paths.

    Examples
    --------
    >>> len(splits_of(6, 2)), comb(6, 2) * 2 // 6
    (15, 5)
    """
    return tuple(combinations(range(groups), tests))


def overfitting(moments: Moments, plan: Plan) -> Overfit | None:
    """Return the probability of backtest overfitting, or None with fewer than two sets that ever traded.

    Parameters
    ----------
    moments
        With spans that have the plan's edges.
    plan
        Which observations to look at.

    Notes
    -----
    Combinatorially symmetric cross-validation: Bailey, Borwein, Lopez de Prado and Zhu, The Probability of Backtest
    Overfitting (2017). The logit of the relative rank is not positive where the rank is at most one half.
    """
    alive = np.isfinite(moments.sharpe(moments.within(plan.first, plan.end)))
    cuts = plan.cuts(BLOCKS)
    if alive.sum() < 2 or len(np.unique(cuts)) <= BLOCKS:
        return None
    parts = [moments.within(a, b) for a, b in pairwise(cuts)]
    sums = np.stack([moments.sums[alive][:, part].sum(axis=1) for part in parts])
    squares = np.stack([moments.squares[alive][:, part].sum(axis=1) for part in parts])
    halves = np.zeros((comb(BLOCKS, BLOCKS // 2), BLOCKS))
    for row, chosen in enumerate(combinations(range(BLOCKS), BLOCKS // 2)):
        halves[row, chosen] = 1.0
    low, lost = 0, 0
    counts = np.diff(cuts)
    for at in range(0, len(halves), SLICE):
        below, negative = _judge(halves[at : at + SLICE], counts, sums, squares)
        low, lost = low + below, lost + negative
    return Overfit(low / len(halves), lost / len(halves), len(halves))


def _judge(inside: Floats, counts: Counts, sums: Floats, squares: Floats) -> tuple[int, int]:
    """Return in how many splits the best inside is no better than the median outside, and in how many it loses."""
    outside = 1.0 - inside
    chosen = np.nan_to_num(_sharpes(inside, counts, sums, squares), nan=-np.inf).argmax(axis=1)
    # A set that stood still has made nothing.
    found = np.nan_to_num(_sharpes(outside, counts, sums, squares))
    own = found[np.arange(len(found)), chosen][:, None]
    # Ties count by half, so that equal sets rank in the middle.
    rank = (found < own).sum(axis=1) + ((found == own).sum(axis=1) + 1) / 2
    return int((rank / (found.shape[1] + 1) <= 0.5).sum()), int((own < 0.0).sum())


def _sharpes(chosen: Floats, counts: Counts, sums: Floats, squares: Floats) -> Floats:
    count = (chosen @ counts)[:, None]
    total = chosen @ sums
    variance = (chosen @ squares - total * total / count) / (count - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variance > 0.0, total / count / np.sqrt(np.maximum(variance, 0.0)), np.nan)


def cross_paths(moments: Moments, plan: Plan) -> Paths:
    """Choose the best set on each split's training groups and join what it made on its test groups into paths.

    Parameters
    ----------
    moments
        With spans that have the plan's edges.
    plan
        Groups, and what lies too near to a test group to be trained on.
    """
    cuts = plan.cuts(plan.groups)
    splits = splits_of(plan.groups, plan.tests)
    paths = np.zeros((len(splits) * plan.tests // plan.groups, 3))
    used = [0] * plan.groups
    for split in splits:
        best = _best(moments, training_spans(moments, plan, split))
        for group in split:
            part = moments.within(cuts[group], cuts[group + 1])
            sums, squares = moments.sums[best, part].sum(), moments.squares[best, part].sum()
            paths[used[group]] += cuts[group + 1] - cuts[group], sums, squares
            used[group] += 1
    made = [float(sharpe_of(int(count), total, square)) for count, total, square in paths]
    return Paths(np.array(made), len(splits))


def training_spans(moments: Moments, plan: Plan, tests: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return which spans a split trains on: all but its test groups and what lies too near to them."""
    cuts = plan.cuts(plan.groups)
    train = moments.within(plan.first, plan.end)
    for group in tests:
        reaches_in = moments.edges[1:] > cuts[group] - plan.purge
        train &= ~(reaches_in & (moments.edges[:-1] < cuts[group + 1] + plan.embargo))
    return train


def _best(moments: Moments, chosen: npt.NDArray[np.bool_]) -> int:
    return int(np.nan_to_num(moments.sharpe(chosen), nan=-np.inf).argmax())
