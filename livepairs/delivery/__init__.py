"""Telling people what rules said: from the outbox to wherever a channel's address leads.

Rules name channels; addresses and secrets are settings of the machine and appear nowhere else. ``postman`` takes what
is due from the outbox and hands it, as a ``notice``, to a transport: ``webhook`` signs and posts it, ``services`` gives
it to Apprise. What a transport must do: return once the other side has taken the notice, else raise ``DeliveryError``,
whose sentence holds nothing of the address; it is then asked again with the same notice, so the other side may get one
twice and can tell by its id. It must not wait longer than ``postman.PATIENCE_S``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from livepairs.delivery.notice import Notice

__all__ = ["Transport"]


class Transport(Protocol):
    """One address that takes notices."""

    async def send(self, notice: Notice) -> None:
        """Deliver a notice, or raise ``DeliveryError``."""

    async def close(self) -> None:
        """Let go of connections."""
