"""A rules file on disk: read whole, and replaced whole, so that nobody ever reads half of one."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from livepairs.alerts.reading import LARGEST, read_rules
from livepairs.alerts.rule import RuleSet
from livepairs.errors import ConfigError

__all__ = ["load_rules", "read_text", "write_text"]


def load_rules(path: str | Path) -> RuleSet:
    """Return the rules and channels that a file holds.

    Raises
    ------
    ConfigError
        If the file cannot be read, or at its first mistake, with its place.
    """
    return read_rules(read_text(path), name=str(path))


def read_text(path: str | Path) -> str:
    """Return a rules file's text.

    Raises
    ------
    ConfigError
        If it cannot be read, is no UTF-8, or is far too large.
    """
    try:
        if os.path.getsize(path) > 4 * LARGEST:
            raise ConfigError(f"rules file {str(path)!r} is far too large; at most {LARGEST} characters")
        # TOML knows line feeds alone; a file from Windows has carriage returns too, and means the same.
        return Path(path).read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise ConfigError(
            f"rules file {str(path)!r} cannot be read: {error.strerror}; name a file of [[rule]] tables"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"rules file {str(path)!r} is no UTF-8 at byte {error.start}; save it as UTF-8") from error


def write_text(path: str | Path, text: str) -> None:
    """Replace a rules file, at once and for good: whoever reads meanwhile has the old one or the new.

    Raises
    ------
    ConfigError
        If it cannot be written; then the old one is as it was.
    """
    target = Path(path)
    partial = None
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            partial = file.name
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        os.chmod(partial, mode)
        os.replace(partial, target)
    except OSError as error:
        raise ConfigError(f"rules file {str(path)!r} cannot be written: {error.strerror}") from error
    finally:
        if partial is not None:
            with suppress(FileNotFoundError):
                os.unlink(partial)
