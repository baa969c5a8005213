"""The command line as a process: what it waits for when its command has ended."""

from __future__ import annotations

import subprocess
import sys

LINGERING = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from livepairs import __main__ as line
line.PATIENCE_S = 0.1
line._run = lambda arguments: ThreadPoolExecutor(1).submit(time.sleep, 300) and 3
sys.exit(line.main())
"""


def test_a_process_ends_with_its_command_though_a_page_left_work_behind() -> None:
    done = subprocess.run([sys.executable, "-c", LINGERING], timeout=60, check=False)
    assert done.returncode == 3
