"""The keys of every page, as its help lists them; js/deck/keys.js and js/deck/deck.js bind them."""

from __future__ import annotations

from typing import Final

__all__ = ["KEYS"]

KEYS: Final = (
    (("Space",), "play or pause"),
    (("←", "→"), "step back, step on, by what the deck says: bar, tick, alert, gap or marker"),
    ((",", "."), "one bar back, one bar on"),
    (("Shift ←", "Shift →"), "the alert before, the next one"),
    (("[", "]"), "the marker before, the next one"),
    (("↑", "↓"), "faster, slower"),
    (("1", "…", "9", "0"), "speed: 1, 2, 5, 10, 30, 60, 120, 300 and 1000 times, 0 as fast as possible"),
    (("f",), "follow the newest bar again"),
    (("g",), "go to a date"),
    (("l",), "loop, or stop looping"),
    (("m",), "mark this moment, with a note"),
    (("c",), "copy a link to this moment"),
    (("b",), "leave the presenter to look around, and return"),
    (("?",), "this help"),
    (("Esc",), "close what is open"),
)
"""The keys, and what they do; none of them while one types in a field."""
