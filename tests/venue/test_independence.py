"""The local exchange was written from the facts: it takes nothing from the client it is held against."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from livepairs import venue

FORBIDDEN = ("livepairs.exchanges", "livepairs.sources.live", "livepairs.sources.opening")


@pytest.mark.parametrize("path", sorted(Path(venue.__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_venue_imports_nothing_of_the_client(path: Path):
    tree = ast.parse(path.read_text("utf-8"))
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert [module for module in named if module.startswith(FORBIDDEN)] == []
