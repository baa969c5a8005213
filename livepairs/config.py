"""The settings, in one frozen value built once at the edge.

A setting comes from the command line, else from the environment (``LIVEPAIRS_`` and the name in capitals), else from
``livepairs.toml`` in the working folder, else from its default. A name nobody knows is an error with a suggestion, so
that a slip of the pen never silently means the default. Rooms below the hub get plain arguments, never ``Settings``.
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from livepairs.errors import ConfigError, did_you_mean

__all__ = ["CHANNEL_PREFIX", "PREFIX", "Settings", "environment_name", "load_settings", "setting_docs"]

PREFIX = "LIVEPAIRS_"

CHANNEL_PREFIX = "LIVEPAIRS_CHANNEL_"
"""Of variables that hold a channel's address or secret: no settings, so that no list of settings can show them."""

FILE_NAME = "livepairs.toml"


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a setting is read: from text and from TOML values, both by ``parse``; ``allowed`` completes an error."""

    parse: Callable[[Any], Any]  # Any: whatever TOML or a caller hands in; parse raises ValueError or TypeError
    allowed: str


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise TypeError
    return tuple(_text(part) for part in value)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    answers = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    try:
        return answers[str(value).strip().lower()]
    except KeyError:
        raise ValueError from None


def _integer(low: int, high: int) -> _Kind:
    def parse(value: object) -> int:
        if isinstance(value, bool | float) or not isinstance(value, int | str):
            raise TypeError
        number = int(value)
        if not low <= number <= high:
            raise ValueError
        return number

    return _Kind(parse, f"a whole number from {low} to {high}")


def _number(low: float, high: float, unit: str = "") -> _Kind:
    def parse(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise TypeError
        number = float(value)
        if not low <= number <= high:  # also refuses nan
            raise ValueError
        return number

    return _Kind(parse, f"a number from {low:g} to {high:g}{unit}")


def _one_of(*names: str) -> _Kind:
    def parse(value: object) -> str:
        if value not in names:
            raise ValueError
        return str(value)

    return _Kind(parse, f"one of {', '.join(names)}")


def _parse_speed(value: object) -> float:
    if isinstance(value, str) and value.strip().lower() in ("max", "inf"):
        return math.inf
    number = _number(0.1, math.inf).parse(value.rstrip("x") if isinstance(value, str) else value)
    if number > 1000 and not math.isinf(number):
        raise ValueError
    return float(number)


def _endpoint(*schemes: str) -> _Kind:
    def parse(value: object) -> str:
        text = _text(value).rstrip("/")
        scheme, separator, rest = text.partition("://")
        if not separator or scheme not in schemes or not rest or "/" in rest:
            raise ValueError
        return text

    return _Kind(parse, f"scheme, host and port only, as {schemes[0]}://host:port")


def _parse_origins(value: object) -> tuple[str, ...]:
    return tuple(_endpoint("https", "http").parse(text).lower() for text in _texts(value))


def _parse_prefix(value: object) -> str:
    if not isinstance(value, str) or not all(part.replace("-", "").isalnum() for part in value.strip("/").split("/")):
        raise ValueError
    return f"/{value.strip('/')}"


_ORIGINS = _Kind(_parse_origins, "a list of scheme, host and port only, as https://desk.example,http://localhost:8000")
_PREFIX = _Kind(_parse_prefix, "a path of letters, digits and -, as /pairs")
_TEXT = _Kind(_text, "a text that is not empty")
_PAIRS = _Kind(_texts, "a list of pairs, as ETHUSDT/BTCUSDT,SOLUSDT/BTCUSDT")
_SPEED = _Kind(_parse_speed, "a number from 0.1 to 1000, or max")
_FLAG = _Kind(_flag, "true or false")
_WINDOW = _integer(3, 100_000)


def _setting(default: object, kind: _Kind, doc: str, *, is_secret: bool = False) -> Any:  # Any: as dataclasses.field
    return field(default=default, repr=not is_secret, metadata={"kind": kind, "doc": doc})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting there is, with its default; ``setting_docs`` lists what each one means."""

    source: str | None = _setting(
        None,
        _TEXT,
        "What to show: a recording's path, synthetic:?seed=7, or binance-um:BTCUSDT,ETHUSDT; "
        "without one, the bundled recording plays.",
    )
    pairs: tuple[str, ...] = _setting(
        (),
        _PAIRS,
        "The pairs Y/X to watch, the first one shown first; without any, the source's first two symbols.",
    )
    interval: str = _setting(
        "1s",
        _one_of("100ms", "1s", "5s", "1m", "5m", "15m", "1h"),
        "Length of a bar.",
    )
    price: str = _setting("log", _one_of("log", "level"), "What the spread is made of: log prices or the prices.")
    hedge: str = _setting(
        "ols",
        _TEXT,
        "How the hedge ratio is found: ols, tls, ewols[:HALF_LIFE], kalman[:MEMORY] or fixed:BETA[,ALPHA].",
    )
    hedge_window: int = _setting(300, _WINDOW, "Bars in the hedge regression and the cointegration test.")
    z_window: int = _setting(300, _WINDOW, "Bars in the mean and standard deviation behind the z-score.")
    corr_window: int = _setting(300, _WINDOW, "Bars in the correlation of one-bar price changes.")
    adf_lags: int = _setting(1, _integer(0, 20), "Lagged differences in the cointegration test's regression.")
    grace_ms: int = _setting(
        500,
        _integer(0, 60_000),
        "How long after its end a bar waits for stragglers, in milliseconds.",
    )
    healed: bool = _setting(
        False,
        _FLAG,
        "Replay a recording as it truly was, back-filled trades in their bars, instead of as it was seen.",
    )
    entry: float = _setting(2.0, _number(0.01, 100), "An alert fires when |z| reaches this.")
    exit: float = _setting(0.5, _number(0, 100), "A fired alert clears when |z| falls below this; less than entry.")
    speed: float | None = _setting(
        None,
        _SPEED,
        "Replay speed: 1 is as it was, max as fast as it computes; "
        "without one, 60 for the bundled recording and 1 for any other.",
    )
    publish_hz: float = _setting(10.0, _number(0.5, 30, " Hz"), "Screen updates a second at most.")
    max_runs: int = _setting(32, _integer(1, 10_000), "Replays that may run at the same time.")
    run_idle_s: float = _setting(
        60.0,
        _number(0, 86_400, " s"),
        "How long a replay goes on after its last viewer left, in seconds.",
    )
    recordings: str = _setting(
        "recordings",
        _TEXT,
        "Folder of recordings: what the page recordings lists, and where it records and uploads to.",
    )
    database_url: str | None = _setting(
        None,
        _TEXT,
        "Where the history of events is kept: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; "
        "without one, history.db in the folder of recordings.",
    )
    history_days: float = _setting(
        365.0, _number(0.01, 36_500, " days"), "Events older than this are removed from history, in days."
    )
    history_rows: int = _setting(1_000_000, _integer(1_000, 1_000_000_000), "Newest events that history keeps.")
    rules: str | None = _setting(
        None, _TEXT, "File of the rules that make events; without one, rules.toml in the folder of recordings, if any."
    )
    channels: str | None = _setting(
        None,
        _TEXT,
        "File with the addresses and secrets of the channels that rules notify; only its owner may be able to read it.",
    )
    deliver_replays: bool = _setting(
        False,
        _FLAG,
        "Rules notify their channels in a replay too, as if it were live, to try them out.",
    )
    transfer_mb: int = _setting(
        512,
        _integer(1, 65_536),
        "Largest file, in MB, that a browser may upload, or take away from the page recordings.",
    )
    upload_rows: int = _setting(50_000_000, _integer(1, 10**10), "Most trades that an uploaded file may hold.")
    auth: str | None = _setting(
        None,
        _TEXT,
        "Users file: visitors sign in, and may do what their role allows; made by livepairs passwd.",
    )
    oauth_issuer: str | None = _setting(None, _TEXT, "OpenID Connect provider that says who visitors are; needs auth.")
    oauth_provider: str | None = _setting(None, _TEXT, "One of the OAuth providers Panel knows, instead of an issuer.")
    oauth_key: str | None = _setting(None, _TEXT, "Our client id there.")
    oauth_secret: str | None = _setting(
        None, _TEXT, "Our secret there; without one PKCE proves the sign-in.", is_secret=True
    )
    oauth_user_key: str = _setting("email", _TEXT, "The claim that names a user; an email must be verified.")
    read_only: bool | None = _setting(
        None,
        _FLAG,
        "Where nobody signs in, visitors are viewers: no recording, no upload, no deletion, no stopping of the live "
        "feed; without it, so where others can connect without authentication (--insecure-public).",
    )
    log_format: str = _setting("text", _one_of("text", "json"), "What a line of the log is: a text, or a JSON object.")
    log_level: str = _setting("info", _one_of("debug", "info", "warning", "error"), "What is less is not logged.")
    max_sessions: int = _setting(200, _integer(1, 100_000), "Pages that may be open at the same time.")
    opens_per_minute: int = _setting(
        120, _integer(1, 1_000_000), "Pages that one address may open a minute; building one takes tenths of a second."
    )
    origins: tuple[str, ...] = _setting(
        (),
        _ORIGINS,
        "Other addresses whose pages may show these, or under which a proxy shows them, as https://desk.example.",
    )
    prefix: str = _setting("", _PREFIX, "What the path of every page begins with, as /pairs behind a proxy.")
    proxied: bool = _setting(
        False,
        _FLAG,
        "A proxy in front says who asks and how (X-Forwarded-For, X-Forwarded-Proto); without one anybody could.",
    )
    address: str = _setting("127.0.0.1", _TEXT, "Address the server listens on.")
    port: int = _setting(5006, _integer(0, 65_535), "Port the server listens on; 0 takes a free one.")
    binance_um_ws: str = _setting(
        "wss://fstream.binance.com",
        _endpoint("wss", "ws"),
        "Websocket endpoint of Binance USD-M futures.",
    )
    binance_um_rest: str = _setting(
        "https://fapi.binance.com",
        _endpoint("https", "http"),
        "REST endpoint of Binance USD-M futures.",
    )
    binance_spot_ws: str = _setting(
        "wss://stream.binance.com:9443",
        _endpoint("wss", "ws"),
        "Websocket endpoint of Binance spot.",
    )
    binance_spot_rest: str = _setting(
        "https://api.binance.com",
        _endpoint("https", "http"),
        "REST endpoint of Binance spot.",
    )
    binance_dumps: str = _setting(
        "https://data.binance.vision",
        _endpoint("https", "http"),
        "Where Binance's public dump files are.",
    )

    def __post_init__(self) -> None:
        if (self.oauth_issuer or self.oauth_provider) and self.auth is None:
            raise ConfigError(
                "a provider says who somebody is, and nothing says what they may do; name a users file with auth"
            )
        if self.exit >= self.entry:
            raise ConfigError(
                f"exit is {self.exit:g} and entry {self.entry:g}; exit must be less: lower exit or raise entry"
            )


