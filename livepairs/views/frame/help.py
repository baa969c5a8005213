"""The help of a page: what each of its figures means, with the formula, and the keys."""

from __future__ import annotations

from typing import ClassVar

import param

from livepairs.hub import Run
from livepairs.views import pages
from livepairs.views.assets import script, stylesheet
from livepairs.views.component import Lively
from livepairs.views.deck.keys import KEYS
from livepairs.views.frame.glossary import explained

__all__ = ["Help", "help_of"]


class Help(Lively):
    """The button in the header and the dialog that it opens; the window's event ``livepairs-help`` opens it too."""

    title = param.String(default="", doc="What the dialog is headed.")
    terms = param.List(default=[], doc="(name, formula, meaning) of each figure.")
    shortcuts = param.List(default=[], doc="(keys, what they do).")

    _esm: ClassVar[str] = script("make") + script("help")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("help")]


def help_of(page: str, run: Run) -> Help:
    """Return the help of the page of that name, with the parameters of the run."""
    module = pages.found()[page]
    return Help(
        title=f"The figures on {module.TITLE}",
        terms=[list(term) for term in explained(module.FIGURES, run.params)],
        shortcuts=[[list(pressed), does] for pressed, does in KEYS],
        margin=0,
    )
