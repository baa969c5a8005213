"""The scanner's own pieces of HTML: the table with its tools, and what is said beside it.

Their content is set before ``stamp``, which the browser waits for, so that it draws a change once and whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import param

from livepairs.views.assets import module, stylesheet
from livepairs.views.component import Lively, Talking

__all__ = ["ScanBoard", "ScanNews"]


class ScanBoard(Talking):
    """The table of pairs: its tools, its header, and the rows in view of however many there are.

    Parameters
    ----------
    act
        Called with what the browser sent, a mapping with ``act`` and whatever belongs to it.
    """

    rows = param.List(default=[], doc="The rows sent, as scanrows.rows_of makes them.")
    first = param.Integer(default=0, doc="Place of the first of them.")
    total = param.Integer(default=0, doc="How many rows the filters let through.")
    counts = param.Dict(default={}, doc="How many pairs each filter lets through by itself, as text.")
    shown = param.String(default="", doc="How many are shown of how many.")
    when = param.String(default="", doc="What the scan covers.")
    took = param.String(default="", doc="How long it took.")
    message = param.String(default="", doc="A sentence in place of the rows.")
    choices = param.Dict(default={}, doc="(value, text) of what may be chosen: interval, window, lags.")
    chosen = param.Dict(default={}, doc="What is.")
    query = param.String(default="", doc="Query string of the links; the pair is added.")
    stamp = param.Integer(default=0, doc="Goes up with each change.")

    _esm: ClassVar[Path] = module("scanboard")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("scanboard")]


class ScanNews(Lively):
    """How many tests were made, what could not be tested, and who entered and left."""

    tested = param.List(default=[], doc="Pieces of text, each with its tooltip or an empty one.")
    notes = param.String(default="", doc="What was filled or left out.")
    changes = param.List(default=[], doc="Who entered and left, newest first.")
    since = param.String(default="", doc="What to say where nobody did.")
    query = param.String(default="", doc="Query string of the links; the pair is added.")
    stamp = param.Integer(default=0, doc="Goes up with each change.")

    _esm: ClassVar[Path] = module("scannews")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("scannews")]
