"""The rules on the alerts page: written with mistakes in their place, rehearsed while a number moves, saved, restored.

What is typed is a draft of this visitor; only saving makes it the rules of every run. Reading rules and rehearsing them
is done on threads, never on the server's loop.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

import param

from livepairs.alerts.mistake import RuleError
from livepairs.alerts.reading import read_rules
from livepairs.alerts.rule import Rule, RuleSet
from livepairs.errors import AccessError, ConfigError, LivepairsError
from livepairs.hub import Hub, Run
from livepairs.views import numbers
from livepairs.views.alerts.rehearsaltext import rehearsed_as
from livepairs.views.alerts.rowskept import rows_of
from livepairs.views.alerts.ruletext import Dial, dials_of, line_of, with_armed, with_number
from livepairs.views.aside import Aside
from livepairs.views.assets import script, stylesheet
from livepairs.views.component import Talking
from livepairs.views.frame.visitor import is_permitted, permit

if TYPE_CHECKING:
    from livepairs.recorded_rows import Rows
    from livepairs.rehearse_recording import Rehearsed
    from livepairs.runparams import RunParams
    from livepairs.stores.recording import Recording

__all__ = ["RuleDesk", "RulePiece"]

LONGEST: Final = 400_000
"""Characters a browser may send as rules."""

SHOWN_VERSIONS: Final = 30


Read = tuple[str, RuleSet | None, dict[str, Any]]
"""A draft, its rules if it is valid, and its mistake if it is not."""


class RulePiece(Talking):
    """The editor, the list of rules, and the rehearsal with a slider for each number.

    Parameters
    ----------
    act
        Called with what the browser sent, a mapping with ``act`` and whatever belongs to it.
    """

    text = param.String(default="", doc="The draft, where the server changed it last.")
    version = param.String(default="", doc="Version of the rules in force.")
    is_changed = param.Boolean(default=False, doc="Whether the draft differs from the rules in force.")
    rules = param.List(default=[], doc="The rules of the draft: name, level, armed, when, line.")
    chosen = param.Integer(default=0, doc="Which of them is rehearsed.")
    mistake = param.Dict(default={}, doc="line, column, length and words; empty for none.")
    notice = param.Dict(default={}, doc="What became of the last thing asked for: words and whether it went wrong.")
    versions = param.List(default=[], doc="(version, when, by whom) of what was in force, newest first.")
    recordings = param.List(default=[], doc="(name, what it holds) of those there are.")
    over = param.List(default=[], doc="Names of those the rule is rehearsed over.")
    costs_bps = param.Number(default=12.0, doc="Costs of getting in and out.")
    dials = param.List(default=[], doc="The chosen rule's numbers: label, value, least, most, step.")
    result = param.Dict(default={}, doc="What the rehearsal has found, as rehearsaltext makes it.")
    stage = param.String(default="", doc="What is being done; empty for nothing.")
    can_change = param.Boolean(default=False, doc="Whether a visitor may save.")
    stamp = param.Integer(default=0, doc="Goes up when the server has changed the draft.")

    _esm: ClassVar[str] = script("make") + script("ruledesk")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("ruledesk")]


class RuleDesk:
    """One visitor's work on the rules.

    Parameters
    ----------
    hub
        Has the rulebook and the library.
    run
        The run that is watched: its recording is the first to be rehearsed over, with its windows.
    notify
        Called on the server's loop when the page is to be refreshed.
    """

    def __init__(self, hub: Hub, run: Run, notify: Callable[[], None]) -> None:
        self._hub, self._run, self._notify = hub, run, notify
        self._reading: Aside[Read] = Aside(notify)
        self._rehearsing: Aside[Rehearsed] = Aside(notify)
        self._listing: Aside[dict[str, Any]] = Aside(notify)
        self._rules: RuleSet | None = None
        self._in_force = ""
        self._draft = ""
        self._stage = ""
        self._dials: list[Dial] = []
        self._values: dict[int, float] = {}
        self._is_open = self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        over = [run.recording.name] if run.recording is not None else []
        self.view = RulePiece(
            self._act, name="rules", over=over, can_change=is_permitted("rules", hub.gate),
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def open(self) -> None:
        """Begin; before that it costs nothing."""
        self._is_open = True
        self._loop = asyncio.get_running_loop()
        self._listing.ask(self._list)
        self.refresh()

    def refresh(self) -> None:
        """Show what has come."""
        if not self._is_open:
            return
        book = self._hub.rulebook
        if book.current.version != self._in_force:
            is_untouched = self._draft == "" or not self.view.is_changed
            self._in_force = book.current.version
            self._listing.ask(self._list)
            if is_untouched:
                self._write(book.text)
        self._take()
        self.view.param.update(
            stage=self._stage, version=self._in_force, is_changed=self._draft.strip() != book.text.strip()
        )

    def close(self) -> None:
        """Let go; the page is gone."""
        self._is_closed = True
        for aside in (self._reading, self._rehearsing, self._listing):
            aside.close()

    def _take(self) -> None:
        read, listed, rehearsed = self._reading.take(), self._listing.take(), self._rehearsing.take()
        if isinstance(read, tuple) and read[0] == self._draft:
            self._show_rules(read[1], read[2])
        if isinstance(listed, dict):
            self.view.param.update(**listed)
        if isinstance(rehearsed, LivepairsError):
            self._stage = ""
            self.view.result = {"problem": _sentence(rehearsed)}
        elif rehearsed is not None:
            if not self._rehearsing.is_busy:
                self._stage = ""
            self.view.result = rehearsed_as(rehearsed)

    # --- what the browser asks for ------------------------------------------------------------------------------------

    def _act(self, message: Mapping[str, Any]) -> None:
        act = message.get("act")
        acts: dict[object, Callable[[], None]] = {
            "open": self.open,
            "draft": lambda: self._read(str(message["text"])[:LONGEST]),
            "choose": lambda: self._choose(int(message["rule"])),
            "move": lambda: self._move(
                int(message["dial"]), float(message["value"]), is_done=bool(message.get("done"))
            ),
            "over": lambda: self._over([str(name) for name in message["names"]], float(message["costs"])),
            "arm": lambda: self._arm(int(message["rule"]), is_armed=bool(message["armed"])),
            "save": lambda: self._save(self._draft),
            "restore": lambda: self._restore(str(message["version"])),
            "revert": lambda: self._write(self._hub.rulebook.text),
        }
        try:
            acts[act]()
        except (AccessError, ConfigError) as error:
            self.view.notice = {"words": _sentence(error), "is_bad": True}
        except (KeyError, ValueError, TypeError, IndexError, OverflowError):
            return  # a browser can send anything; what the page sends is well formed
        self.refresh()

    def _read(self, text: str) -> None:
        self._draft = text
        self.view.notice = {}
        self._reading.ask(lambda: _read(text))

    def _write(self, text: str) -> None:
        """Change the draft from here."""
        self._read(text)
        self.view.param.update(text=text, stamp=self.view.stamp + 1)

    def _save(self, text: str) -> None:
        who = permit("rules", self._hub.gate)
        saved = self._hub.rulebook.save(text, who.name)
        words = f"Saved as {saved.version}; in force from the next closed bar."
        self.view.notice = {"words": words, "is_bad": False}
        self._listing.ask(self._list)

    def _arm(self, rule: int, *, is_armed: bool) -> None:
        text = with_armed(self._draft, rule, is_armed=is_armed)
        if text is None:
            raise ConfigError("this rule is written in a way the switch cannot change; write armed = false yourself")
        is_clean = not self.view.is_changed
        self._write(text)
        if is_clean:  # a switch is thrown at once, unless there is a draft that is not to be saved with it
            self._save(text)

    def _restore(self, version: str) -> None:
        text = self._hub.rulebook.text_of(version)
        if text is None:
            raise ConfigError(f"version {version!r} is not kept any more; choose another")
        self._write(text)
        self.view.notice = {
            "words": f"This is version {version}, as a draft; save it to put it in force.",
            "is_bad": False,
        }

    def _choose(self, rule: int) -> None:
        self.view.param.update(chosen=rule, result={})  # figures of another rule under its name would be a lie
        self._values.clear()
        self._show_dials()
        self._rehearse()

    def _move(self, dial: int, value: float, *, is_done: bool) -> None:
        if not math.isfinite(value) or not 0 <= dial < len(self._dials):
            return
        self._values[dial] = value
        text = with_number(self._draft, self.view.chosen, self._dials[dial], value) if is_done else None
        if text is not None:
            self._values.pop(dial)
            self._write(text)
        else:
            self._rehearse()

    def _over(self, names: list[str], costs_bps: float) -> None:
        if not 0 <= costs_bps <= 1_000:
            raise ConfigError("costs are 0 to 1,000 basis points")
        self.view.param.update(over=names[:20], costs_bps=costs_bps)
        self._rehearse()

    # --- rules and rehearsal ------------------------------------------------------------------------------------------

    def _show_rules(self, rules: RuleSet | None, mistake: dict[str, Any]) -> None:
        self.view.mistake = mistake
        if rules is None:
            return
        self._rules = rules
        chosen = min(self.view.chosen, max(0, len(rules.rules) - 1))
        self.view.param.update(
            chosen=chosen,
            rules=[
                {"name": rule.name, "level": rule.level, "armed": rule.is_armed, "when": rule.when,
                 "line": line_of(self._draft, number)}
                for number, rule in enumerate(rules.rules[:500])
            ],
        )  # fmt: skip
        self._show_dials()
        self._rehearse()

    def _rule(self) -> Rule | None:
        rules = () if self._rules is None else self._rules.rules
        return rules[self.view.chosen] if 0 <= self.view.chosen < len(rules) else None

    def _show_dials(self) -> None:
        rule = self._rule()
        self._dials = [] if rule is None else dials_of(rule)
        self.view.dials = [
            {"label": dial.label, "key": dial.key, "value": dial.value, "least": dial.least, "most": dial.most,
             "step": dial.step}
            for dial in self._dials
        ]  # fmt: skip

    def _moved(self, rule: Rule) -> Rule:
        """Return the rule with its numbers where the sliders are."""
        for place, value in self._values.items():
            dial = self._dials[place]
            condition = rule.fires if dial.key == "when" else rule.clears
            assert condition is not None  # it had this number when the sliders were made
            number = condition.numbers[dial.place]
            text = f"{condition.text[: number.start]}{value!r}{condition.text[number.end :]}"
            rule = replace(rule, when=text) if dial.key == "when" else replace(rule, clear=text)
        return rule

    def _rehearse(self) -> None:
        rule = self._rule()
        if rule is None:
            self.view.result = {"problem": "There is no rule to rehearse."}
            return
        if not self.view.over:
            self.view.result = {"problem": "Choose a recording to rehearse over."}
            return
        moved, names, costs = self._moved(rule), list(self.view.over), self.view.costs_bps

        def make() -> Rehearsed:
            from livepairs.rehearse_recording import rehearse

            return rehearse(moved, [self._rows(name, moved) for name in names], costs_bps=costs)

        if not self._rehearsing.is_busy:
            self._stage = "" if self.view.result.get("tiles") else _preparing()
        self._rehearsing.ask(make)

    def _rows(self, name: str, rule: Rule) -> Rows:
        def tell(stage: str, share: float) -> None:
            if self._is_closed or self._hub.is_stopping:
                raise ConfigError("the page is gone, and nobody waits for this replay")
            self._say(f"{stage}: {share:.0%}")

        recording = self._recording(name)
        return rows_of(recording, self._params(recording), healed=self._run.is_healed, reads=rule.columns, tell=tell)

    def _say(self, stage: str) -> None:
        """Show what is being done; from any thread."""
        if stage == self._stage:
            return
        self._stage = stage
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._notify, context=contextvars.Context())

    def _recording(self, name: str) -> Recording:
        for played in (self._run.recording, self._hub.recording):
            if played is not None and played.name == name:
                return played
        return self._hub.library.shelf.open(name)

    def _params(self, recording: Recording) -> RunParams:
        params = self._run.params
        symbols = recording.symbols
        pairs = tuple(pair for pair in params.pairs if pair.y in symbols and pair.x in symbols)
        if not pairs:
            raise ConfigError(
                f"recording {recording.name!r} has none of this run's pairs; it has {', '.join(symbols[:8])}: "
                "open it, and rehearse there"
            )
        return replace(params, pairs=pairs, rules=None)

    def _list(self) -> dict[str, Any]:
        """Return versions and recordings; both are read from disk."""
        versions = [
            (entry.version, numbers.day_clock(entry.saved_us), entry.who)
            for entry in self._hub.rulebook.versions()[:SHOWN_VERSIONS]
        ]
        played = self._run.recording
        found = {} if played is None else {played.name: played}
        for entry in self._hub.library.shelf.entries():
            if entry.recording is not None:
                found.setdefault(entry.name, entry.recording)
        return {"versions": versions, "recordings": [(name, _about(made)) for name, made in found.items()]}


def _preparing() -> str:
    # Here and not above: the page does without kernels until something is rehearsed.
    from livepairs.stats.compiled import is_ready

    return "Preparing the replay" if is_ready() else "Compiling for the first replay, once after an update"


def _read(text: str) -> Read:
    try:
        return text, read_rules(text, name="rules"), {}
    except RuleError as error:
        place = error.place
        words = f"{error.problem[:1].upper()}{error.problem[1:]}."
        return text, None, {
            "line": error.line, "column": error.column, "length": 1 if place is None else max(1, place.length),
            "words": words,
        }  # fmt: skip


def _about(recording: Recording) -> str:
    span_s = (recording.end_us - recording.start_us) / 1e6
    return f"{', '.join(recording.symbols[:3])} · {numbers.duration(span_s)}"


def _sentence(error: LivepairsError) -> str:
    text = str(error).splitlines()[0]
    return f"{text[:1].upper()}{text[1:]}."
