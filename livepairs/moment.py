"""A moment of a replay as text: what a link holds so that another browser, or another server, shows the very same.

``to_query`` makes the query string of a link, ``read_moment`` reads one, and ``check_moment`` says exactly what keeps a
recording from showing it. What a link leaves out is as the server that opens it is set. Knows no screen and no run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from math import inf, isfinite
from typing import Any, Final
from urllib.parse import urlencode

from livepairs.errors import ConfigError
from livepairs.schema import Pair, interval_us

__all__ = ["DIGEST_LETTERS", "Measures", "Moment", "check_moment", "read_moment", "to_iso", "to_query"]

DIGEST_LETTERS: Final = 16
"""Letters of a recording's digest in a link: enough that no two recordings share them."""

_FEWEST_LETTERS: Final = 8
_LONGEST: Final = 120
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FOREVER_US: Final = 253_402_300_799_999_999
"""The last microsecond that a date can name: the end of the year 9999."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What a run computes, as far as a link says so; None leaves it to the server.

    Parameters
    ----------
    bars, price
        Bar interval, and ``log`` or ``level``.
    hedge, z, corr, lags
        Windows in bars, and lags of the cointegration test.
    method
        How the hedge ratio is found, as ``ols`` or ``kalman:60``.
    grace_ms
        How long a bar waits for stragglers.
    fire, clear
        |z| at which an alert fires and clears.
    healed
        Back-filled trades in their bars, instead of as it was seen.
    """

    bars: str | None = None
    price: str | None = None
    hedge: int | None = None
    z: int | None = None
    corr: int | None = None
    lags: int | None = None
    method: str | None = None
    grace_ms: float | None = None
    fire: float | None = None
    clear: float | None = None
    healed: bool | None = None

    def given(self) -> dict[str, Any]:
        """Return what is said, by name."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is on a screen, and where to find it again.

    Parameters
    ----------
    page
        Name of the page in the address; not part of the query.
    run
        Id of the run to join while it lives; empty for one of one's own.
    recording, digest
        Name of the recording, and the first letters of its digest; empty for whatever the server plays.
    at_us
        Event time at which a new run begins; None for where replays begin.
    pair
        The pair shown; None for the first.
    measures
        What the run computes.
    speed
        Event time over wall time, infinity for max; None as the server is set.
    plays
        Whether it goes on from there; None for the server's custom.
    zoom_us
        First and last event time the charts show; None to follow the newest bar.
    rule, rules, event
        Name of the alert rule the link is about, the version of the rules that a new run is judged by, and the id of
        the event it is to show again; empty for none.
    """

    page: str = ""
    run: str = ""
    recording: str = ""
    digest: str = ""
    at_us: int | None = None
    pair: Pair | None = None
    measures: Measures = field(default_factory=Measures)
    speed: float | None = None
    plays: bool | None = None
    zoom_us: tuple[int, int] | None = None
    rule: str = ""
    rules: str = ""
    event: str = ""


