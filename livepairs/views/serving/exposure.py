"""Who can reach the server: nobody else, unless the user says so. Imports nothing of the screen, to be asked early."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import suppress

from livepairs.errors import ConfigError

__all__ = ["check_address", "is_exposed", "is_loopback"]


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


def is_exposed() -> bool:
    """Say whether the running loop listens where other machines can connect; yes, where it cannot be known.

    For servers that are not ours (``panel serve``): nobody has asked them what they bind to.
    """
    addresses = list(_listening(asyncio.get_running_loop()))
    return not addresses or not all(is_loopback(address) for address in addresses)


def _listening(loop: asyncio.AbstractEventLoop) -> Iterator[str]:
    """Yield the addresses that the sockets of a loop are bound to; none for a loop that does not show its sockets."""
    selector = getattr(loop, "_selector", None)
    for number in () if selector is None else tuple(selector.get_map()):
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as bound:
            if bound.family != getattr(socket, "AF_UNIX", None) and bound.getsockopt(
                socket.SOL_SOCKET, socket.SO_ACCEPTCONN
            ):
                yield str(bound.getsockname()[0])
