"""How the app presents itself outside its pages: the icon of the tab, and the card that a shared link unfolds to."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tornado.web import RequestHandler

__all__ = ["CARD", "DESCRIPTION", "ICON", "Card", "card_of"]

_HERE = Path(__file__).parent.parent / "images"

ICON: Final = _HERE / "icon.svg"
"""Two lines that part."""

DESCRIPTION: Final = "Two instruments that move together, live and replayed: spread, z-score, alerts and backtest."

CARD: Final = "card.png"
"""Where the picture of the card is served, and its file; ``make pictures`` draws it."""


class Card(RequestHandler):
    """The picture of the card; it shows the bundled recording and is no secret."""

    is_public = True

    def get(self) -> None:
        self.set_header("Content-Type", "image/png")
        self.set_header("Cache-Control", "public, max-age=86400")
        self.finish((_HERE / CARD).read_bytes())


def card_of(request: Any) -> dict[str, str]:  # Tornado's request
    """Return what the page's template says of itself to whoever unfolds a link to it."""
    folder = request.path.rpartition("/")[0]
    return {"description": DESCRIPTION, "card": f"{request.protocol}://{request.host}{folder}/{CARD}"}
