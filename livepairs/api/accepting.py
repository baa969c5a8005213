"""Which of the formats on offer an ``Accept`` header wants (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from typing import Final

__all__ = ["ARROW", "CSV", "FOLLOWED", "HTML", "JSON", "choose"]

JSON: Final = "application/json"
CSV: Final = "text/csv"
ARROW: Final = "application/vnd.apache.arrow.stream"
FOLLOWED: Final = "text/event-stream"
HTML: Final = "text/html"


def choose(accept: str, offered: tuple[str, ...]) -> str | None:
    """Return the media type the header likes best; of two it likes alike the one offered first.

    Parameters
    ----------
    accept
        The header; empty accepts anything.
    offered
        Media types, the most usual first.

    Returns
    -------
    str or None
        None if it takes none of them.

    Examples
    --------
    >>> choose("text/csv;q=0.5, application/*", ("application/json", "text/csv"))
    'application/json'
    >>> choose("image/png", ("application/json", "text/csv")) is None
    True
    """
    ranges = [_range(part) for part in accept.split(",") if part.strip()] or [("*/*", 1.0)]
    liked = [(_weight(media, ranges), media) for media in offered]
    best = max(weight for weight, _ in liked)
    return next(media for weight, media in liked if weight == best) if best > 0 else None


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weights = [piece[2:] for piece in parameters if piece.startswith("q=")]
    try:
        return name, min(1.0, max(0.0, float(weights[0]))) if weights else 1.0
    except ValueError:
        return name, 0.0


def _weight(media: str, ranges: list[tuple[str, float]]) -> float:
    """Return the weight of the most specific range that covers the media type."""
    for name in (media, f"{media.partition('/')[0]}/*", "*/*"):
        weights = [weight for given, weight in ranges if given == name]
        if weights:
            return max(weights)
    return 0.0
