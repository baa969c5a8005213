"""Turn what the settings name into what a run is made of: a recording or an endless source, and what to compute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from livepairs.clock import Clock
from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.schema import Pair, interval_us
from livepairs.sources import Source

if TYPE_CHECKING:
    from livepairs.pipeline import RunParams
    from livepairs.stores.recording import Recording

__all__ = ["Opened", "legs", "longest_window_us", "open_source"]

BUNDLED_SPEED: Final = 60.0


@dataclass(frozen=True, slots=True)
class Opened:
    """What the settings name, opened once and shared by all runs.

    Exactly one of ``recording`` (each run replays it on its own) and ``live`` (makes the one endless source) is there.
    """

    label: str
    params: RunParams
    speed: float = 1.0
    recording: Recording | None = None
    live: Callable[[Clock], Source] | None = None
    is_synthetic: bool = False


def open_source(settings: Settings) -> Opened:
    """Open what the settings name.

    Raises
    ------
    ConfigError, RecordingError
        If the source or a pair is not there; with what is.
    """
    scheme, colon, rest = (settings.source or "").partition(":")
    if settings.source and colon and scheme == "synthetic":
        return _open_synthetic(settings, rest)
    if settings.source and colon and scheme.startswith("binance-"):
        raise ConfigError(
            f"source {settings.source!r} is a live connection, which this version does not have; "
            "name a recording's path or synthetic:?seed=7"
        )
    return _open_recording(settings)


def _open_recording(settings: Settings) -> Opened:
    from livepairs.stores.recording import open_recording

    path = Path(settings.source) if settings.source else _bundled()
    recording = open_recording(path)
    default_speed = 1.0 if settings.source else BUNDLED_SPEED
    return Opened(
        label=recording.name,
        params=_params(settings, recording.symbols),
        speed=default_speed if settings.speed is None else settings.speed,
        recording=recording,
        is_synthetic=recording.is_synthetic,
    )


def _bundled() -> Path:
    from livepairs.stores.bundled import bundled_recording

    return bundled_recording()


def _open_synthetic(settings: Settings, query: str) -> Opened:
    from livepairs.sources.synthetic import open_synthetic

    first = open_synthetic(query)
    return Opened(
        label=f"synthetic:{query}",
        params=_params(settings, first.symbols),
        live=lambda clock: open_synthetic(query, clock=clock),
        is_synthetic=True,
    )


def _params(settings: Settings, symbols: tuple[str, ...]) -> RunParams:
    from livepairs.pairs.machine import PairParams
    from livepairs.pipeline import RunParams

    return RunParams(
        pairs=_pairs(settings, symbols),
        interval=settings.interval,
        grace_us=settings.grace_ms * 1_000,
        pair_params=PairParams(
            hedge_window=settings.hedge_window,
            z_window=settings.z_window,
            corr_window=settings.corr_window,
            adf_lags=settings.adf_lags,
            price=settings.price,
        ),
        entry=settings.entry,
        exit=settings.exit,
    )


def _pairs(settings: Settings, symbols: tuple[str, ...]) -> tuple[Pair, ...]:
    pairs = tuple(dict.fromkeys(Pair.parse(text) for text in settings.pairs))
    for pair in pairs:
        pair.check_symbols(symbols)
    if pairs:
        return pairs
    if len(symbols) < 2:
        raise ConfigError(f"the source has {len(symbols)} symbol and a pair needs two; name another source")
    # The first symbol is by custom the market's leader (BTC), which explains the other one.
    return (Pair(symbols[1], symbols[0]),)


def legs(params: RunParams, symbols: tuple[str, ...]) -> tuple[str, ...]:
    """Return the symbols that some pair needs, in the source's order."""
    needed = {leg for pair in params.pairs for leg in (pair.y, pair.x)}
    return tuple(symbol for symbol in symbols if symbol in needed)


def longest_window_us(params: RunParams) -> int:
    """Return the event time the longest window spans."""
    windows = params.pair_params
    bars = max(windows.hedge_window, windows.z_window, windows.corr_window)
    return bars * interval_us(params.interval)
