"""What is left of a sweep's best after selection, in figures with their meaning and in a sentence."""

from __future__ import annotations

from html import escape
from typing import Final

from livepairs.views import numbers
from livepairs.views.backtest.sweepjob import Swept

__all__ = ["EMPTY", "UNDER_WAY", "verdict", "verdict_markup"]

EMPTY: Final = (
    '<p class="quiet">Nothing swept yet. Sweep tries every combination of its values, with the costs, size, fills and '
    "data of the form above, and says what is left of the best one after selection.</p>"
)

UNDER_WAY: Final = '<p class="quiet">The sweep is under way; what is left of its best comes here.</p>'

_FIGURES: Final = (
    ("trials", "Trials", "Parameter sets tried: the more, the better the best one looks by luck alone"),
    ("best_sharpe", "Best Sharpe", "Annualised Sharpe ratio of the best set, after costs"),
    ("expected_best_sharpe", "By luck", "Sharpe ratio that the best of so many worthless sets would show"),
    ("deflated_sharpe", "Deflated Sharpe", "Probability that the best set's true Sharpe ratio is above that of luck"),
    ("overfit_probability", "PBO", "Probability of backtest overfitting: how often the best of one half of the time is "
     "no better than the median in the other half"),
    ("walk_forward_return", "Walk-forward", "Return of the sets chosen on the past only, summed over the folds"),
)  # fmt: skip
_SHARES: Final = ("deflated_sharpe", "overfit_probability")
CONFIDENT: Final = 0.95
SUSPECT: Final = 0.5


def verdict_markup(swept: Swept) -> str:
    """Return the figures and the sentence as HTML."""
    left = swept.result.summary
    tiles = "".join(
        f'<div class="figure" title="{escape(tip)}"><small>{label}</small><b>{_figure(name, left[name])}</b></div>'
        for name, label, tip in _FIGURES
    )
    made = f"{left['sets']:,} sets in {swept.seconds:.2f} s, to {numbers.day_clock(swept.until_us)}"
    return f'<div class="figures">{tiles}</div><p>{escape(verdict(swept))} <span class="quiet">{made}.</span></p>'


def verdict(swept: Swept) -> str:
    """Return in a sentence what is left.

    The bounds are customs, not laws: 95 % for the deflated Sharpe ratio, a half for the probability of overfitting.
    """
    left = swept.result.summary
    if not left["traded"]:
        return "Nothing is left: no set traded. Lower the entries, shorten the windows, or take more data."
    if left["deflated_sharpe"] is None:
        return "Nothing is left: no set has a Sharpe ratio."
    if (left["best_sharpe"] or 0.0) <= 0.0:
        return "Nothing is left: even the best set loses after costs."
    return _selected(left["deflated_sharpe"], left["overfit_probability"])


def _selected(deflated: float, overfit: float | None) -> str:
    if overfit is None:
        return "Too short to say how much of the best is selection: the probability of overfitting needs more bars."
    if overfit >= SUSPECT:
        return "Overfit: what is best in one half of the time is no better than the median in the other."
    if deflated >= CONFIDENT:
        return "The best set stands after selection. It is still one recording."
    return "Not proven: luck among so many sets explains a Sharpe ratio like the best one's."


def _figure(name: str, value: float | int | None) -> str:
    if value is None:
        return "n/a"
    if name in _SHARES:
        return numbers.percent(value, digits=1).lstrip("+")
    if name == "walk_forward_return":
        return numbers.percent(value)
    if name == "trials":
        return f"{value:,}"
    return numbers.fixed(value, 2 if abs(value) < 1000 else 0)
