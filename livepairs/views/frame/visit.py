"""What the address of a page says: run, recording, pair and theme; and the query that carries it to the next page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode

import panel as pn

from livepairs.hub import Run, get_hub
from livepairs.hub.opening import measures_of
from livepairs.moment import DIGEST_LETTERS, Measures, Moment, read_moment, to_query
from livepairs.schema import Pair
from livepairs.views.frame.visitor import permit

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
    measures
        What the address says is computed; pages of the same run say it too.
    control, back
        The token of a control link, and the presented run that was left to look around; empty for none.
    """

    run: Run
    pair: Pair
    is_dark: bool
    measures: Measures = field(default_factory=Measures)
    control: str = ""
    back: str = ""

    @property
    def run_query(self) -> dict[str, str]:
        """What finds this run again; its recording is named too, to begin it anew once it is over."""
        query = {} if self.run.kind == "live" else {"run": self.run.id}
        query |= {"recording": self.run.listed} if self.run.listed else {}
        # Healed or not can be switched while the run lives, so the address must not insist on it.
        query |= dict(parse_qsl(to_query(Moment(measures=replace(self.measures, healed=None)))))
        return query | ({"back": self.back} if self.back else {})

    @property
    def query(self) -> str:
        """The query string that finds this run and pair again."""
        return self.query_with(self.control)

    def query_with(self, control: str) -> str:
        """Return the query string that does, with the token of a control link, if there is one."""
        query = self.run_query
        if self.pair != self.run.params.pairs[0]:
            query["pair"] = str(self.pair)
        return urlencode(query | ({"control": control} if control else {}), safe="/")

    @property
    def lasting(self) -> Moment:
        """What a link to this run's numbers says that does not change from moment to moment."""
        recording = self.run.recording
        if recording is None:
            return Moment(pair=self.pair)
        return Moment(
            recording=recording.name,
            digest=recording.digest[:DIGEST_LETTERS],
            pair=self.pair,
            measures=measures_of(self.run.params, healed=self.run.is_healed),
        )

    def moment(self) -> Moment:
        """Return what is on the screen now, but for the window of the charts, which the browser alone knows."""
        state = self.run.state
        if self.run.recording is None:
            return self.lasting
        return replace(self.lasting, at_us=state.now_us, speed=state.speed, plays=state.status == "playing")


def arrive() -> Visit:
    """Open the run that the address asks for, or a private one; a pair it does not compute yet is added to it.

    Raises
    ------
    LivepairsError
        If there is no run to be had: no source, too many runs, or something the address asks for is not there; or if
        nobody has asked who the visitor is, where visitors sign in.
    """
    said = asked()
    moment = read_moment(said)
    watcher = permit("look")
    run = get_hub().open_moment(moment)
    run.stage.claim(watcher.key)
    return Visit(
        run,
        moment.pair or run.params.pairs[0],
        is_dark=is_dark(),
        measures=moment.measures,
        control=said.get("control", ""),
        back=said.get("back", ""),
    )


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
