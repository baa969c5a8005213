"""The page of an address that has none: a sentence in the house's look, and the way to the pages there are."""

from __future__ import annotations

from typing import Any

from tornado.web import ErrorHandler

from livepairs.views.serving.door import theme_of
from livepairs.views.serving.gatehouse import notice

__all__ = ["Nowhere"]


class Nowhere(ErrorHandler):
    """Answers whatever no route takes."""

    def initialize(self) -> None:  # type: ignore[override]  # Tornado's takes the status, which here is always the same
        """Be nothing but missing."""
        super().initialize(404)

    def write_error(self, status_code: int, **_kwargs: Any) -> None:  # noqa: ARG002 - always 404; Tornado's own keywords
        """Say so."""
        home = f"{getattr(self.application, 'prefix', '')}/"
        sentence = "No page of livepairs has this address. It may have been cut off when it was copied."
        self.finish(notice("Nothing here", sentence, go=(home, "To the pages"), is_dark=theme_of(self)))
