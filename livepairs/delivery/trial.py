"""A test message: past the outbox, its rules and its retries, so that whoever asked sees at once what comes of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from livepairs.delivery import Transport
from livepairs.delivery.notice import trial_notice
from livepairs.delivery.postman import hand_over

__all__ = ["send_trial"]


async def send_trial(channel: str, open_transport: Callable[[str], Transport], *, now_us: int) -> None:
    """Send one test message to a channel.

    Parameters
    ----------
    channel
        As rules name it.
    open_transport
        Makes its transport, for this message alone.
    now_us
        Wall time.

    Raises
    ------
    DeliveryError
        If the other side has not taken it; the sentence holds nothing of the address.
    """
    opened: list[Transport] = []

    def open_once() -> Transport:
        opened.append(open_transport(channel))
        return opened[0]

    try:
        await hand_over(open_once, trial_notice(channel, id=secrets.token_hex(12), now_us=now_us))
    finally:
        for transport in opened:
            await transport.close()
