"""Finds the recording that comes with livepairs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import livepairs
from livepairs.errors import RecordingError

__all__ = ["bundled_recording"]

_NAME: Final = "demo"


def bundled_recording() -> Path:
    """Return the folder of the bundled recording: in the installed package, or at the top of a checkout.

    Raises
    ------
    RecordingError
        If it is in neither place.
    """
    package = Path(livepairs.__file__).parent
    places = (package / "_recordings" / _NAME, package.parent / "recordings" / _NAME)
    for place in places:
        if place.is_dir():
            return place
    raise RecordingError(
        f"the bundled recording is missing from {str(places[0])!r} and {str(places[1])!r}; "
        f"install livepairs again, or make it with 'livepairs synthesize --to {places[1]}'"
    )
