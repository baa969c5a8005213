"""Closes of many symbols as one matrix, and which of them can be scanned: holes are filled, dead series left out, and
all of it is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.errors import ConfigError

__all__ = ["Note", "Universe", "clean", "last_window", "read_universe"]

MOST_FILLED: Final = 0.1
"""A symbol that lacks a larger share of the window's bars is left out: its closes would be mostly ours."""

LONGEST_STILL: Final = 0.25
"""A symbol whose close has not changed for a larger share of the window, up to its end, no longer trades."""

TIME_NAMES: Final = frozenset({"ts", "time", "timestamp", "date", "datetime"})


@dataclass(frozen=True, slots=True)
class Note:
    """Something about the input that changes what the result means.

    Parameters
    ----------
    kind
        ``filled``, ``left out``, ``same series`` or ``no statistic``.
    subject
        The symbol or pair concerned, or several with commas.
    text
        A whole sentence.
    """

    kind: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Universe:
    """Closes of many symbols.

    Parameters
    ----------
    symbols
        Names, one a series.
    closes
        ``(series, bars)``; NaN where there is no close.
    ts_us
        Times of the bars in microseconds, ``(bars,)``; None if they are not known.
    """

    symbols: tuple[str, ...]
    closes: NDArray[np.float64]
    ts_us: NDArray[np.int64] | None = None

    def take(self, kept: NDArray[np.bool_]) -> Universe:
        """Return some of the series; itself if that is all of them."""
        if kept.all():
            return self
        symbols = tuple(symbol for symbol, is_kept in zip(self.symbols, kept, strict=True) if is_kept)
        return replace(self, symbols=symbols, closes=self.closes[kept])


def read_universe(closes: Any) -> Universe:  # pandas is not imported to name its type
    """Return a universe from a table of closes, one column a symbol.

    Parameters
    ----------
    closes
        A pandas DataFrame, an Arrow table or batch, or a mapping of names to arrays of one length. Times, if there are
        any, are a column of times, one named ``ts`` (microseconds), or the frame's index.

    Raises
    ------
    ConfigError
        If it is no such table, a name is twice in it, a column holds no numbers, or the times do not go forward.
    """
    table = _as_table(closes)
    names = [name for name in table.column_names if not name.startswith("__index_level_")]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"column {twice[0]!r} is there more than once; give each symbol one column")
    times = [name for name in names if _is_time(name, table.schema.field(name).type)]
    if len(times) > 1:
        raise ConfigError(f"columns {', '.join(map(repr, times))} all look like times; keep one")
    ts_us = _times_of(times[0], table.column(times[0])) if times else None
    symbols = tuple(name for name in names if name not in times)
    rows = [_numbers_of(name, table.column(name)) for name in symbols]
    matrix = np.array(rows, np.float64).reshape(len(symbols), table.num_rows)
    return Universe(symbols, matrix, ts_us)


def _as_table(closes: Any) -> pa.Table:  # as read_universe
    if isinstance(closes, pa.RecordBatch):
        return pa.Table.from_batches([closes])
    if isinstance(closes, pa.Table):
        return closes
    try:
        if isinstance(closes, Mapping):
            return pa.table({str(name): np.asarray(values) for name, values in closes.items()})
        if hasattr(closes, "columns") and hasattr(closes, "index"):
            return pa.Table.from_pandas(closes.rename(columns=str))
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:
        raise ConfigError(f"closes are no table: {error}; give columns of numbers of one length") from error
    raise ConfigError(
        f"closes are {type(closes).__name__!r}; give a pandas DataFrame, an Arrow table or a mapping of names to arrays"
    )


def _is_time(name: str, kind: pa.DataType) -> bool:
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return True
    return name.lower() in TIME_NAMES and pa.types.is_integer(kind)


def _times_of(name: str, column: pa.ChunkedArray) -> NDArray[np.int64]:
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        column = column.cast(pa.timestamp("us", tz=getattr(kind, "tz", None)), safe=False)
    if column.null_count:
        raise ConfigError(f"{column.null_count} times in column {name!r} are missing; give every bar its time")
    values: NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
    backwards = np.flatnonzero(np.diff(values) <= 0)
    if len(backwards):
        raise ConfigError(
            f"times in column {name!r} do not go forward at row {backwards[0] + 2}; sort the bars by time"
        )
    return values


def _numbers_of(name: str, column: pa.ChunkedArray) -> NDArray[np.float64]:
    kind = column.type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind) or kind == pa.null()):
        raise ConfigError(f"column {name!r} is {kind}; closes must be numbers, one column a symbol")
    values: NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
    return values


