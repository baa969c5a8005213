"""Who can reach the server: nobody else, unless the user says so. Imports nothing of the screen, to be asked early."""

from __future__ import annotations

import ipaddress

from livepairs.errors import ConfigError

__all__ = ["check_address", "is_loopback"]


def check_address(address: str, *, is_public_allowed: bool, is_guarded: bool = False) -> None:
    """Refuse an address that others can reach, unless they must sign in, or the user has said that it is meant.

    Raises
    ------
    ConfigError
        If the address is not of this machine alone, and nobody would be asked who they are.
    """
    if is_public_allowed or is_guarded or is_loopback(address):
        return
    raise ConfigError(
        f"address {address!r} can be reached from other machines, and nothing here asks for a password; "
        "use --auth FILE (livepairs passwd makes one), 127.0.0.1 behind a proxy that asks, or say --insecure-public"
    )


def is_loopback(address: str) -> bool:
    """Say whether only this machine can reach an address."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
