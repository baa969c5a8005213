"""Where channels lead, and with which secret: from environment variables or a file that nobody else can read.

An address is a secret: whoever has the one of a chat's channel can write there. So it is never shown, and an error
says which channel is meant and what is wrong with it, never what it holds.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from livepairs.config import CHANNEL_PREFIX
from livepairs.errors import ConfigError, did_you_mean

__all__ = ["Address", "Addresses", "variable_name"]

KEYS: Final = ("url", "secret")
SHORTEST_SECRET: Final = 16
"""Bytes; the signature is worth no more than its secret."""

GENERATE: Final = 'make one with: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where one channel leads.

    Parameters
    ----------
    channel
        As rules name it.
    url
        ``https://...`` for the signed webhook, else what Apprise understands, as ``slack://...``. A secret.
    key
        What a webhook is signed with; empty for Apprise. A secret.
    """

    channel: str
    url: str
    key: bytes = b""

    @property
    def is_webhook(self) -> bool:
        """Whether it is the signed webhook, and not one of Apprise's services."""
        return urlsplit(self.url).scheme in ("http", "https")

    @property
    def shown(self) -> str:
        """What may be said of it: the kind of service, and of a webhook the host."""
        parts = urlsplit(self.url)
        return f"webhook at {parts.hostname}" if self.is_webhook else parts.scheme

    def __repr__(self) -> str:
        return f"Address({self.channel!r}, {self.shown})"


class Addresses:
    """The addresses there are.

    Parameters
    ----------
    file
        A TOML file with a table for each channel: ``url``, and for a webhook ``secret``.
    environ
        Environment variables: ``LIVEPAIRS_CHANNEL_DESK`` is the address of the channel ``desk``, and
        ``LIVEPAIRS_CHANNEL_DESK_SECRET`` its secret; they go before the file.

    Raises
    ------
    ConfigError
        If the file cannot be read, others could read it, or an address in it cannot be used.
    """

    def __init__(self, file: Path | None = None, *, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        tables = {} if file is None else _read_tables(file)
        self._from_file = {name: _made(name, table, f"{file}, [{name}]") for name, table in tables.items()}

    @property
    def is_empty(self) -> bool:
        """Whether there is none at all."""
        return not self._from_file and not any(name.startswith(CHANNEL_PREFIX) for name in self._environ)

    def find(self, channel: str) -> Address:
        """Return where a channel leads.

        Raises
        ------
        ConfigError
            If there is no address of that name, or it cannot be used.
        """
        variable = variable_name(channel)
        url = self._environ.get(variable, "").strip()
        if url:
            secret = self._environ.get(f"{variable}_SECRET", "").strip()
            return _made(channel, {"url": url} | ({"secret": secret} if secret else {}), variable)
        if channel in self._from_file:
            return self._from_file[channel]
        near = did_you_mean(channel, self._from_file)
        raise ConfigError(
            f"channel {channel!r} has no address{near}; set {variable}, or give it a table in the channels file"
        )


def variable_name(channel: str) -> str:
    """Return the environment variable that holds a channel's address.

    Examples
    --------
    >>> variable_name("desk-2")
    'LIVEPAIRS_CHANNEL_DESK_2'
    """
    return CHANNEL_PREFIX + re.sub(r"\W", "_", channel).upper()


def _read_tables(file: Path) -> dict[str, Any]:  # Any: whatever TOML holds, which _made looks at
    try:
        with file.open("rb") as opened:
            # Of the open file, so that it cannot be another one by the time it is read.
            _check_private(file, os.fstat(opened.fileno()))
            return tomllib.load(opened)
    except OSError as error:
        raise ConfigError(f"channels file {str(file)!r} cannot be read ({error.strerror}); name another one") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        place = re.search(r"\(at [^)]*\)", str(error))
        raise ConfigError(
            f"channels file {str(file)!r} is not TOML {place[0] if place else '(not text)'}; correct it"
        ) from None


def _check_private(file: Path, found: os.stat_result) -> None:
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise ConfigError(
            f"channels file {str(file)!r} holds secrets and has mode {mode:o}; only its owner may have access: "
            f"chmod 600 {file}"
        )
    if found.st_uid not in (os.geteuid(), 0):
        raise ConfigError(f"channels file {str(file)!r} belongs to another user; it must be yours")


def _made(channel: str, table: object, place: str) -> Address:
    if not isinstance(table, dict):
        raise ConfigError(f"{place}: a channel is a table with url, and for a webhook secret")
    for name, value in table.items():
        if name not in KEYS:
            raise ConfigError(f"{place}: {name!r} is not a key{did_you_mean(name, KEYS)}; there are url and secret")
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"{place}: {name} must be a text that is not empty")
    if "url" not in table:
        raise ConfigError(f"{place}: there is no url; write https://... for a webhook, or an address of Apprise")
    try:
        parts = urlsplit(table["url"].strip())
        is_usable = bool(parts.scheme) and (parts.scheme not in ("http", "https") or bool(parts.hostname))
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ConfigError(f"{place}: the url has no scheme and host; write https://... or an address of Apprise")
    address = Address(channel, table["url"].strip(), _key(table.get("secret", ""), place))
    if address.is_webhook and not address.key:
        raise ConfigError(f"{place}: a webhook must have a secret, by which the other side knows us; {GENERATE}")
    return address


def _key(secret: str, place: str) -> bytes:
    """Return the bytes of a secret: of base64 after ``whsec_``, as the Standard Webhooks have it, else of the text."""
    secret = secret.strip()
    if not secret:
        return b""
    try:
        key = base64.b64decode(secret[6:], validate=True) if secret.startswith("whsec_") else secret.encode()
    except binascii.Error:
        raise ConfigError(f"{place}: what follows whsec_ in the secret must be base64") from None
    if len(key) < SHORTEST_SECRET:
        raise ConfigError(f"{place}: the secret is too short; {GENERATE}")
    return key
