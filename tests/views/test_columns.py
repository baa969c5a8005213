"""Growing a browser's data source."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from livepairs.views.columns import STREAMED, empty_source, grow


def rows(*times: float) -> dict[str, np.ndarray]:
    return {"ts": np.array(times), "z": np.array(times) * 2}


def test_rows_are_appended_and_the_oldest_fall_off() -> None:
    source = empty_source("zscore", ["ts", "z"])
    grow(source, rows(1, 2), is_reset=False, rollover=3)
    grow(source, rows(3, 4), is_reset=False, rollover=3)
    assert list(source.data["ts"]) == [2, 3, 4]
    assert list(source.data["z"]) == [4, 6, 8]
    assert source.name == "zscore"


def test_a_reset_replaces_everything_with_the_newest_rows() -> None:
    source = empty_source("zscore", ["ts", "z"])
    grow(source, rows(1, 2), is_reset=False, rollover=3)
    grow(source, rows(5, 6, 7, 8), is_reset=True, rollover=3)
    assert list(source.data["ts"]) == [6, 7, 8]
    grow(source, rows(), is_reset=True, rollover=3)
    assert list(source.data["ts"]) == []


def test_more_rows_than_are_kept_come_in_bulk() -> None:
    source = empty_source("zscore", ["ts", "z"])
    grow(source, rows(1, 2, 3, 4, 5), is_reset=False, rollover=3)
    assert list(source.data["ts"]) == [3, 4, 5]


def test_many_rows_at_once_are_appended_in_bulk_as_few_are_one_by_one() -> None:
    many = np.arange(3.0, STREAMED + 4)
    sources = [empty_source("zscore", ["ts", "z"]) for _ in range(2)]
    for source in sources:
        grow(source, rows(1, 2), is_reset=False, rollover=STREAMED + 2)
    grow(sources[0], rows(*many), is_reset=False, rollover=STREAMED + 2)
    for at in many:
        grow(sources[1], rows(at), is_reset=False, rollover=STREAMED + 2)
    assert isinstance(sources[0].data["ts"], np.ndarray)
    assert list(sources[0].data["z"]) == list(sources[1].data["z"])
    assert list(sources[0].data["ts"]) == [2, *many]


MEANWHILE = """
import sys, threading
import numpy as np
from livepairs.views import columns

source = columns.empty_source("bars", ["ts"])
threading.Thread(target=lambda: __import__("pandas")).start()
while "pandas" not in sys.modules:
    pass
columns.grow(source, {"ts": np.arange(3.0)}, is_reset=False)
print(source.data)
"""


def test_rows_wait_for_a_thread_that_is_importing_pandas(tmp_path: Path) -> None:
    """Bokeh takes what it finds in sys.modules, and half a module has no Series."""
    half = "import time\ntime.sleep(0.3)\nclass Series: ...\nclass DataFrame: ...\nclass Index: ...\n"
    (tmp_path / "pandas.py").write_text(half)
    known = os.environ | {"PYTHONPATH": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", MEANWHILE], env=known, capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "{'ts': [0.0, 1.0, 2.0]}", ran.stderr
