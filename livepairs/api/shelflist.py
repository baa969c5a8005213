"""The recordings there are, as rows."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import pyarrow as pa

from livepairs.api.problems import RefusedError
from livepairs.api.rowtypes import column, row_type
from livepairs.errors import ConfigError
from livepairs.hub import Hub
from livepairs.schema import TIME
from livepairs.stores.shelf import Entry

__all__ = ["Recording", "find_recording", "recordings"]

_COLUMNS: Final = pa.schema(
    [
        column("name", pa.string(), "By which it is opened: `?recording=` in the address of a page."),
        column("status", pa.string(), "whole, damaged, recording or interrupted."),
        column("reason", pa.string(), "Why it cannot be opened; empty if it can."),
        column("symbols", pa.list_(pa.string()), "In the order in which they are drawn."),
        column("source", pa.string(), "Where its rows came from.", is_always=False),
        column("start", TIME, "Time of its first trade.", is_always=False),
        column("end", TIME, "Time of its last trade.", is_always=False),
        column("trades", pa.int64(), "How many.", is_always=False),
        column("gaps", pa.int64(), "Spans its source could not vouch for.", is_always=False),
        column("is_synthetic", pa.bool_(), "Whether its trades were generated, not traded.", is_always=False),
        column("digest", pa.string(), "Identity of its rows.", is_always=False),
    ]
)

Recording: Final = row_type("Recording", _COLUMNS, "A recording; what is null is not known of one that is damaged.")


def recordings(hub: Hub) -> pa.Table:
    """Return the recordings, the latest first, what cannot be opened last."""
    return pa.Table.from_pylist([_values(entry) for entry in hub.library.shelf.entries()], _COLUMNS)


def find_recording(hub: Hub, name: str) -> pa.Table:
    """Return one recording.

    Raises
    ------
    RefusedError
        With 404, if there is none of that name.
    """
    try:
        entry = hub.library.shelf.find(name)
    except ConfigError:
        # Not its sentence, which names the folder: that is the server's own business.
        raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no recording {name!r}; /recordings lists them") from None
    return pa.Table.from_pylist([_values(entry)], _COLUMNS)


def _values(entry: Entry) -> dict[str, object]:
    recording = entry.recording
    known: dict[str, object] = {"name": entry.name, "status": entry.status, "reason": "", "symbols": []}
    if recording is None:
        return known | {"reason": entry.reason.replace(str(entry.path), entry.name)}
    return known | {
        "source": recording.source,
        "symbols": list(recording.symbols),
        "start": recording.start_us,
        "end": recording.end_us,
        "trades": recording.trade_count,
        "gaps": len(recording.gaps),
        "is_synthetic": recording.is_synthetic,
        "digest": recording.digest,
    }
