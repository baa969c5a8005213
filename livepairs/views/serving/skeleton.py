"""What is on the screen before the page is: its own outline in grey, in the right theme, instead of a spinner.

The template extends panel-material-ui's; only its loader is replaced. It is plain HTML and CSS, there with the first
byte, and goes away once the page has been drawn. The script with which one page turns to the next is in it too.
"""

from __future__ import annotations

from typing import Final

from livepairs.views.assets import markup, script

__all__ = ["TEMPLATE"]

TEMPLATE: Final = markup("skeleton").replace("{{ turn }}", script("turn"))
