"""From the settings to a chronicle: where history is kept, how much of it, and who is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from livepairs.clock import Clock
from livepairs.config import Settings
from livepairs.hub.chronicle import Chronicle
from livepairs.stores.history_rows import Keep

if TYPE_CHECKING:
    from livepairs.stores.history import History

__all__ = ["history_url", "open_chronicle"]

FILE_NAME: Final = "history.db"
DAY_US: Final = 86_400_000_000


def history_url(settings: Settings) -> str:
    """Return the URL of the database of events: the one named, else a file beside the recordings."""
    if settings.database_url is not None:
        return settings.database_url
    # Here and not above: the database's libraries take a while, and no page waits for them.
    from livepairs.stores.database import sqlite_url

    return sqlite_url(Path(settings.recordings) / FILE_NAME)


def open_chronicle(settings: Settings, clock: Clock) -> Chronicle:
    """Return what writes history; the database is asked nothing before the first event.

    Raises
    ------
    ConfigError
        If a database is named that cannot be used.
    """

    def open_history() -> History:
        from livepairs.stores.history import History

        return History(history_url(settings))

    if settings.database_url is not None:
        open_history().close()
    keep = Keep(age_us=int(settings.history_days * DAY_US), rows=settings.history_rows)
    return Chronicle(open_history, clock, keep=keep)