def last_window(universe: Universe, bars: int | None, *, is_log: bool) -> tuple[Universe, NDArray[np.bool_]]:
    """Return the last bars with every hole filled by the close before it, and where the holes were.

    A close before the window fills a hole at its start; where there is none, NaN remains. Closes that are no prices
    (infinite, or not positive where logs are taken) are holes.
    """
    closes = universe.closes
    total = closes.shape[1]
    if bars is not None and bars > total:
        raise ConfigError(f"window of {bars} bars is longer than the {total} bars there are; use {total} or fewer")
    start = 0 if bars is None else total - bars
    is_known = np.isfinite(closes)
    if is_log:
        is_known &= closes > 0.0
    filled = closes
    if not is_known.all():
        source = np.maximum.accumulate(np.where(is_known, np.arange(total), -1), axis=1)
        filled = np.where(source < 0, np.nan, np.take_along_axis(closes, np.maximum(source, 0), axis=1))
    ts_us = None if universe.ts_us is None else universe.ts_us[start:]
    return Universe(universe.symbols, filled[:, start:], ts_us), ~is_known[:, start:]


def clean(universe: Universe, bars: int | None, *, is_log: bool) -> tuple[Universe, list[Note]]:
    """Return the last bars of the symbols that can be scanned, without holes, and what was done to get there.

    Raises
    ------
    ConfigError
        If fewer than two symbols are left, or the window is longer than the bars there are.
    """
    window, holes = last_window(universe, bars, is_log=is_log)
    lacking = holes.sum(axis=1)
    notes: list[Note] = []
    # Of nearly all there is nothing to say, and a live scan looks at all of them at every bar.
    kept = _is_plain(window.closes, lacking)
    for place in np.flatnonzero(~kept).tolist():
        symbol = window.symbols[place]
        why = _why_left_out(window.closes[place], int(lacking[place]))
        if why is not None:
            notes.append(Note("left out", symbol, f"{symbol} is left out: {why}"))
            continue
        kept[place] = True
        if lacking[place]:
            text = (
                f"{lacking[place]} of {window.closes.shape[1]} bars of {symbol} are missing and repeat the close before"
            )
            notes.append(Note("filled", symbol, text))
    if kept.sum() < 2:
        reasons = "; ".join(note.text for note in notes[:3] if note.kind == "left out")
        found = f"{kept.sum()} of {len(kept)} symbols can be scanned"
        raise ConfigError(f"{found}{': ' + reasons if reasons else ''}; give at least two series that move")
    scanned = window.take(kept)
    return scanned, notes + _same_series(scanned)


def _is_plain(closes: NDArray[np.float64], lacking: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which series have every close and have moved of late."""
    bars = closes.shape[1]
    recent = closes[:, -max(2, int(LONGEST_STILL * bars)) :]
    has_moved: NDArray[np.bool_] = (recent[:, 1:] != recent[:, :-1]).any(axis=1)
    plain: NDArray[np.bool_] = has_moved & (lacking == 0)
    return plain


def _why_left_out(closes: NDArray[np.float64], lacking: int) -> str | None:
    bars = len(closes)
    if lacking == bars or np.isnan(closes).all():
        return "it has no price in the window"
    if np.isnan(closes[0]):
        return (
            f"its first price is at bar {int(np.argmin(np.isnan(closes))) + 1} of {bars}, and nothing is known before"
        )
    if lacking > MOST_FILLED * bars:
        return f"{lacking} of its {bars} bars are missing"
    moves = np.flatnonzero(closes[1:] != closes[:-1])
    if len(moves) == 0:
        return "its price never moves"
    if bars - 2 - moves[-1] > LONGEST_STILL * bars:
        return f"its price has not moved for the last {bars - 2 - moves[-1] + 1} of {bars} bars"
    return None


def _same_series(universe: Universe) -> list[Note]:
    """Say which series are the same bar for bar."""
    ends = universe.closes[:, [0, universe.closes.shape[1] // 2, -1]]
    alike: dict[bytes, list[int]] = {}
    for place, key in enumerate(np.ascontiguousarray(ends)):
        alike.setdefault(key.tobytes(), []).append(place)
    groups: dict[bytes, list[str]] = {}
    for place in [place for places in alike.values() if len(places) > 1 for place in places]:
        groups.setdefault(universe.closes[place].tobytes(), []).append(universe.symbols[place])
    return [
        Note("same series", ", ".join(group), f"{' and '.join(group)} are the same series: no pair is made of them")
        for group in groups.values()
        if len(group) > 1
    ]


def listing(names: Sequence[str], most: int = 5) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
