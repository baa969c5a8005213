"""The colours of the screen: chosen once, readable on light and dark, and told apart by colour-blind eyes.

Every colour drawn inside a plot has a contrast of at least 3:1 on both backgrounds, because a theme switch restyles
axes and grids but not what we draw ourselves. Up and down differ in fill as well (hollow, solid), not in colour alone.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["ACCENT", "BARE_STYLE", "DOWN", "LEG_X", "LEG_Y", "MUTED", "PAGE_STYLE", "PAPER", "SECOND", "THEME", "UP"]

UP: Final = "#0f9b8e"
DOWN: Final = "#d9531e"
LEG_Y: Final = "#2f80d0"
LEG_X: Final = "#b98009"
ACCENT: Final = "#2f80d0"
SECOND: Final = "#a05fc4"
MUTED: Final = "#7d8590"

PAPER: Final = {"light": "#ffffff", "dark": "#11151a"}
"""What the charts are drawn on."""

_FONT: Final = "Inter, Roboto, system-ui, -apple-system, 'Segoe UI', sans-serif"


def _scheme(*, page: str, paper: str, text: str, quiet: str, primary: str) -> dict[str, Any]:
    return {
        "palette": {
            "primary": {"main": primary},
            "background": {"default": page, "paper": paper},
            "text": {"primary": text, "secondary": quiet},
        },
        "typography": {"fontFamily": _FONT, "fontSize": 13},
        "shape": {"borderRadius": 6},
    }


THEME: Final = {
    "light": _scheme(page=PAPER["light"], paper=PAPER["light"], text="#1b2027", quiet="#59636e", primary="#1f6fbf"),
    "dark": _scheme(page=PAPER["dark"], paper=PAPER["dark"], text="#e3e7ec", quiet="#9aa4af", primary="#5aa5ea"),
}
"""The two schemes, in the form panel-material-ui takes."""

PAGE_STYLE: Final = {
    "& .header": {
        "backgroundColor": "background.paper",
        "backgroundImage": "none",
        "color": "text.primary",
        "boxShadow": "none",
        "borderBottom": "1px solid",
        "borderColor": "divider",
    },
    "& .header .title": {
        "color": "text.primary",
        "fontSize": "15px",
        "fontWeight": 700,
        "letterSpacing": "-0.01em",
        "display": {"xs": "none", "md": "flex"},
    },
    "& .MuiToolbar-root": {"minHeight": "48px !important", "paddingLeft": "12px", "paddingRight": "8px"},
    "& .MuiToolbar-root > .MuiBox-root": {"minWidth": 0},
    "& .main-content": {"overflowX": "hidden"},
}
"""What makes the frame calm: a bar in the page's own colour with a hairline, instead of a coloured slab."""

BARE_STYLE: Final = {"& .header": {"display": "none"}, "& .MuiToolbar-root": {"display": "none"}}
"""What a page inside a host's own is without: its header, and the room for it."""
