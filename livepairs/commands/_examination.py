"""What ``livepairs doctor`` looks at: each examination returns what it found, and none of them changes anything."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from livepairs.config import Settings
from livepairs.errors import LivepairsError
from livepairs.exchanges.binance_rest import read_time, time_path
from livepairs.logs import blotted

__all__ = ["Finding", "examine"]

PATIENCE_S: Final = 5.0
ROOM_BYTES: Final = 5_000_000_000
LITTLE_ROOM_BYTES: Final = 500_000_000
OFFSET_S: Final = 1.0
"""Local clocks that are further off are worth a word; receipt times are corrected in any case."""

PACKAGES: Final = ("livepairs", "panel", "bokeh", "panel-material-ui", "pyarrow", "numba", "numpy", "pandas", "tornado")
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Parameters
    ----------
    name
        What it is.
    status
        ``bad`` keeps something from working, ``poor`` may, ``off`` was not looked at or is not needed.
    text
        What was found, and for what is not good what to do.
    """

    name: str
    status: Literal["good", "poor", "bad", "off"]
    text: str


def examine(settings: Settings, *, is_offline: bool) -> list[Finding]:
    """Look at everything.

    Parameters
    ----------
    settings
        Of the server that is to run here.
    is_offline
        Ask no other machine.
    """
    found = [*_versions(), _port(settings), *_folder(Path(settings.recordings)), _cache(), _users(settings)]
    found += [_history(settings), _browser()]
    looks = list(_addresses(settings))
    if is_offline:
        return found + [Finding(name, "off", "not asked (--offline)") for name, _look in looks]
    with ThreadPoolExecutor(len(looks)) as pool:
        return found + [finding for answer in pool.map(lambda entry: entry[1](), looks) for finding in answer]


def _versions() -> Iterator[Finding]:
    is_new = sys.version_info >= (3, 11)
    shown = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", "good" if is_new else "bad", shown if is_new else f"{shown}; livepairs needs 3.11 or later")
    for package in PACKAGES:
        try:
            yield Finding(package, "good", version(package))
        except PackageNotFoundError:
            yield Finding(package, "bad", "not installed; pip install livepairs brings it")


def _port(settings: Settings) -> Finding:
    if settings.port == 0:
        return Finding("port", "good", "any free one")
    family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.address, settings.port))
    except OSError as error:
        text = f"{settings.port} of {settings.address} cannot be had ({error.strerror}); stop what uses it, or set port"
        return Finding("port", "bad", text)
    return Finding("port", "good", f"{settings.port} of {settings.address} is free")


def _folder(folder: Path) -> Iterator[Finding]:
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    can_write = os.access(there, os.W_OK | os.X_OK)
    text = (
        f"{folder} can be written" if can_write else f"{there} cannot be written; change its owner, or set recordings"
    )
    yield Finding("recordings", "good" if can_write else "bad", text)
    free = shutil.disk_usage(there).free
    status: Literal["good", "poor", "bad"] = "good" if free >= ROOM_BYTES else "poor"
    status = "bad" if free < LITTLE_ROOM_BYTES else status
    advice = "" if status == "good" else "; a busy symbol takes some 100 MB a day, so make room"
    yield Finding("disk", status, f"{free / 1e9:,.1f} GB free{advice}")


def _cache() -> Finding:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if os.access(there, os.W_OK | os.X_OK):
        return Finding("cache", "good", f"{folder} keeps compiled kernels")
    text = f"{there} cannot be written, so each start compiles anew for some seconds; set XDG_CACHE_HOME"
    return Finding("cache", "poor", text)


def _users(settings: Settings) -> Finding:
    if settings.auth is None:
        return Finding("users", "off", "nobody signs in (setting auth)")
    from livepairs.access.users import read_users

    try:
        users = read_users(Path(settings.auth).expanduser()).users.values()
    except LivepairsError as error:
        return Finding("users", "bad", str(error))
    operators = sum(user.role == "operator" for user in users)
    text = f"{len(users)} users, {operators} of them operators"
    return Finding(
        "users", "good" if operators else "poor", text if operators else f"{text}; nobody can change anything"
    )


def _history(settings: Settings) -> Finding:
    from livepairs.stores.database import Database, sqlite_url

    url = settings.database_url or sqlite_url(Path(settings.recordings) / "history.db")
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.exists():
        return Finding("history", "off", f"{path} is made with the first event")
    try:
        database = Database(url)
        with database.connected():
            return Finding("history", "good", f"{database.name} answers")
    except LivepairsError as error:
        return Finding("history", "bad", blotted(str(error)))


def _browser() -> Finding:
    named = os.environ.get("CHROMIUM")
    path = next((found for name in ((named,) if named else BROWSERS) if (found := shutil.which(name))), None)
    if path is None:
        return Finding("browser", "off", "no Chromium; only the browser tests need one (make chromium)")
    return Finding("browser", "good", f"{path} for the browser tests")


def _addresses(settings: Settings) -> Iterator[tuple[str, Callable[[], list[Finding]]]]:
    for market, name, url in (
        ("um", "futures", settings.binance_um_rest),
        ("spot", "spot", settings.binance_spot_rest),
    ):
        yield f"{name} REST", lambda name=name, url=url, market=market: _clock(f"{name} REST", url, time_path(market))  # type: ignore[misc]  # bound now
    for name, url in (
        ("futures feed", settings.binance_um_ws),
        ("spot feed", settings.binance_spot_ws),
        ("dumps", settings.binance_dumps),
    ):
        yield name, lambda name=name, url=url: [_line(name, url)]  # type: ignore[misc]  # bound now


def _clock(name: str, base: str, path: str) -> list[Finding]:
    before_s = time.time()
    try:
        with urllib.request.urlopen(base + path, timeout=PATIENCE_S) as answer:
            venue_us = read_time(answer.read(10_000))
    except (OSError, LivepairsError, ValueError) as error:
        return [Finding(name, "poor", f"{base} does not answer ({_reason(error)}); replays need it not")]
    after_s = time.time()
    offset_s, doubt_s = (before_s + after_s) / 2 - venue_us / 1e6, (after_s - before_s) / 2
    is_near = abs(offset_s) <= OFFSET_S + doubt_s
    text = f"{offset_s * 1e3:+,.0f} ms to the venue's, within {doubt_s * 1e3:,.0f} ms"
    return [
        Finding(name, "good", f"{base} answers in {(after_s - before_s) * 1e3:,.0f} ms"),
        Finding(f"clock ({name})", "good" if is_near else "poor", text if is_near else f"{text}; start NTP"),
    ]


def _line(name: str, url: str) -> Finding:
    parts = urlsplit(url)
    is_secure = parts.scheme in ("wss", "https")
    port = parts.port or (443 if is_secure else 80)
    begun_s = time.monotonic()
    try:
        with socket.create_connection((str(parts.hostname), port), PATIENCE_S) as line:
            if is_secure:
                with ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname):
                    pass
    except OSError as error:
        return Finding(name, "poor", f"{url} does not answer ({_reason(error)}); replays need it not")
    return Finding(name, "good", f"{url} connects in {(time.monotonic() - begun_s) * 1e3:,.0f} ms")


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason).splitlines()[0][:120]
