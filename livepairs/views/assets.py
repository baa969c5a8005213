"""The files beside the code that go to the browser: scripts, styles and markup of our own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["markup", "module", "script", "stylesheet"]

_HERE = Path(__file__).parent


@cache
def stylesheet(name: str) -> str:
    """Return one of our styles."""
    return (_HERE / "css" / f"{name}.css").read_text(encoding="utf-8")


@cache
def script(name: str) -> str:
    """Return one of our scripts, as the body of a Bokeh callback."""
    return (_HERE / "js" / f"{name}.js").read_text(encoding="utf-8")


def module(name: str) -> Path:
    """Return where one of our scripts is that is a whole module of a component."""
    return _HERE / "js" / f"{name}.js"


@cache
def markup(name: str) -> str:
    """Return one of our pieces of HTML."""
    return (_HERE / "html" / f"{name}.html").read_text(encoding="utf-8")
