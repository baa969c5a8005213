"""Finds out which column of somebody's CSV or Parquet file is what: by names in common use, or as the user says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from livepairs.errors import ConfigError, InputError, did_you_mean
from livepairs.stores.intake import ImportOptions

__all__ = ["Mapping", "find_mapping", "guessed", "listed"]

_KNOWN_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "ts": ("ts", "time", "timestamp", "datetime", "date", "trade_time", "transact_time", "exchange_time", "created_at"),
    "price": ("price", "px", "rate", "trade_price", "last"),
    "qty": ("qty", "quantity", "size", "amount", "volume", "vol", "base_qty", "trade_qty"),
    "trade_id": ("trade_id", "tradeid", "id", "tid"),
    "recv_ts": ("recv_ts", "local_timestamp", "receive_time", "received_at"),
    "symbol": ("symbol", "ticker", "instrument", "market", "pair"),
    "side": ("side", "taker_side", "direction", "aggressor"),
    "buyer_is_maker": ("buyer_is_maker", "is_buyer_maker", "isbuyermaker"),
}
_REQUIRED: Final = ("ts", "price", "qty")


@dataclass(frozen=True, slots=True)
class Mapping:
    """The file's column for each of ours; None where it has none."""

    ts: str
    price: str
    qty: str
    trade_id: str | None = None
    recv_ts: str | None = None
    symbol: str | None = None
    side: str | None = None
    buyer_is_maker: str | None = None

    def named(self) -> dict[str, str]:
        """Return the file's column by the name of ours, of those it has."""
        found = {name: getattr(self, name) for name in _KNOWN_NAMES}
        return {name: theirs for name, theirs in found.items() if theirs is not None}

    def columns(self) -> list[str]:
        """Return the file's columns that are needed, each once."""
        named = (getattr(self, name) for name in _KNOWN_NAMES)
        return list(dict.fromkeys(name for name in named if name is not None))


def guessed(names: Sequence[str]) -> dict[str, str]:
    """Return the file's column by the name of ours, as far as the names in common use go."""
    lowered = {name.strip().lower(): name for name in reversed(names)}
    return {
        ours: lowered[known]
        for ours, choices in _KNOWN_NAMES.items()
        for known in reversed(choices)
        if known in lowered
    }


def find_mapping(file: Path, names: Sequence[str], options: ImportOptions) -> Mapping:
    """Match the file's columns to ours.

    Raises
    ------
    ConfigError
        If the user maps something we do not have.
    InputError
        If the file lacks a column that is mapped or needed.
    """
    for ours in options.columns:
        if ours not in _KNOWN_NAMES:
            allowed = ", ".join(_KNOWN_NAMES)
            raise ConfigError(f"--map knows no {ours!r}{did_you_mean(ours, _KNOWN_NAMES)}; it can map {allowed}")
    found = guessed(names)
    for ours, theirs in options.columns.items():
        if not theirs:
            found.pop(ours, None)
            continue
        if theirs not in names:
            has = listed(names)
            raise InputError(
                file, found=has, expected=f"a column {theirs!r} as mapped{did_you_mean(theirs, names)}", line=1
            )
        found[ours] = theirs
    missing = [ours for ours in _REQUIRED if ours not in found]
    if missing:
        expected = f"a column of {' and of '.join(missing)}; say which it is with --map {missing[0]}=COLUMN"
        raise InputError(file, found=listed(names), expected=expected, line=1)
    return Mapping(**found)


def listed(names: Sequence[str]) -> str:
    """Return column names for a message, a dozen at most, since a file that is no table may seem to have thousands."""
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"columns {', '.join(name[:40] for name in names[:12])}{more}"
