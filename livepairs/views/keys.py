"""The keys of every page, as its help lists them; js/deck.js binds them."""

from __future__ import annotations

from typing import Final

__all__ = ["KEYS"]

KEYS: Final = (
    (("Space",), "play or pause"),
    (("←", "→"), "one bar back, one bar on"),
    ((",", "."), "the alert before, the next one"),
    (("1", "…", "9"), "speed, from slow to as fast as possible"),
    (("f",), "follow the newest bar again"),
    (("?",), "this help"),
    (("Esc",), "close what is open"),
)
"""The keys, and what they do; none of them while one types in a field."""
