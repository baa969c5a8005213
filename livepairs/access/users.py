"""The users file: who may sign in, with which role, and the key the server signs with.

One line each, made by ``livepairs passwd`` and readable by its owner only::

    key  3q2-7w...
    user ann operator $argon2id$v=19$...
    user bob@example.com viewer provider

``provider`` in place of a hash says that an OAuth provider vouches for that name; ``*`` is whoever it knows.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from livepairs.access.roles import ROLES, Role
from livepairs.errors import ConfigError

__all__ = ["ANYONE", "PROVIDER", "User", "Users", "read_users", "write_users"]

PROVIDER: Final = "provider"
"""Stands where a hash would: the name is vouched for by an OAuth provider."""

ANYONE: Final = "*"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
_KEY_BYTES: Final = 32
_HEAD: Final = (
    "# Users of livepairs, made by 'livepairs passwd'. The key signs who is in: keep this file to yourself.\n"
)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in; ``secret`` is an argon2 hash, or ``PROVIDER``."""

    name: str
    role: Role
    secret: str = field(repr=False)

    @property
    def generation(self) -> str:
        """Changes with the password: who signed in with the old one is out."""
        return hashlib.sha256(self.secret.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Users:
    """What the file holds."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(_KEY_BYTES), repr=False)
    users: Mapping[str, User] = field(default_factory=dict)

    def vouched(self, name: str) -> User | None:
        """Return the user whom a provider calls by that name: one of the file, or anyone if it says so."""
        user = self.users.get(name) or self.users.get(ANYONE)
        if user is None or user.secret != PROVIDER or not _NAME.fullmatch(name):
            return None
        return replace(user, name=name)

    def known(self, name: str) -> User | None:
        """Return the user of that name, however they sign in."""
        return self.users.get(name) if name != ANYONE and name in self.users else self.vouched(name)

    def with_user(self, user: User) -> Users:
        """Return these users with one more, or one changed.

        Raises
        ------
        ConfigError
            If the name cannot be one.
        """
        is_anyone = user.name == ANYONE and user.secret == PROVIDER
        if not is_anyone and not _NAME.fullmatch(user.name):
            raise ConfigError(
                f"name {user.name!r} cannot be a user; it has letters, digits and ._@+- "
                "and begins with a letter or a digit"
            )
        return replace(self, users={**self.users, user.name: user})

    def without(self, name: str) -> Users:
        """Return these users without one.

        Raises
        ------
        ConfigError
            If there is none of that name.
        """
        if name not in self.users:
            raise ConfigError(f"there is no user {name!r}; there are {', '.join(self.users) or 'none'}")
        return replace(self, users={known: user for known, user in self.users.items() if known != name})


def read_users(path: Path) -> Users:
    """Read a users file.

    Raises
    ------
    ConfigError
        If it is not there, others can read or change it, or a line of it is not what it should be.
    """
    try:
        with path.open(encoding="utf-8") as file:
            _check_mode(path, os.fstat(file.fileno()).st_mode)
            lines = file.read().splitlines()
    except FileNotFoundError:
        raise ConfigError(
            f"users file {str(path)!r} is not there; make it with 'livepairs passwd {path} NAME --role operator'"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"users file {str(path)!r} cannot be read ({error}); mend or replace it") from error
    return _parsed(path, lines)


def write_users(path: Path, users: Users) -> None:
    """Write a users file, readable by its owner only, in one step.

    Raises
    ------
    ConfigError
        If the disk refuses.
    """
    lines = [f"key {urlsafe_b64encode(users.key).decode()}\n"]
    lines += [f"user {user.name} {user.role} {user.secret}\n" for user in users.users.values()]
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(_HEAD + "".join(lines))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ConfigError(
            f"users file {str(path)!r} cannot be written ({error.strerror}); name a folder you may write to"
        ) from error


def _check_mode(path: Path, mode: int) -> None:
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            f"users file {str(path)!r} can be read or changed by others (mode {stat.S_IMODE(mode):03o}); "
            f"say 'chmod 600 {path}'"
        )


def _parsed(path: Path, lines: list[str]) -> Users:
    key: bytes | None = None
    found: dict[str, User] = {}
    for number, line in enumerate(lines, 1):
        match line.split():
            case [] | ["#", *_]:
                continue
            case ["key", text] if len(decoded := _key(text)) == _KEY_BYTES:
                key = decoded
            case ["user", name, role, secret] if role in ROLES and (_NAME.fullmatch(name) or name == ANYONE):
                found[name] = User(name, role, secret)
            case _:
                raise ConfigError(
                    f"users file {str(path)!r}, line {number} is not 'key ...' or 'user NAME viewer|operator HASH'; "
                    "change users with 'livepairs passwd'"
                )
    if key is None:
        raise ConfigError(
            f"users file {str(path)!r} has no line 'key ...'; make it with 'livepairs passwd {path} NAME'"
        )
    return Users(key, found)


def _key(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text)
    except ValueError:
        return b""
