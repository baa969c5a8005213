"""Heads of Parquet pages that no writer makes: refused, and at once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from livepairs.stores.parquet_pages import page_sizes

ENDLESS = b"\xff" * 8 + b"\x7f"
"""The largest number that a list may say it is long."""


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"\x19\xf1" + ENDLESS, "a list that has no end"),  # of booleans, a byte each
        (b"\x19\xf7" + ENDLESS, "a list that has no end"),  # of doubles
        (b"\x15" + b"\xff" * 40, "a number that has no end"),
        (b"\x15\x00" * 8, "no end"),
        (b"\x1c" * 40, "a head of another kind"),  # structs in structs
        (b"\x00" * 40, "without a size"),
    ],
)
def test_a_head_that_no_writer_makes_is_refused(tmp_path: Path, head: bytes, says: str) -> None:
    path = tmp_path / "page"
    path.write_bytes(head)
    with pytest.raises(ValueError, match=says):
        list(page_sizes(path, one_column(len(head))))


def one_column(size: int) -> Any:
    """Return what is asked of a file's metadata, for a file that is one column and nothing else."""
    column = SimpleNamespace(data_page_offset=0, dictionary_page_offset=None, total_compressed_size=size)
    group = SimpleNamespace(column=lambda _number: column)
    return SimpleNamespace(num_row_groups=1, num_columns=1, row_group=lambda _number: group)
