"""Makes a recording of what a recorder left behind that was killed, or that a power cut or a full disk stopped."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import pyarrow as pa

from livepairs.errors import RecordingError
from livepairs.stores.lock import FolderLock
from livepairs.stores.manifest import MANIFEST
from livepairs.stores.sealing import JOURNAL, Sealing, is_begun

__all__ = ["recover"]

_LOG = logging.getLogger(__name__)


def recover(folder: Path) -> bool:
    """Seal the journal of a folder, if it has one that nobody is writing; return whether it had.

    Everything that was written whole is kept; see ``journal``.

    Raises
    ------
    RecordingError
        If it is being recorded right now, has no trade yet, or cannot be written to.
    """
    if not (folder / JOURNAL).is_dir():
        return False
    lock = FolderLock(folder)
    try:
        if not (folder / JOURNAL).is_dir():  # its recorder, or another reader, has finished it meanwhile
            return False
        if (folder / MANIFEST).is_file() or not is_begun(folder):
            # The manifest is written last, so the journal has nothing that is not in Parquet.
            shutil.rmtree(folder / JOURNAL)
            return False
        manifest = Sealing(folder).finish()
        rows = sum(entry.rows for entry in manifest.entries("trades"))
        _LOG.info("recording %s had been interrupted: recovered %s trades", folder, f"{rows:,}")
        return True
    except (OSError, pa.ArrowException) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise RecordingError(
            f"recording {str(folder)!r} was interrupted and cannot be recovered yet ({why}); "
            "its journal is untouched: see to it that the folder can be written to, and open it again"
        ) from error
    finally:
        lock.release()
