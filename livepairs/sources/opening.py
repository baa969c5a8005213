"""Turns the name of a live source, ``binance-um:BTCUSDT,ETHUSDT``, into one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from livepairs.clock import Clock, SystemClock
from livepairs.errors import ConfigError, did_you_mean
from livepairs.exchanges.binance import is_symbol
from livepairs.exchanges.binance_routes import Market
from livepairs.sources.live import LiveSource
from livepairs.sources.live_limits import Endpoints, LiveLimits

__all__ = ["endpoints_of", "is_live", "open_live", "parse_live"]

MARKETS: Final[Mapping[str, Market]] = {"binance-um": "um", "binance-spot": "spot"}


class VenueSettings(Protocol):
    """The settings that say where the venue is."""

    @property
    def binance_um_ws(self) -> str: ...
    @property
    def binance_um_rest(self) -> str: ...
    @property
    def binance_spot_ws(self) -> str: ...
    @property
    def binance_spot_rest(self) -> str: ...


def is_live(text: str) -> bool:
    """Return whether a source's name means a venue, rightly spelled or not, and no path or generator.

    Examples
    --------
    >>> is_live("binance-um:BTCUSDT,ETHUSDT"), is_live("recordings/demo"), is_live("synthetic:?seed=7")
    (True, False, False)
    """
    return text.strip().lower().startswith("binance-") and ":" in text


def parse_live(text: str) -> tuple[Market, tuple[str, ...]]:
    """Return the market and the symbols, in capitals and each once.

    Raises
    ------
    ConfigError
        If there is no such market, or the symbols cannot be any.

    Examples
    --------
    >>> parse_live("binance-um:btcusdt, ETHUSDT")
    ('um', ('BTCUSDT', 'ETHUSDT'))
    """
    scheme, _, names = text.strip().partition(":")
    market = MARKETS.get(scheme.lower())
    if market is None:
        raise ConfigError(
            f"source {text!r} names no market that is known{did_you_mean(scheme, MARKETS)}; "
            f"use one of {', '.join(f'{name}:SYMBOL,SYMBOL' for name in MARKETS)}"
        )
    symbols = tuple(dict.fromkeys(name.strip().upper() for name in names.split(",") if name.strip()))
    odd = [symbol for symbol in symbols if not is_symbol(symbol)]
    if odd or not symbols:
        found = f"has the symbol {odd[0]!r}, which cannot be one" if odd else "names no symbols"
        raise ConfigError(f"source {text!r} {found}; write for example {scheme.lower()}:BTCUSDT,ETHUSDT")
    return market, symbols


def endpoints_of(settings: VenueSettings) -> dict[Market, Endpoints]:
    """Return where each market is served, by the settings."""
    return {
        "um": Endpoints(settings.binance_um_ws, settings.binance_um_rest),
        "spot": Endpoints(settings.binance_spot_ws, settings.binance_spot_rest),
    }


def open_live(
    text: str,
    *,
    endpoints: Mapping[Market, Endpoints],
    clock: Clock | None = None,
    interval_us: int = 1_000_000,
    grace_us: int = 500_000,
    limits: LiveLimits | None = None,
) -> LiveSource:
    """Return the live source of that name; it connects when its chunks are asked for.

    Parameters
    ----------
    text
        As ``"binance-um:BTCUSDT,ETHUSDT"`` or ``"binance-spot:..."``.
    endpoints
        Where each market is served, from ``endpoints_of``.
    clock
        What paces it; the machine's clock if None.
    interval_us, grace_us
        Length of a bar and its grace in the run this feeds.
    limits
        How long it waits for what; the usual ones if None.

    Raises
    ------
    ConfigError
        If the name is not one of a live source.
    """
    market, symbols = parse_live(text)
    return LiveSource(
        market,
        symbols,
        endpoints=endpoints[market],
        clock=SystemClock() if clock is None else clock,
        close_us=(interval_us, grace_us),
        limits=limits,
    )
