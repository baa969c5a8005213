"""The form of the backtest page, and what its browser side may say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import param

from livepairs.views.assets import module, stylesheet
from livepairs.views.backtest.backtestplan import FIELDS, SO_FAR, Plan, as_texts
from livepairs.views.component import Talking

__all__ = ["BacktestForm", "backtest_form"]


class BacktestForm(Talking):
    """Parameters as fields, with Run, Cancel and Defaults.

    Parameters
    ----------
    act
        Called with ``run`` and the texts of the fields, or with ``cancel`` or ``defaults`` and nothing.
    """

    fields = param.List(default=[], doc="The inputs: the fields of backtestplan.Field, and choices as pairs.")
    values = param.Dict(default={}, doc="Text by field; setting it fills the form.")
    errors = param.Dict(default={}, doc="Sentence by field.")
    query = param.Dict(default={}, doc="What the address carries beside the run and the pair.")
    busy = param.Boolean(default=False, doc="Whether a backtest is under way.")
    progress = param.Number(default=0.0, bounds=(0.0, 1.0), doc="How far it is.")
    stage = param.String(default="", doc="What it is doing.")

    _esm: ClassVar[Path] = module("runform")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("runform")]

    verb = param.String(default="Run", doc="What its button says.")
    title = param.String(default="Parameters", doc="What opens it on a phone.")

    def heard(self, message: Mapping[str, Any]) -> None:
        """Take in which button was pressed, with the fields."""
        values = message.get("values")
        if message.get("act") == "run" and isinstance(values, dict):
            self._act("run", values)
        elif message.get("act") in ("cancel", "defaults"):
            self._act(message["act"], {})


def backtest_form(
    act: Callable[[str, dict[str, Any]], None], plan: Plan, *, is_live: bool, errors: dict[str, str]
) -> BacktestForm:
    """Return the form of one backtest.

    Parameters
    ----------
    act
        See ``BacktestForm``.
    plan
        What it shows at first.
    is_live
        Whether there is no recording of which one could take the whole.
    errors
        Sentence by field.
    """
    fields = [asdict(field) for field in FIELDS]
    if is_live:
        fields[0]["choices"] = [choice for choice in FIELDS[0].choices if choice[0] == SO_FAR]
    return BacktestForm(act, fields=fields, values=as_texts(plan), errors=errors, margin=0)
