"""The database of events: SQLite, a file beside the recordings, or whatever PostgreSQL a URL names.

Opening asks nothing of the database yet. ``connected`` makes the tables that are missing with its first connection and
turns every refusal into a ``HistoryError``, in whose text no password stands.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from livepairs.errors import ConfigError, HistoryError
from livepairs.stores.history_tables import METADATA, VERSION, meta

__all__ = ["Database", "sqlite_url"]

WAIT_S: Final = 5
"""How long a connection, a lock or an answer is waited for before the database counts as away."""

PRAGMAS: Final = (
    "journal_mode = WAL",  # readers never wait for the writer, nor it for them
    "synchronous = FULL",  # what was committed is there after a power cut too, not only after a kill
    f"busy_timeout = {WAIT_S * 1000}",
    "foreign_keys = ON",
    "cache_size = -65536",
    "temp_store = MEMORY",
)
POSTGRESQL_OPTIONS: Final = (
    "-c statement_timeout=20000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"
)


def sqlite_url(path: Path) -> str:
    """Return the URL of a database in a file."""
    return URL.create("sqlite", database=str(path)).render_as_string()


class Database:
    """Connections to one database. Thread-safe.

    Parameters
    ----------
    url
        ``sqlite:///FILE``, ``sqlite://`` for one in memory, or ``postgresql://USER:PASSWORD@HOST/NAME``.

    Raises
    ------
    ConfigError
        If the URL cannot be read, names another database, or needs a driver that is not installed.
    """

    def __init__(self, url: str) -> None:
        self._url = _read_url(url)
        self._engine = _make_engine(self._url)
        self._is_ready = False
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """What to call it on a page: the URL without its password."""
        return self._url.render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Give a connection with a transaction that is committed at the end, or rolled back by an exception.

        Raises
        ------
        HistoryError
            If the database is away, refuses, or was made by a later livepairs.
        """
        try:
            self._prepare()
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise HistoryError(f"the database of events, {self.name}, {_reason(error)}") from None
        except OSError as error:
            raise HistoryError(f"the database of events, {self.name}, cannot be made: {error.strerror}") from None

    def close(self) -> None:
        """Let go of the connections; it may be used again."""
        self._engine.dispose()

    def _prepare(self) -> None:
        with self._lock:
            if self._is_ready:
                return
            if self.is_sqlite and self._url.database:
                Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
            with self._engine.begin() as connection:
                if not self.is_sqlite:
                    # Two servers that start at once must not both make the tables. The number is ours, made up.
                    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(5306061)")
                METADATA.create_all(connection)
                found = connection.execute(select(meta.c.version)).scalar()
                if found is None:
                    connection.execute(meta.insert().values(version=VERSION))
            if found is not None and found > VERSION:
                raise HistoryError(
                    f"the database of events, {self.name}, was made by a later livepairs (tables of version {found}, "
                    f"this one knows {VERSION}); update livepairs, or name another database"
                )
            self._is_ready = True


def _read_url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # The text is not repeated: it may hold a password.
        raise ConfigError(
            "database_url cannot be read; write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise ConfigError(f"database_url names {url.drivername!r}; there are sqlite and postgresql")
    return url


def _make_engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        pool: dict[str, Any] = {} if url.database else {"poolclass": StaticPool}  # Any: as create_engine takes them
        threads = {"check_same_thread": False, "timeout": WAIT_S}
        engine = create_engine(url, connect_args=threads, **pool)
        event.listen(engine, "connect", _set_pragmas)
        return engine
    arguments = {"connect_timeout": WAIT_S, "tcp_user_timeout": WAIT_S * 1000, "options": POSTGRESQL_OPTIONS}
    arguments = {name: value for name, value in arguments.items() if name not in url.query}
    try:
        # Tested before use, because a database that was restarted has dropped every connection.
        return create_engine(url, connect_args=arguments, pool_pre_ping=True)
    except (ImportError, NoSuchModuleError):
        raise ConfigError(
            "database_url names PostgreSQL, and its driver is not installed; pip install 'livepairs[postgres]'"
        ) from None


def _set_pragmas(connection: Any, _record: object) -> None:  # Any: a connection of the sqlite3 module
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _reason(error: SQLAlchemyError) -> str:
    """Return what the driver said, in one line, without the statement and what was to be written."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else type(error).__name__
    return "does not answer or refuses: " + (" ".join(str(said).split())[:300] or type(said).__name__)