def environment_name(name: str) -> str:
    """Return the environment variable of a setting.

    Examples
    --------
    >>> environment_name("publish_hz")
    'LIVEPAIRS_PUBLISH_HZ'
    """
    return PREFIX + name.upper()


def setting_docs() -> dict[str, str]:
    """Return what each setting means, in the order they are declared."""
    return {name: str(entry.metadata["doc"]) for name, entry in _fields().items()}


def _fields() -> dict[str, Field[Any]]:
    return {entry.name: entry for entry in fields(Settings)}


def load_settings(
    arguments: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """Build the settings from the command line, the environment and a file, in that order of precedence.

    Parameters
    ----------
    arguments
        What the command line gave, by setting name; None means not given.
    environ
        Environment variables; by default those of the process. Only names that start with ``LIVEPAIRS_`` are read, an
        empty value counts as not given.
    file
        A TOML file; by default ``livepairs.toml`` in the working folder, which need not exist.

    Raises
    ------
    ConfigError
        Naming the place and the setting, what is allowed, and the nearest name for one that is unknown.
    """
    values: dict[str, object] = {}
    values.update(_from_file(file))
    values.update(_from_environment(os.environ if environ is None else environ))
    given = {name: value for name, value in (arguments or {}).items() if value is not None}
    values.update({name: _parse(name, value, f"argument {name}") for name, value in given.items()})
    return Settings(**values)  # type: ignore[arg-type]  # each value went through its own field's parser


def _from_file(file: Path | None) -> dict[str, object]:
    path = Path(FILE_NAME) if file is None else file
    if file is None and not path.is_file():
        return {}
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"settings file {str(path)!r} is not there; create it or name another one") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"settings file {str(path)!r} cannot be read as TOML: {error}; correct it") from error
    return {name: _parse(name, value, f"{path.name}: {name}") for name, value in content.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    given = {
        name: value
        for name, value in environ.items()
        if name.startswith(PREFIX) and not name.startswith(CHANNEL_PREFIX) and value.strip()
    }
    return {_known(name): _parse(_known(name), value, name) for name, value in given.items()}


def _known(variable: str) -> str:
    name = variable.removeprefix(PREFIX).lower()
    if name not in _fields():
        allowed = [environment_name(known) for known in _fields()]
        raise ConfigError(
            f"environment variable {variable} is not a setting{did_you_mean(variable, allowed)}; "
            f"unset it, or use one of {', '.join(allowed)}"
        )
    return name


def _parse(name: str, value: object, place: str) -> object:
    entry = _fields().get(name)
    if entry is None:
        raise ConfigError(f"{place} is not a setting{did_you_mean(name, _fields())}; there are {', '.join(_fields())}")
    kind: _Kind = entry.metadata["kind"]
    if value is None and entry.default is not MISSING:
        return entry.default
    try:
        return kind.parse(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{place} is {value!r}; it must be {kind.allowed}") from None
