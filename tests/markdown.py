"""Reads Markdown as far as tests need it: fenced blocks, sections, prose lines and links."""

from __future__ import annotations

import re
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def blocks(path: Path, language: str) -> list[str]:
    """Return the content of every fenced block of that language."""
    return [body for name, body in _FENCE.findall(path.read_text("utf-8")) if name == language]


def sections(path: Path) -> dict[str, str]:
    """Return the text below each second-level heading, without backquotes in the heading."""
    parts = re.split(r"^## (.+)$", path.read_text("utf-8"), flags=re.MULTILINE)
    return {heading.strip().replace("`", ""): text for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def prose(path: Path) -> list[str]:
    """Return the lines that are sentences: no code, no tables, no headings."""
    text = _FENCE.sub("", path.read_text("utf-8"))
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("|", "#", "!["))]


def links(path: Path) -> list[str]:
    """Return the targets of links and pictures within the repository."""
    return [target.partition("#")[0] for target in _LINK.findall(path.read_text("utf-8")) if "://" not in target]
