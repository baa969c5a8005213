"""A progress bar on a terminal, and nothing anywhere else; in a file of its own for the commands that show one."""

from __future__ import annotations

import sys
from contextlib import ExitStack

__all__ = ["Progress"]


class Progress:
    """A bar that goes through stages; used as a context."""

    def __enter__(self) -> Progress:
        from tqdm import tqdm
        from tqdm.contrib.logging import logging_redirect_tqdm

        self._redirected = ExitStack()
        if sys.stderr.isatty():
            # A line of the log goes above the bar, not into it.
            self._redirected.enter_context(logging_redirect_tqdm())
        self._bar = tqdm(total=1, disable=not sys.stderr.isatty(), file=sys.stderr, unit_scale=True, leave=False)
        self._stage = ""
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
        self._redirected.close()

    def show(self, stage: str, done: int, total: int, *, unit: str | None = None) -> None:
        """Show that ``done`` of ``total`` are done at this stage; ``total`` may grow."""
        if self._bar.disable:
            return
        if self._stage != stage:
            self._stage = stage
            self._bar.set_description(stage, refresh=False)
            self._bar.unit = unit or ("B" if stage == "reading" else " trades")
            self._bar.reset(total)
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def note(self, text: str) -> None:
        """Show a few words behind the numbers."""
        if not self._bar.disable:
            self._bar.set_postfix_str(text, refresh=False)