def to_iso(ts_us: int) -> str:
    """Return an event time as ISO 8601, UTC, with no more digits than it has.

    Examples
    --------
    >>> to_iso(1_723_161_372_500_000)
    '2024-08-08T23:56:12.5Z'
    >>> to_iso(0)
    '1970-01-01T00:00:00Z'
    """
    whole, rest = divmod(ts_us, 1_000_000)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{_EPOCH + timedelta(seconds=whole):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def to_query(moment: Moment) -> str:
    """Return the query string that ``read_moment`` reads back to the same moment, without its page.

    Examples
    --------
    >>> to_query(Moment(recording="demo", at_us=1_500_000, pair=Pair("ETH", "BTC"), speed=60.0))
    'recording=demo&at=1970-01-01T00:00:01.5Z&pair=ETH/BTC&speed=60'
    """
    zoom = moment.zoom_us or (None, None)
    values: dict[str, object] = {
        "run": moment.run or None,
        "recording": moment.recording or None,
        "digest": moment.digest[:DIGEST_LETTERS] or None,
        "at": moment.at_us if moment.at_us is None else to_iso(moment.at_us),
        "pair": moment.pair,
        **moment.measures.given(),
        "speed": moment.speed,
        "play": moment.plays,
        "x0": zoom[0] if zoom[0] is None else to_iso(zoom[0]),
        "x1": zoom[1] if zoom[1] is None else to_iso(zoom[1]),
        "rule": moment.rule or None,
        "rules": moment.rules or None,
        "event": moment.event or None,
    }
    texts = {name: _text(value) for name, value in values.items() if value is not None}
    return urlencode(texts, safe="/:")


def read_moment(arguments: Mapping[str, str], page: str = "") -> Moment:
    """Read what an address says; names that are none of a link's are passed over.

    Parameters
    ----------
    arguments
        Text by name.
    page
        Name of the page.

    Raises
    ------
    ConfigError
        Naming the first text that cannot be used, and what is allowed.

    Examples
    --------
    >>> read_moment({"at": "1970-01-01T00:00:01.5Z", "speed": "max"}).speed
    inf
    """

    def read(name: str, parse: Callable[[str], Any], allowed: str) -> Any:  # whatever parse makes
        text = arguments.get(name, "").strip()
        if not text:
            return None
        try:
            if len(text) > _LONGEST:
                raise ValueError
            return parse(text)
        except (ValueError, OverflowError):
            raise ConfigError(f"the address says {name}={text[:_LONGEST]!r}; it must be {allowed}") from None

    time = "a time as 2024-08-08T23:56:12.5Z, or microseconds since 1970"
    zoom = read("x0", _time, time), read("x1", _time, time)
    is_zoomed = None not in zoom and zoom[0] < zoom[1]
    pair = arguments.get("pair")
    return Moment(
        page=page,
        run=arguments.get("run", ""),
        recording=arguments.get("recording", ""),
        digest=read("digest", _digest, f"{_FEWEST_LETTERS} to 64 letters 0-9 and a-f") or "",
        at_us=read("at", _time, time),
        pair=Pair.parse(pair) if pair else None,
        measures=_measures(read),
        speed=read("speed", _speed, "a number from 0.1 to 1000, or max"),
        plays=read("play", _flag, "0 or 1"),
        zoom_us=zoom if is_zoomed else None,
        rule=arguments.get("rule", "")[:_LONGEST],
        rules=arguments.get("rules", "")[:_LONGEST],
        event=arguments.get("event", "")[:_LONGEST],
    )


def check_moment(moment: Moment, *, name: str, digest: str, symbols: tuple[str, ...], span_us: tuple[int, int]) -> None:
    """Raise unless a recording can show the moment.

    Parameters
    ----------
    moment
        What is wanted.
    name, digest, symbols, span_us
        Of the recording there is; first and last time that can be shown.

    Raises
    ------
    ConfigError
        Saying which of digest, pair and time is not there, and what is.
    """
    shortest = min(len(moment.digest), len(digest))
    if moment.digest[:shortest] != digest[:shortest]:
        raise ConfigError(
            f"the link was made from a recording {name!r} with digest {moment.digest[:shortest]}, and the one here has "
            f"digest {digest[:DIGEST_LETTERS]}: other rows under the same name; get that recording, or open this one "
            "without the link's digest"
        )
    if moment.pair is not None:
        moment.pair.check_symbols(symbols)
    first_us, last_us = span_us
    if moment.at_us is not None and not first_us <= moment.at_us <= last_us:
        raise ConfigError(
            f"the link asks for {to_iso(moment.at_us)}, and recording {name!r} goes from {to_iso(first_us)} to "
            f"{to_iso(last_us)}; choose a time in between"
        )


def _measures(read: Callable[[str, Callable[[str], Any], str], Any]) -> Measures:
    whole, number = "a whole number", "a number"
    return Measures(
        bars=read("bars", _interval, "a bar interval, as 1s or 1m"),
        price=read("price", str, "log or level"),
        **{name: read(name, int, whole) for name in ("hedge", "z", "corr", "lags")},
        **{name: read(name, _finite, number) for name in ("grace_ms", "fire", "clear")},
        method=read("method", str, "ols, tls, ewols, kalman or fixed:BETA"),
        healed=read("healed", _flag, "0 or 1"),
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if value == inf:
        return "max"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _time(text: str) -> int:
    time_us = int(text) if text.removeprefix("-").isdigit() else _parsed(text)
    if not 0 <= time_us <= _FOREVER_US:
        raise ValueError
    return time_us


def _parsed(text: str) -> int:
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    # Not by timestamp(), whose seconds are a float: a microsecond would be lost.
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _digest(text: str) -> str:
    if not _FEWEST_LETTERS <= len(text) <= 64 or set(text) - set("0123456789abcdef"):
        raise ValueError
    return text


def _interval(text: str) -> str:
    interval_us(text)
    return text


def _finite(text: str) -> float:
    if not isfinite(value := float(text)):
        raise ValueError
    return value


def _speed(text: str) -> float:
    if text in ("max", "inf"):
        return inf
    if not 0.1 <= (speed := float(text)) <= 1000:
        raise ValueError
    return speed


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError
    return text == "1"
