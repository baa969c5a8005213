"""Who can reach the server: nobody else, unless the user says so. Imports nothing of the screen, to be asked early."""

from __future__ import annotations

import ipaddress

from livepairs.errors import ConfigError

__all__ = ["check_address"]


def check_address(address: str, *, is_public_allowed: bool) -> None:
    """Refuse an address that others can reach, unless the user has said that it is meant.

    Raises
    ------
    ConfigError
        If the address is not of this machine alone.
    """
    if is_public_allowed or _is_loopback(address):
        return
    raise ConfigError(
        f"address {address!r} can be reached from other machines, and nothing here asks for a password; use 127.0.0.1 "
        "behind a proxy that does, or say --insecure-public"
    )


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
