"""Slack, Telegram, Discord, e-mail, the desktop and the rest, through Apprise."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from livepairs.delivery.address import Address
from livepairs.delivery.notice import Notice
from livepairs.errors import ConfigError, DeliveryError

__all__ = ["Service"]

TALKATIVE: Final = ("apprise", "urllib3.connectionpool", "urllib3.util.retry")
"""Loggers that write addresses down."""

_STATUS: Final = re.compile(r"\berror=(\d{3})\b")
_KINDS: Final = {"info": "info", "warning": "warning", "critical": "failure"}


class _Silence(logging.Filter):
    """Lets nothing through, for it may name an address; whoever notifies on this thread may read it meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._heard = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        said: list[str] | None = getattr(self._heard, "said", None)
        if said is not None:
            said.append(record.getMessage())
        return False

    @contextmanager
    def broken(self) -> Iterator[list[str]]:
        """Give what is logged on this thread while the block lasts."""
        said: list[str] = []
        self._heard.said = said
        try:
            yield said
        finally:
            self._heard.said = None


_SILENCE: Final = _Silence()


class Service:
    """Gives notices to one of Apprise's services.

    Parameters
    ----------
    address
        Where to; see Apprise's list of services.

    Raises
    ------
    ConfigError
        If Apprise is not installed or knows no such service.
    """

    def __init__(self, address: Address) -> None:
        # Here and not above: it is an extra, and takes a while.
        try:
            import apprise
        except ImportError:
            raise ConfigError(
                f"channel {address.channel!r} needs Apprise, which is not installed; pip install 'livepairs[notify]'"
            ) from None
        for name in TALKATIVE:
            logging.getLogger(name).addFilter(_SILENCE)
        # The service itself and not a set of them, which would notify on threads of its own. Any: it ships no types.
        self._service: Any = apprise.Apprise.instantiate(address.url)
        if self._service is None:
            raise ConfigError(
                f"channel {address.channel!r}: Apprise cannot use its address, which begins with "
                f"{urlsplit(address.url).scheme}://; see its list of services"
            )

    async def send(self, notice: Notice) -> None:
        """Hand a notice over; Apprise says whether the service has taken it, and has timeouts of its own."""
        # On a thread: most services of Apprise wait for the network with requests.
        said = await asyncio.to_thread(self._notify, notice)
        if said is not None:
            status = _STATUS.search(said)
            raise DeliveryError(f"the service answered {status[1]}" if status else "the service did not take it")

    def _notify(self, notice: Notice) -> str | None:
        """Return None if it was taken, else what Apprise has to say of it."""
        with _SILENCE.broken() as said:
            kind = _KINDS.get(notice.level, "info")
            is_taken = self._service.notify(title=notice.title, body=notice.text, notify_type=kind, body_format="text")
        return None if is_taken else "\n".join(said)

    async def close(self) -> None:
        """Let go; Apprise holds nothing."""
