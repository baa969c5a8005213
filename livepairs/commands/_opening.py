"""How commands that only read open a recording: also one that is being written, as far as it is on disk."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livepairs.stores.recording import Recording

__all__ = ["opened"]


@contextmanager
def opened(path: str) -> Iterator[Recording]:
    """Yield the recording of that folder; of one that is being written, what is on disk now, and say so.

    Raises
    ------
    RecordingError
        If it cannot be opened.
    """
    from livepairs.commands.info import iso
    from livepairs.stores.recording import open_recording
    from livepairs.stores.snapshot import is_being_recorded, snapshot

    if not is_being_recorded(path):
        yield open_recording(path)
        return
    with snapshot(path) as recording:
        until = iso(recording.vouched_us)
        print(f"{path} is being recorded right now; this is what was on disk, up to {until}", file=sys.stderr)
        yield recording
