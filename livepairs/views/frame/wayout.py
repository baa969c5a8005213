"""Where there is nothing to show: why, and buttons for what one can do about it.

An address that cannot be opened gets it instead of a page; a live feed from which nothing has come yet gets it above
its empty charts, until the first trade.
"""

from __future__ import annotations

from html import escape
from typing import Final

import panel as pn
from panel.viewable import Viewable

from livepairs.errors import LivepairsError
from livepairs.hub import Run, get_hub
from livepairs.views.assets import stylesheet
from livepairs.views.frame.feedtext import trouble_of

__all__ = ["Silence", "way_out"]


def way_out(heading: str, reason: str, *, is_full: bool = False) -> Viewable:
    """Return the reason with the ways on, in place of a page; where the server is full, all one can do is try again."""
    return _pane(_box(heading, reason, _link(*_AGAIN)) if is_full else _markup(heading, reason))


class Silence:
    """What is said of a live feed as long as nothing at all has come from it.

    Parameters
    ----------
    run
        The run that is watched.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._said = ""
        self._has_begun = False
        # Made now and only changed later: what is made outside a page's building asks another host for its styles.
        self.view = _pane("")
        self.view.visible = False

    def refresh(self) -> None:
        """Say it, or go away for good once something has come."""
        if self._has_begun:
            return
        self._has_begun = bool(self._run.status.trades)
        said = "" if self._has_begun else trouble_of(self._run)
        if said == self._said:
            return
        self._said = said
        if said:
            self.view.object = _markup(f"Nothing has come from {self._run.label} yet", said)
        self.view.visible = bool(said)


def _pane(html: str) -> pn.pane.HTML:
    return pn.pane.HTML(html, stylesheets=[stylesheet("wayout")], sizing_mode="stretch_width", margin=0)


def _markup(heading: str, reason: str) -> str:
    links = "".join(_link(*way) for way in _ways())
    hint = "Or serve another source: <code>livepairs serve RECORDING</code>, or a venue as "
    venue = "<code>livepairs serve binance-um:BTCUSDT,ETHUSDT</code>."
    return _box(heading, reason, links, f"<small>{hint}{venue}</small>")


def _box(heading: str, reason: str, links: str, more: str = "") -> str:
    sentence = reason[:1].upper() + reason[1:]
    return (
        f'<section class="wayout" role="alert"><h2>{escape(heading)}</h2><p>{escape(sentence)}</p>'
        f"<nav>{links}</nav>{more}</section>"
    )


def _link(to: str, text: str, look: str) -> str:
    return f'<a href="{escape(to)}"{look}>{escape(text)}</a>'


_AGAIN: Final = ("", "Try again", "")


def _ways() -> list[tuple[str, str, str]]:
    """Return address, text and look of each button; what needs the library only where there is one."""
    try:
        names = [entry.name for entry in get_hub().library.shelf.entries() if entry.recording is not None]
    except LivepairsError:
        return [_AGAIN]
    # The latest one; at least the bundled one is always there.
    play = [(f"./spread?recording={names[0]}", f"Play the recording {names[0]}", ' class="main"')] if names else []
    return [*play, ("./recordings", "Choose, upload or record one", ""), _AGAIN]
