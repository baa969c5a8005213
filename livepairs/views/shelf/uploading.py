"""One visitor's upload: a file received, looked at, imported; and at each step what its dialog shows."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from livepairs.errors import LivepairsError
from livepairs.hub.library import Importing, Library
from livepairs.stores.inbox import Delivery
from livepairs.stores.intake import ImportOptions
from livepairs.stores.preview import Preview, explained, preview
from livepairs.views.shelf.shelfrows import megabytes

__all__ = ["Upload", "options_of"]

_UNITS: Final = ("s", "ms", "us", "ns")
_MOST_COLUMNS: Final = 60


def options_of(said: Mapping[str, Any]) -> ImportOptions:
    """Return what a browser said of a file, as far as it makes sense."""
    symbol, unit, zone = said.get("symbol"), said.get("unit"), said.get("zone")
    columns = said.get("columns")
    return ImportOptions(
        symbol=symbol.strip() if isinstance(symbol, str) and symbol.strip() else None,
        columns={str(ours): str(theirs or "") for ours, theirs in columns.items()} if isinstance(columns, dict) else {},
        time_unit=unit if unit in _UNITS else None,
        time_zone=zone.strip() if isinstance(zone, str) and zone.strip() else "UTC",
    )


class Upload:
    """The upload of one page.

    Parameters
    ----------
    library
        Where it arrives and is imported into.
    notify
        Called on the server's loop when ``shown`` has changed.
    """

    def __init__(self, library: Library, notify: Callable[[], None]) -> None:
        self._library, self._notify = library, notify
        self._delivery: Delivery | None = None
        self._task: asyncio.Task[None] | None = None
        self._has_left = False
        self.shown: dict[str, Any] = {"stage": "idle"}

    def begin(self, name: str, size: int) -> None:
        """Expect a file; the browser sends it as ``received`` grows."""
        self.cancel()
        try:
            self._delivery = self._library.inbox.expect(name, size)
        except LivepairsError as error:
            self._show(stage="refused", name=name[:80], problem=explained(error))
            return
        self._show(stage="receiving", name=name[:80], size=size, size_text=megabytes(size), received=0)

    def piece(self, offset: int, data: bytes) -> None:
        """Take the next piece of the file; after the last one it is looked at."""
        delivery = self._delivery
        if delivery is None or self.shown["stage"] != "receiving":
            return
        try:
            delivery.append(offset, data)
        except LivepairsError as error:
            self.cancel()
            self._show(stage="refused", problem=explained(error))
            return
        self._show(received=delivery.received)
        if delivery.is_whole:
            self.look({})

    def look(self, said: Mapping[str, Any]) -> None:
        """Show what would come of the file with what the visitor says of it."""
        if self._delivery is None or self.shown["stage"] not in ("receiving", "ready", "refused"):
            return
        self._show(stage="reading", said=dict(said))
        self._task = asyncio.get_running_loop().create_task(
            self._look(self._delivery, options_of(said)), context=contextvars.Context()
        )

    async def _look(self, delivery: Delivery, options: ImportOptions) -> None:
        found = await asyncio.to_thread(preview, delivery.path, self._library.limited(options))
        if self._delivery is delivery:
            self._show(stage="ready", **_shown(found, options))

    def start_import(self, to: str, said: Mapping[str, Any]) -> None:
        """Begin the import."""
        delivery = self._delivery
        if delivery is None or self.shown["stage"] != "ready":
            return
        loop = asyncio.get_running_loop()

        def report(state: Importing) -> bool:
            # From the library's thread; an empty context, as everywhere (see hub.publisher).
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._report, delivery, state, context=contextvars.Context())
            return self._delivery is delivery

        try:
            self._library.import_file(delivery.path, to, options_of(said), report)
        except LivepairsError as error:
            self._show(stage="ready", refusal=explained(error))
            return
        self._show(stage="importing", to=to, share=0.0, step="", refusal="")

    def _report(self, delivery: Delivery, state: Importing) -> None:
        if self._delivery is not delivery:
            delivery.close()  # cancelled: now that nobody reads it any more it can go
            return
        if state.status == "working":
            self._show(stage="importing", share=state.share, step=state.stage)
        elif state.error is not None:
            self._show(stage="ready", refusal=explained(state.error))
            if self._has_left:
                self._end()
        else:
            self._end()
            self._show(stage="done", to=state.name, warnings=[_sentence(warning) for warning in state.warnings])

    def cancel(self) -> None:
        """Drop the file; an import under way stops at its next step."""
        if self.shown["stage"] == "importing":
            self._delivery = None
        self._end()
        self.shown = {"stage": "idle"}
        self._notify()

    def leave(self) -> None:
        """Say that the page has gone: what is being imported is finished, anything else is dropped."""
        self._has_left = True
        if self.shown["stage"] != "importing":
            self._end()

    def _end(self) -> None:
        delivery, self._delivery = self._delivery, None
        if delivery is not None:
            delivery.close()

    def _show(self, **news: Any) -> None:
        self.shown = {**self.shown, **news}
        self._notify()


def _shown(found: Preview, options: ImportOptions) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "names": list(found.names[:_MOST_COLUMNS]),
        "cells": [list(row[:_MOST_COLUMNS]) for row in found.cells],
        "mapping": found.mapping or {},
        "needs_symbol": not (found.mapping or {"symbol": "known"}).get("symbol") or options.symbol is not None,
        "rows": [
            [
                f"{datetime.fromtimestamp(row.ts_us / 1e6, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3],
                row.symbol,
                f"{row.price:.10g}",
                f"{row.qty:.10g}",
                "sold" if row.buyer_is_maker else "bought",
            ]
            for row in found.rows
        ],
        "warnings": [_sentence(warning) for warning in found.warnings],
        "problem": found.problem,
        "refusal": "",
    }


def _sentence(text: str) -> str:
    """Return a warning of the importer as a sentence, without the path it begins with."""
    last = text.rpartition(": ")[2] if ": " in text else text
    return f"{last[:1].upper()}{last[1:]}."
