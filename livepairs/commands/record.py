"""Record a live feed, with the proof that a replay will show what was seen.

Stop it with Ctrl+C, or give --for. A machine that crashes meanwhile costs at most the last second: whatever opens the
recording next recovers it. 'livepairs verify REC' then replays it and compares. Alerts go into the history and to the
channels their rules name, as on a server. The last line on standard output is
one JSON object for each recording made: path, trades, bytes_per_trade, gaps, digest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
import sys
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from livepairs.capture import Capture, Rotation
    from livepairs.clock import Clock
    from livepairs.config import Settings
    from livepairs.hub.unattended import Unattended
    from livepairs.pipeline import RunParams
    from livepairs.session import SessionState, Summary
    from livepairs.sources import Source

INTERRUPTED: Final = 130

_UNITS_US: Final = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_UNITS_BYTES: Final = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_TELL_US: Final = 10_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the source, where to record it, and for how long."""
    parser.add_argument("source", metavar="SOURCE", help="binance-um:BTCUSDT,ETHUSDT, binance-spot:... or synthetic:")
    parser.add_argument("--to", required=True, type=Path, metavar="REC", help="folder of the recording to make")
    parser.add_argument("--for", dest="duration", metavar="TIME", help="stop after that time, as 90s, 10m, 8h or 2d")
    parser.add_argument(
        "--pair", action="append", metavar="Y/X", help="a pair to prove; several times if need be (default: one)"
    )
    parser.add_argument(
        "--rotate", metavar="TIME", help="a new recording at each full TIME of UTC, in folders of REC: 1h, 1d"
    )
    parser.add_argument("--keep", metavar="TIME", help="with --rotate: remove recordings older than that, as 30d")
    parser.add_argument("--keep-size", metavar="SIZE", help="with --rotate: remove the oldest beyond that, as 50GB")


def run(args: argparse.Namespace) -> int:
    """Record until the time is up or somebody stops it."""
    from livepairs.config import load_settings
    from livepairs.hub.kernels import compile_aside
    from livepairs.stats.compiled import is_ready

    rotation = _rotation(args)
    duration_us = None if args.duration is None else _duration_us("--for", args.duration)
    settings = load_settings({"source": args.source, "pairs": args.pair})
    if not is_ready():
        compile_aside()
    return asyncio.run(_record(settings, args.to, rotation, duration_us))


async def _record(settings: Settings, path: Path, rotation: Rotation | None, duration_us: int | None) -> int:
    from livepairs.capture import Capture
    from livepairs.clock import SystemClock
    from livepairs.hub.unattended import Unattended

    clock = SystemClock()
    source = _open(settings, clock)
    params = _params(settings, source.symbols)
    assert settings.source is not None
    folder = path if rotation else path.parent
    with closing(Unattended(settings, params, source.symbols, clock, folder=folder)) as unattended:
        capture = Capture(source, params, path, name=settings.source, clock=clock, rotation=rotation)
        capture.on_chunk = unattended.update

        def closed(summary: Summary) -> None:
            unattended.recorded(summary.path)
            _print_summary(summary)

        capture.on_closed = closed
        print(f"recording {settings.source} to {path} (stop it with Ctrl+C)", file=sys.stderr)
        return await _run(capture, clock, duration_us, _tell(capture, unattended, clock))


async def _run(capture: Capture, clock: Clock, duration_us: int | None, telling: Coroutine[Any, Any, None]) -> int:
    """Record until the time is up or a signal comes."""
    from livepairs.errors import RecordingError

    stop, signals = asyncio.Event(), _Signals()
    signals.listen(stop)
    asides = [asyncio.ensure_future(telling)]
    if duration_us is not None:
        asides.append(asyncio.ensure_future(_stop_after(duration_us, clock, stop)))
    try:
        await capture.run(stop)
    except RecordingError as error:
        if not signals.was_heard:
            raise
        print(f"livepairs: {error}", file=sys.stderr)
    finally:
        for aside in asides:
            aside.cancel()
        signals.forget()
    return INTERRUPTED if signals.was_heard else 0


class _Signals:
    """Makes of Ctrl+C, SIGTERM or SIGHUP an orderly end; a second one finds what Python does of itself."""

    _ALL: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.was_heard = False

    def listen(self, stop: asyncio.Event) -> None:
        for number in self._ALL:
            self._loop.add_signal_handler(number, self._hear, stop)

    def forget(self) -> None:
        for number in self._ALL:
            self._loop.remove_signal_handler(number)

    def _hear(self, stop: asyncio.Event) -> None:
        self.was_heard = True
        print("stopping, and sealing what was received; it is safe on disk already", file=sys.stderr)
        stop.set()
        self.forget()


