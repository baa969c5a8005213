"""The pages, one file each: found here without being listed.

A page module has ``TITLE`` (its name in the navigation), ``ORDER`` (its place there), ``EXTENSIONS`` (what Panel must
send besides itself), ``FIGURES`` (the terms of ``glossary`` that its help explains) and ``page()``, which returns the
whole page for the session being created. The file's name is its path in the address.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

__all__ = ["PageModule", "found", "titled"]


class PageModule(Protocol):
    """What a page file must have."""

    TITLE: str
    ORDER: int
    EXTENSIONS: tuple[str, ...]
    FIGURES: tuple[str, ...]

    def page(self) -> Any:  # a panel-material-ui Page, which has no types
        """Return the page for the session being created."""


@cache
def found() -> dict[str, PageModule]:
    """Return the pages by the name they have in the address, in the order of the navigation."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    modules = {name: cast(PageModule, import_module(f"{__name__}.{name}")) for name in names}
    return dict(sorted(modules.items(), key=lambda item: (item[1].ORDER, item[0])))


def titled(page: PageModule) -> str:
    """Return what the browser's tab says of a page."""
    return f"{page.TITLE} · livepairs"
