"""The signed webhook: a POST of JSON that whoever gets it can hold against a secret only the two of us know.

It follows the Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over the id, the time and the body, so
that neither can be changed and an old one cannot be played again. docs/notifications.md shows how to check it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

import aiohttp

from livepairs import __version__
from livepairs.delivery.address import Address
from livepairs.delivery.notice import Notice
from livepairs.errors import DeliveryError

__all__ = ["Webhook", "signature"]

TIMEOUT_S: Final = 10.0
GONE: Final = 410
LONGEST_WAIT_S: Final = 3600
MOST_ANSWER: Final = 64 * 1024
"""Bytes of an answer that are read, so that its connection can be used again; what it says does not matter."""


def signature(key: bytes, *, id: str, timestamp: int, body: bytes) -> str:
    """Return the header ``webhook-signature``.

    Parameters
    ----------
    key
        The secret.
    id, timestamp
        The headers ``webhook-id`` and ``webhook-timestamp``, the time in seconds since the epoch.
    body
        As it is sent, byte for byte.

    Examples
    --------
    The example of the Standard Webhooks' own libraries:

    >>> key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> body = b'{"test": 2432232314}'
    >>> signature(key, id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=body)
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Webhook:
    """Posts notices to one address.

    Parameters
    ----------
    address
        Where to, and the secret.
    timeout_s
        How long an answer is waited for.
    """

    def __init__(self, address: Address, *, timeout_s: float = TIMEOUT_S) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def send(self, notice: Notice) -> None:
        """Post a notice; any answer from 200 to 299 says that it was taken."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._timeout_s))
        seconds = notice.now_us // 1_000_000
        headers = {
            "content-type": "application/json",
            "user-agent": f"livepairs/{__version__}",
            "webhook-id": notice.id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(self._address.key, id=notice.id, timestamp=seconds, body=notice.payload),
        }
        try:
            # Not redirected: the body and its signature are for the host that was named, and for no other.
            async with self._session.post(
                self._address.url, data=notice.payload, headers=headers, allow_redirects=False
            ) as answer:
                status, wait = answer.status, answer.headers.get("retry-after", "")
                await answer.content.read(MOST_ANSWER)
        except TimeoutError:
            raise DeliveryError(f"no answer within {self._timeout_s:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Neither its text nor its cause: both would name the address.
            raise DeliveryError(f"cannot be reached ({type(error).__name__})") from None
        if not 200 <= status < 300:
            retry_us = min(int(wait), LONGEST_WAIT_S) * 1_000_000 if wait.isascii() and wait.isdigit() else None
            raise DeliveryError(f"answered {status}", retry_us=retry_us, is_final=status == GONE)

    async def close(self) -> None:
        """Let go of its connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
