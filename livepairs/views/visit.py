"""What the address of a page says: run, recording, pair and theme; and the query that carries it to the next page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

import panel as pn

from livepairs.hub import Run, get_hub
from livepairs.schema import Pair

__all__ = ["THEME_COOKIE", "Visit", "arrive", "asked"]

THEME_COOKIE = "livepairs-theme"


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a run.

    Parameters
    ----------
    run
        The run that is watched.
    pair
        The pair that is shown.
    is_dark
        Whether the visitor left the last page dark.
    """

    run: Run
    pair: Pair
    is_dark: bool

    @property
    def run_query(self) -> dict[str, str]:
        """What finds this run again; its recording is named too, to begin it anew once it is over."""
        query = {} if self.run.kind == "live" else {"run": self.run.id}
        return {**query, "recording": self.run.listed} if self.run.listed else query

    @property
    def query(self) -> str:
        """The query string that finds this run and pair again."""
        query = self.run_query
        if self.pair != self.run.params.pairs[0]:
            query["pair"] = str(self.pair)
        return urlencode(query, safe="/")


def arrive() -> Visit:
    """Open the run that the address asks for, or a private one; a pair it does not compute yet is added to it.

    Raises
    ------
    LivepairsError
        If there is no run to be had: no source, too many runs, or a pair or a recording that is not there.
    """
    wanted = _argument("pair")
    pair = Pair.parse(wanted) if wanted else None
    run = get_hub().open(_argument("run"), pair, _argument("recording") or None)
    return Visit(run, pair or run.params.pairs[0], is_dark=is_dark())


def is_dark() -> bool:
    """Say whether the visitor's last page was dark; an explicit ``?theme=`` wins."""
    theme = _argument("theme") or (pn.state.cookies or {}).get(THEME_COOKIE)
    return theme == "dark"


def asked() -> dict[str, str]:
    """Return everything the address says, text by name; of a name said twice the first."""
    return {name: text for name in pn.state.session_args or {} if (text := _argument(name)) is not None}


def _argument(name: str) -> str | None:
    values = (pn.state.session_args or {}).get(name)
    if not values:
        return None
    value = values[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
