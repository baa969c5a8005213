"""Turn what the settings name into what a run is made of: a recording or an endless source, and what to compute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from livepairs.clock import Clock, SystemClock
from livepairs.config import Settings
from livepairs.errors import ConfigError, RecordingError
from livepairs.moment import Measures, Moment, check_moment
from livepairs.schema import Pair, interval_us
from livepairs.sources import Source

if TYPE_CHECKING:
    from livepairs.hub.library import Library
    from livepairs.pipeline import RunParams
    from livepairs.stores.recording import Recording

__all__ = [
    "Opened",
    "at_moment",
    "judged_by",
    "legs",
    "longest_window_us",
    "measured",
    "measures_of",
    "open_library",
    "open_listed",
    "open_source",
]

BUNDLED_SPEED: Final = 60.0


@dataclass(frozen=True, slots=True)
class Opened:
    """What the settings name, opened once and shared by all runs.

    Exactly one of ``recording`` (each run replays it on its own) and ``live`` (makes the one endless source) is there.
    ``healed``, ``at_us`` and ``plays`` are what a link asks of a run that begins; None leaves it to the settings.
    """

    label: str
    params: RunParams
    speed: float = 1.0
    recording: Recording | None = None
    live: Callable[[Clock], Source] | None = None
    is_synthetic: bool = False
    healed: bool | None = None
    at_us: int | None = None
    plays: bool | None = None

    def symbols(self, clock: Clock) -> tuple[str, ...]:
        """Return the symbols the source has."""
        if self.recording is not None:
            return self.recording.symbols
        assert self.live is not None
        return self.live(clock).symbols


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
    if settings.source and _is_live(settings.source):
        return _open_live(settings, settings.source)
    from livepairs.stores.recording import open_recording

    recording = open_recording(Path(settings.source) if settings.source else _bundled())
    speed = 1.0 if settings.source else BUNDLED_SPEED
    return _recorded(settings, recording, _pairs(settings, recording.symbols), speed)


def open_listed(settings: Settings, recording: Recording) -> Opened:
    """Open a recording that was chosen from a list, with as many of the pairs in the settings as it has.

    Raises
    ------
    ConfigError
        If it has fewer than two symbols.
    """
    symbols = recording.symbols
    wanted = dict.fromkeys(Pair.parse(text) for text in settings.pairs)
    pairs = tuple(pair for pair in wanted if pair.y in symbols and pair.x in symbols)
    speed = BUNDLED_SPEED if recording.path.resolve() in _bundled_paths() else 1.0
    return _recorded(settings, recording, pairs or _first_pair(symbols), speed)


def at_moment(opened: Opened, moment: Moment) -> Opened:
    """Return what is opened with the parameters, the speed and the time that a link asks for.

    Raises
    ------
    ConfigError
        If the recording has another digest, not the pair or not the time, a parameter cannot be used, or the link is
        about a recording and there is none.
    """
    recording = opened.recording
    if recording is None:
        if moment.at_us is not None or moment.digest:
            raise ConfigError(
                "the link asks for a moment of a recording and does not say of which, and this server shows a live "
                "feed; add recording=NAME to the address"
            )
        return opened
    span_us = recording.start_us, max(recording.start_us, recording.vouched_us)
    check_moment(
        moment, name=recording.name, digest=recording.digest if moment.digest else "", symbols=recording.symbols,
        span_us=span_us,
    )  # fmt: skip
    plays = moment.at_us is None if moment.plays is None else moment.plays
    return replace(
        opened,
        params=measured(opened.params, moment.measures),
        speed=opened.speed if moment.speed is None else moment.speed,
        healed=moment.measures.healed,
        at_us=moment.at_us,
        plays=plays,
    )


def judged_by(opened: Opened, version: str, text_of: Callable[[str], str | None]) -> Opened:
    """Return what is opened with the rules of a version, which it then keeps whatever is saved meanwhile.

    Raises
    ------
    ConfigError
        If nobody has kept them.
    """
    if not version or opened.recording is None:
        return opened
    from livepairs.alerts.reading import read_rules

    text = text_of(version)
    if text is None:
        raise ConfigError(
            f"the link asks for rules {version!r}, which are not kept here; open it without 'rules' to be judged by "
            "those in force"
        )
    return replace(opened, params=replace(opened.params, rules=read_rules(text, name=f"rules {version}")))


def measured(params: RunParams, measures: Measures) -> RunParams:
    """Return the parameters with what a link says in their place.

    Raises
    ------
    ConfigError
        If one of them cannot be used.
    """
    said = measures.given()
    if not said:
        return params
    named = {"hedge": "hedge_window", "z": "z_window", "corr": "corr_window", "lags": "adf_lags"}
    named |= {"price": "price", "method": "hedge"}
    windows = {named[name]: value for name, value in said.items() if name in named}
    named = {"bars": "interval", "fire": "entry", "clear": "exit"}
    changes = {named[name]: value for name, value in said.items() if name in named}
    if measures.grace_ms is not None:
        changes["grace_us"] = round(measures.grace_ms * 1000)
    return replace(params, pair_params=replace(params.pair_params, **windows), **changes)


def measures_of(params: RunParams, *, healed: bool) -> Measures:
    """Return what a link must say so that another server computes the same."""
    windows = params.pair_params
    return Measures(
        bars=params.interval,
        price=windows.price,
        hedge=windows.hedge_window,
        z=windows.z_window,
        corr=windows.corr_window,
        lags=windows.adf_lags,
        method=windows.hedge,
        grace_ms=params.grace_us / 1000,
        fire=params.entry,
        clear=params.exit,
        healed=healed,
    )


def _recorded(settings: Settings, recording: Recording, pairs: tuple[Pair, ...], default_speed: float) -> Opened:
    return Opened(
        label=recording.name,
        params=_params(settings, pairs),
        speed=default_speed if settings.speed is None else settings.speed,
        recording=recording,
        is_synthetic=recording.is_synthetic,
    )


def _open_live(settings: Settings, source: str) -> Opened:
    # Here and not above: most servers replay, and this brings an HTTP client.
    from livepairs.sources.opening import endpoints_of, open_live

    endpoints = endpoints_of(settings)
    bar_us, grace_us = interval_us(settings.interval), settings.grace_ms * 1_000

    def opened(clock: Clock) -> Source:
        return open_live(source, endpoints=endpoints, clock=clock, interval_us=bar_us, grace_us=grace_us)

    symbols = opened(SystemClock()).symbols
    return Opened(label=source, params=_params(settings, _pairs(settings, symbols)), live=opened)


def _is_live(source: str) -> bool:
    # As sources.opening says it, which is not imported for a recording.
    return source.strip().lower().startswith("binance-") and ":" in source


def open_library(settings: Settings) -> Library:
    """Open the folder of recordings the settings name; what is served or bundled is listed with it."""
    from livepairs.hub.library import Library
    from livepairs.stores.manifest import MANIFEST
    from livepairs.stores.shelf import Shelf

    others = list(_bundled_paths())
    if settings.source and (Path(settings.source) / MANIFEST).exists():
        others.insert(0, Path(settings.source))
    shelf = Shelf(Path(settings.recordings), others=others)
    return Library(shelf, limit_bytes=settings.transfer_mb * 1_000_000, most_rows=settings.upload_rows)


def _bundled() -> Path:
    from livepairs.stores.bundled import bundled_recording

    return bundled_recording()


def _bundled_paths() -> tuple[Path, ...]:
    """Return where the bundled recording is, if it is anywhere."""
    try:
        return (_bundled().resolve(),)
    except RecordingError:
        return ()


def _open_synthetic(settings: Settings, query: str) -> Opened:
    from livepairs.sources.synthetic import open_synthetic

    first = open_synthetic(query)
    return Opened(
        label=f"synthetic:{query}",
        params=_params(settings, _pairs(settings, first.symbols)),
        live=lambda clock: open_synthetic(query, clock=clock),
        is_synthetic=True,
    )


def _params(settings: Settings, pairs: tuple[Pair, ...]) -> RunParams:
    from livepairs.pairs.machine import PairParams
    from livepairs.pipeline import RunParams

    return RunParams(
        pairs=pairs,
        interval=settings.interval,
        grace_us=settings.grace_ms * 1_000,
        pair_params=PairParams(
            hedge_window=settings.hedge_window,
            z_window=settings.z_window,
            corr_window=settings.corr_window,
            adf_lags=settings.adf_lags,
            price=settings.price,
            hedge=settings.hedge,
        ),
        entry=settings.entry,
        exit=settings.exit,
    )


def _pairs(settings: Settings, symbols: tuple[str, ...]) -> tuple[Pair, ...]:
    pairs = tuple(dict.fromkeys(Pair.parse(text) for text in settings.pairs))
    for pair in pairs:
        pair.check_symbols(symbols)
    return pairs or _first_pair(symbols)


def _first_pair(symbols: tuple[str, ...]) -> tuple[Pair, ...]:
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
