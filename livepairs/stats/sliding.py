"""Means and co-moments of the last ``window`` vectors of a stream, without ever subtracting.

A sliding sum that adds the newest and takes off the oldest forgets nothing of its rounding and depends on where it
began. Here time is cut into blocks of ``window`` bars at absolute bar numbers (number 0 is the epoch's first bar). A
window that ends inside a block is the tail of the block before joined with the head of this one::

    block b-1                 block b
    . . . . . . [- - - tail - -|- - head - -] . . . .
                               ^ bar number divisible by `window`

The head grows by one vector a bar; the tails of a block (all of them) are made backwards once, when the block is
complete. Head and tail are joined by the pairwise formula of Chan, Golub and LeVeque (1983). So the result

- depends only on the vectors in the window and their bar numbers: never on where the run began or how it was sliced;
- loses nothing to cancellation: a constant series has a variance of exactly zero at any price level;
- is NaN while a NaN is in the window and recovers by itself when it has left.

Cost: O(d^2) a bar, whatever the window. Means are kept relative to a vector of the block (its first for the head, its
last for the tails), so a price level of 100,000 costs no digits either.

Layout of a slider's state in a flat float64 array: ``seen, head count, head reference[d], head mean[d], head
moments[t], vectors of this block[window*d], tail reference[d], tails[window*(d+t)], scratch[d]`` with
``t = d(d+1)/2``. Moments are the upper triangle, row by row. The result is ``reference[d], mean - reference[d],
moments[t]``, moments being sums of products of deviations from the mean. Vector and result live in the same array, at
places the caller names.
"""

from __future__ import annotations

from collections.abc import MutableSequence

from livepairs.stats.compiled import part

__all__ = ["moments_size", "slide", "slider_size", "triangle"]

Numbers = MutableSequence[float]


def slider_size(dimensions: int, window: int) -> int:
    """Return how many float64 the state of a slider takes."""
    t = dimensions * (dimensions + 1) // 2
    return 2 + 4 * dimensions + t + window * (2 * dimensions + t)


def moments_size(dimensions: int) -> int:
    """Return how many float64 a result takes."""
    return 2 * dimensions + dimensions * (dimensions + 1) // 2


@part
def triangle(row: int, column: int, dimensions: int) -> int:
    """Return the place of an entry in the upper triangle; the two indices may come in either order.

    Examples
    --------
    >>> [triangle(r, c, 3) for r in range(3) for c in range(r, 3)]
    [0, 1, 2, 3, 4, 5]
    """
    if row > column:
        row, column = column, row
    return row * dimensions - row * (row + 1) // 2 + column


@part
def slide(state: Numbers, at: int, d: int, window: int, bar: int, vector: int, out: int) -> bool:
    """Take in the vector of a bar and write the moments of the last ``window`` vectors.

    Parameters
    ----------
    state, at
        The flat array and where this slider begins in it.
    d, window
        Length of a vector, and how many of them the window holds.
    bar
        Absolute bar number; one more at each call.
    vector
        Where the newest vector stands, ``d`` numbers.
    out
        Where the result goes, ``moments_size(d)`` numbers; left alone while the window is not full.

    Returns
    -------
    bool
        Whether the window is full, that is whether ``out`` is valid.
    """
    t = d * (d + 1) // 2
    reference = at + 2
    mean = reference + d
    moments = mean + d
    block = moments + t
    tail_reference = block + window * d
    scratch = tail_reference + d + window * (d + t)
    place = bar % window
    if place == 0 or state[at] == 0.0:
        state[at + 1] = 0.0
        for a in range(d):
            state[reference + a] = state[vector + a]
        for a in range(mean, block):
            state[a] = 0.0
    state[at] += 1.0
    state[at + 1] += 1.0
    count = state[at + 1]
    for a in range(d):
        state[block + place * d + a] = state[vector + a]
        state[scratch + a] = (state[vector + a] - state[reference + a]) - state[mean + a]
    _add(state, mean, d, count, scratch)
    is_full = state[at] >= window
    if is_full:
        _join(state, at, d, window, place, out)
    if place == window - 1:
        _close_block(state, block, tail_reference, d, window, int(min(state[at], window)))
    return is_full


@part
def _add(state: Numbers, mean: int, d: int, count: float, delta: int) -> None:
    """Welford's update of the mean and moments at ``mean`` by a vector that is ``state[delta:]`` away from the mean."""
    share = 1.0 / count
    rest = (count - 1.0) * share
    entry = mean + d
    for a in range(d):
        scaled = state[delta + a] * rest
        for b in range(a, d):
            state[entry] += scaled * state[delta + b]
            entry += 1
        state[mean + a] += state[delta + a] * share


@part
def _join(state: Numbers, at: int, d: int, window: int, place: int, out: int) -> None:
    """Write the moments of head and tail together at ``out``."""
    t = d * (d + 1) // 2
    reference = at + 2
    mean = reference + d
    moments = mean + d
    if place == window - 1:
        for a in range(2 * d + t):
            state[out + a] = state[reference + a]
        return
    tail_reference = moments + t + window * d
    tail = tail_reference + d + (place + 1) * (d + t)
    in_head = place + 1.0
    in_tail = window - in_head
    share = in_tail / window
    weight = in_head * share
    for a in range(d):
        state[out + d + a] = (state[tail + a] - state[mean + a]) + (state[tail_reference + a] - state[reference + a])
    entry = 0
    for a in range(d):
        scaled = state[out + d + a] * weight
        for b in range(a, d):
            state[out + 2 * d + entry] = (state[moments + entry] + state[tail + d + entry]) + scaled * state[
                out + d + b
            ]
            entry += 1
    for a in range(d):
        state[out + a] = state[reference + a]
        state[out + d + a] = state[mean + a] + state[out + d + a] * share


@part
def _close_block(state: Numbers, block: int, tail_reference: int, d: int, window: int, known: int) -> None:
    """Make the moments of every tail of the block just completed, from its last vector backwards."""
    t = d * (d + 1) // 2
    last = block + (window - 1) * d
    scratch = tail_reference + d + window * (d + t)
    for a in range(d):
        state[tail_reference + a] = state[last + a]
    for back in range(known):
        place = window - 1 - back
        tail = tail_reference + d + place * (d + t)
        for a in range(d + t):
            state[tail + a] = state[tail + d + t + a] if back > 0 else 0.0
        for a in range(d):
            state[scratch + a] = (state[block + place * d + a] - state[tail_reference + a]) - state[tail + a]
        _add(state, tail, d, back + 1.0, scratch)
