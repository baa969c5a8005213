"""Opening the database of events: what is refused, and that no password is ever said."""

from __future__ import annotations

from pathlib import Path

import pytest

from livepairs.errors import ConfigError, HistoryError
from livepairs.stores.database import Database, sqlite_url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me:hunter2@host/x", "there are sqlite and postgresql"),
        ("no url hunter2", "write sqlite:///FILE"),
        ("postgresql://me:hunter2@host:x/y", "write sqlite:///FILE"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url: str, said: str):
    with pytest.raises(ConfigError, match=said) as refusal:
        Database(url)
    assert "hunter2" not in str(refusal.value)


def test_a_file_is_made_with_its_folder(tmp_path: Path):
    database = Database(sqlite_url(tmp_path / "a b" / "ü" / "history.db"))
    with database.connected() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    database.close()
    assert (tmp_path / "a b" / "ü" / "history.db").is_file()


@pytest.mark.parametrize("content", [b"no database at all, but text" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path, content: bytes):
    (tmp_path / "history.db").write_bytes(content)
    database = Database(sqlite_url(tmp_path / "history.db"))
    with pytest.raises(HistoryError, match=r"history\.db, does not answer or refuses"), database.connected():
        pass
    database.close()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").touch()
    database = Database(sqlite_url(tmp_path / "file" / "history.db"))
    with pytest.raises(HistoryError, match="cannot be made"), database.connected():
        pass
    database.close()


def test_a_postgresql_that_is_not_there_is_a_sentence_without_the_password(tmp_path: Path):
    database = Database(f"postgresql://me:hunter2@/events?host={tmp_path}")
    assert "hunter2" not in database.name
    with pytest.raises(HistoryError, match="does not answer or refuses") as refusal, database.connected():
        pass
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    database.close()
