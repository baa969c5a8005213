"""Which files Binance publishes of past trades, where they are, and what stands in their checksum files; pure.

One zip of one CSV a symbol and day, and one a symbol and month, each with a ``.CHECKSUM`` beside it. The file of a day
comes the day after, that of a month on its first Monday or later. Files are issued anew after mistakes are found, so
whoever imports one keeps its checksum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal
from urllib.parse import quote

from livepairs.exchanges import WireError
from livepairs.exchanges.binance_routes import Market
from livepairs.exchanges.binance_wire import excerpt

__all__ = ["ArchiveFile", "ArchiveKind", "archive_files", "read_checksum"]

ArchiveKind = Literal["aggTrades", "trades"]

_FOLDERS: Final[dict[Market, str]] = {"um": "data/futures/um", "spot": "data/spot"}
_DAY: Final = timedelta(days=1)
_CHECKSUM: Final = re.compile(rb"\s*([0-9a-fA-F]{64})(?:\s+\*?(\S+))?\s*")


@dataclass(frozen=True, slots=True, order=True)
class ArchiveFile:
    """The file of a symbol's day, or of its month where ``is_monthly``; ``first`` is the first day in it, UTC.

    Examples
    --------
    >>> day = ArchiveFile("BTCUSDT", date(2024, 8, 8))
    >>> day.path
    '/data/futures/um/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-08-08.zip'
    """

    symbol: str
    first: date
    is_monthly: bool = False
    market: Market = "um"
    kind: ArchiveKind = "aggTrades"

    @property
    def period(self) -> str:
        """The day, ``2024-08-08``, or the month, ``2024-08``."""
        return self.first.isoformat()[: 7 if self.is_monthly else 10]

    @property
    def name(self) -> str:
        """The name of the zip."""
        return f"{self.symbol}-{self.kind}-{self.period}.zip"

    @property
    def path(self) -> str:
        """The path of the zip on the site, quoted; that of its checksum has ``.CHECKSUM`` added."""
        span = "monthly" if self.is_monthly else "daily"
        return f"/{_FOLDERS[self.market]}/{span}/{self.kind}/{quote(self.symbol)}/{quote(self.name)}"

    def days(self) -> tuple[ArchiveFile, ...]:
        """Return the files of each day of a month; of a day, itself."""
        if not self.is_monthly:
            return (self,)
        days = (_next_month(self.first) - self.first).days
        return tuple(
            ArchiveFile(self.symbol, self.first + at * _DAY, market=self.market, kind=self.kind) for at in range(days)
        )


def archive_files(
    market: Market,
    kind: ArchiveKind,
    symbols: Sequence[str],
    *,
    first: date,
    last: date,
    has_months: bool = True,
) -> tuple[ArchiveFile, ...]:
    """Return the files that hold these days, symbol by symbol in the order of time.

    Parameters
    ----------
    first, last
        The days asked for, both included.
    has_months
        Whether the file of a month may stand for its days where all of them are asked for.
    """
    found: list[ArchiveFile] = []
    for symbol in dict.fromkeys(symbols):
        day = first
        while day <= last:
            is_monthly = has_months and day.day == 1 and _next_month(day) - _DAY <= last
            found.append(ArchiveFile(symbol, day, is_monthly, market, kind))
            day = _next_month(day) if is_monthly else day + _DAY
    return tuple(found)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def read_checksum(body: bytes, name: str) -> str:
    """Return the SHA-256 that a checksum file gives for a zip, 64 lower-case hexadecimal digits.

    Raises
    ------
    WireError
        If the body is no such line, or one of another file.
    """
    match = _CHECKSUM.fullmatch(body)
    if match is None:
        raise WireError(found=excerpt(body), expected=f"a line as in '<64 hexadecimal digits>  {name}'")
    named = name if match[2] is None else match[2].decode("utf-8", "replace")
    if named != name:
        raise WireError(found=f"the checksum of {named!r}", expected=f"that of {name!r}")
    return match[1].decode().lower()
