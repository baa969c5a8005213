"""Frames that hold a plain trade, into rows without an object per message; what is not plain is named and left.

The scan of the bytes (``kernel_frames``) pays only as machine code, so until it is compiled nothing counts as plain and
the msgspec decoder reads it all, to the same rows. Compiling is for whoever starts a feed, aside (``stats.compiled``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from livepairs.exchanges import kernel_frames as kernel
from livepairs.exchanges.binance_rows import Ints, is_symbol, names_of, trades_batch

__all__ = ["PlainTrades", "is_quick", "plain_trades"]


@dataclass(frozen=True, slots=True)
class PlainTrades:
    """What the scan found: both kinds of trades in the order of the frames, None where there are none.

    Parameters
    ----------
    left
        The positions of the frames that are not plain, in order.
    min_lag_us
        As in ``Decoded``, over the plain frames.
    """

    trades: pa.RecordBatch | None
    agg_trades: pa.RecordBatch | None
    left: list[int]
    min_lag_us: int | None


@dataclass(frozen=True, slots=True)
class _Scanned:
    """What the kernel wrote, a column a row found."""

    integers: Ints
    decimals: npt.NDArray[np.float64]
    flags: npt.NDArray[np.uint8]
    names: list[str]


def is_quick() -> bool:
    """Return whether the scan is machine code, and so worth asking."""
    return kernel.scan.is_compiled


def plain_trades(
    frames: Sequence[bytes],
    recv_us: Ints | None,
    *,
    scan: Callable[..., int] = kernel.scan,
) -> PlainTrades | None:
    """Scan frames; None if none of them is plain, or one is plain but for a symbol that cannot be.

    Parameters
    ----------
    recv_us
        When each frame was received, microseconds; without it ``recv_ts`` is ``ts``.
    scan
        The kernel, compiled or interpreted.
    """
    found = _scanned(frames, scan)
    if found is None:
        return None
    positions = found.integers[kernel.POSITION]
    recv = None if recv_us is None else recv_us[positions]
    min_lag_us = None if recv is None else int((recv - found.integers[kernel.EVENT]).min())
    is_agg = found.flags[kernel.KIND] == kernel.AGG_TRADE
    left = _others(positions, len(frames))
    return PlainTrades(_rows(found, recv, ~is_agg), _rows(found, recv, is_agg), left, min_lag_us)


def _others(positions: Ints, size: int) -> list[int]:
    if len(positions) == size:
        return []
    is_left = np.ones(size, np.bool_)
    is_left[positions] = False
    left: list[int] = np.flatnonzero(is_left).tolist()
    return left


def _scanned(frames: Sequence[bytes], scan: Callable[..., int]) -> _Scanned | None:
    size = len(frames)
    joined = b"".join(frames)
    ends = np.zeros(size + 1, np.int64)
    np.cumsum(np.fromiter(map(len, frames), np.int64, size), out=ends[1:])
    integers = np.empty((kernel.INTEGERS, size), np.int64)
    decimals = np.empty((kernel.DECIMALS, size), np.float64)
    flags = np.empty((kernel.FLAGS, size), np.uint8)
    table = np.zeros(kernel.SLOTS, np.int64)
    places = np.empty((2, kernel.MAX_NAMES), np.int64)
    counts = np.zeros(2, np.int64)
    buffer = np.frombuffer(joined, np.uint8)
    rows = scan(buffer, ends, kernel.WORDS, kernel.POWERS, integers, decimals, flags, table, places, counts)
    if not rows:
        return None
    names = _names(joined, places[:, : counts[0]], has_foreign=counts[1] > 127)
    return None if names is None else _Scanned(integers[:, :rows], decimals[:, :rows], flags[:, :rows], names)


def _names(joined: bytes, places: Ints, *, has_foreign: bool) -> list[str] | None:
    """Return the symbols, or None if one cannot be a symbol or some text is not UTF-8."""
    try:
        if has_foreign:
            joined.decode()
        names = [joined[first:end].decode() for first, end in places.T.tolist()]
    except UnicodeDecodeError:
        return None
    return names if all(map(is_symbol, names)) else None


def _rows(found: _Scanned, recv: Ints | None, is_kind: npt.NDArray[np.bool_]) -> pa.RecordBatch | None:
    """Return the rows of one kind; mostly these are all, and are not copied."""
    integers, decimals, flags = found.integers, found.decimals, found.flags
    if not is_kind.all():
        if not is_kind.any():
            return None
        integers, decimals, flags = integers[:, is_kind], decimals[:, is_kind], flags[:, is_kind]
        recv = None if recv is None else recv[is_kind]
    ts = integers[kernel.TIME]
    return trades_batch(
        (ts, ts if recv is None else recv),
        names_of(integers[kernel.CODE], found.names),
        integers[kernel.ID],
        (decimals[kernel.PRICE], decimals[kernel.QTY]),
        flags[kernel.MAKER].astype(np.bool_),
    )