async def _stop_after(duration_us: int, clock: Clock, stop: asyncio.Event) -> None:
    await clock.sleep(duration_us)
    stop.set()


async def _tell(capture: Capture, unattended: Unattended, clock: Clock) -> None:
    """Say every now and then how it goes."""
    before = 0
    while True:
        await clock.sleep(_TELL_US)
        state = capture.state
        if state is not None:
            rate = max(0, state.trades - before) / (_TELL_US / 1e6)
            print(_line(state, rate, len(capture.gaps), unattended.problem), file=sys.stderr)
            before = state.trades


def _line(state: SessionState, rate: float, gaps: int, alerts: str) -> str:
    from livepairs.commands.info import iso

    parts = [f"{state.trades:,} trades", f"{rate:,.1f}/s", f"{state.bytes / 1e6:,.1f} MB", f"{gaps:,} gaps"]
    parts += [f"{state.dropped:,} left out"] if state.dropped else []
    parts += [f"digest {state.digest[:16]}"] if state.digest else []
    parts += [f"NOT WRITING: {state.problem}"] if state.problem else []
    parts += [f"ALERTS: {alerts}"] if alerts else []
    return f"{iso(state.now_us)}  " + ", ".join(parts)


def _print_summary(summary: Summary) -> None:
    facts = {
        "path": str(summary.path),
        "trades": summary.trades,
        "bytes_per_trade": round(summary.bytes_per_trade, 3),
        "gaps": summary.gaps,
        "digest": summary.digest,
    }
    print(json.dumps(facts), flush=True)


def _open(settings: Settings, clock: Clock) -> Source:
    from livepairs.errors import ConfigError

    name = settings.source or ""
    if name.startswith("synthetic:"):
        from livepairs.sources.synthetic import SyntheticParams, SyntheticSource

        return SyntheticSource(SyntheticParams.parse(name), clock=clock, lead_us=0)
    from livepairs.schema import interval_us
    from livepairs.sources.opening import endpoints_of, is_live, open_live

    if not is_live(name):
        raise ConfigError(
            f"source {name!r} is not live; record one as binance-um:BTCUSDT,ETHUSDT, binance-spot:BTCUSDT or "
            "synthetic:?seed=7"
        )
    return open_live(
        name,
        endpoints=endpoints_of(settings),
        clock=clock,
        interval_us=interval_us(settings.interval),
        grace_us=settings.grace_ms * 1_000,
    )


def _params(settings: Settings, symbols: tuple[str, ...]) -> RunParams:
    from livepairs.hub.rulebook import rules_of
    from livepairs.pairs.machine import PairParams
    from livepairs.pipeline import RunParams
    from livepairs.schema import Pair

    # Unlike a page, a recording has a use for a single symbol: its bars.
    first = (Pair(symbols[1], symbols[0]),) if len(symbols) > 1 else ()
    return RunParams(
        pairs=tuple(Pair.parse(text) for text in settings.pairs) or first,
        interval=settings.interval,
        grace_us=settings.grace_ms * 1_000,
        pair_params=PairParams(
            settings.hedge_window,
            settings.z_window,
            settings.corr_window,
            settings.adf_lags,
            settings.price,
            settings.hedge,
        ),
        entry=settings.entry,
        exit=settings.exit,
        rules=rules_of(settings),
    )


def _rotation(args: argparse.Namespace) -> Rotation | None:
    from livepairs.capture import Rotation
    from livepairs.errors import ConfigError
    from livepairs.stores.retention import Retention

    if args.rotate is None:
        for option, value in (("--keep", args.keep), ("--keep-size", args.keep_size)):
            if value is not None:
                raise ConfigError(
                    f"{option} is given without --rotate; a single recording is never cut, add --rotate 1d"
                )
        return None
    keep = None if args.keep is None else _duration_us("--keep", args.keep)
    size = None if args.keep_size is None else _size("--keep-size", args.keep_size)
    return Rotation(period_us=_duration_us("--rotate", args.rotate), retention=Retention(age_us=keep, bytes=size))


def _duration_us(option: str, text: str) -> int:
    return _measure(option, text, _UNITS_US, "a time as 90s, 10m, 8h or 2d")


def _size(option: str, text: str) -> int:
    return _measure(option, text, _UNITS_BYTES, "a size as 500MB, 50GB or 2TB")


def _measure(option: str, text: str, units: dict[str, int], allowed: str) -> int:
    from livepairs.errors import ConfigError

    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([A-Za-z]+)", text.strip())
    if match is None or match[2] not in units or float(match[1]) == 0:
        raise ConfigError(f"{option} is {text!r}; it must be {allowed}")
    return round(float(match[1]) * units[match[2]])
