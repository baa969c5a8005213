"""Passwords, of which only argon2id hashes are kept."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from livepairs.errors import ConfigError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["SHORTEST", "hash_password", "is_password"]

SHORTEST: Final = 10
"""Characters a password has at least; length is what guessing costs."""

LONGEST: Final = 1_024


@cache
def _hasher() -> PasswordHasher:
    # Here and not above: most servers ask for no password.
    from argon2 import PasswordHasher

    return PasswordHasher()  # argon2id with the cost its library recommends, today 64 MiB and tenths of a second


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("nobody has this password")


def hash_password(password: str) -> str:
    """Return what is kept of a password.

    Raises
    ------
    ConfigError
        If it is too short, or absurdly long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigError(
            f"the password has {len(password)} characters; it must have {SHORTEST} to {LONGEST}: "
            "three words make a good one"
        )
    return _hasher().hash(password)


def is_password(password: str, kept: str | None) -> bool:
    """Say whether this is the password that the hash was kept of; takes tenths of a second and 64 MiB, on any thread.

    Parameters
    ----------
    password
        As typed.
    kept
        The hash; None where there is no such user, which takes just as long to find out.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _hasher().verify(kept or _nobodys_hash(), password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None
