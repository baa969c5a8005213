"""What is on the screen before the page is: its own outline in grey, in the right theme, instead of a spinner.

The template extends panel-material-ui's; only its loader is replaced. It is plain HTML and CSS, there with the first
byte, and goes away once the page has been drawn.
"""

from __future__ import annotations

from typing import Final

from livepairs.views.assets import markup

__all__ = ["TEMPLATE"]

TEMPLATE: Final = markup("skeleton")
