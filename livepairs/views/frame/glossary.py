"""What the figures on the pages mean: name, formula and a sentence, for the help that every page has.

Formulas are those of docs/numbers.md. ``{hedge_window}`` and its like stand for the run's own parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from livepairs.pairs.hedge import hedge_words

if TYPE_CHECKING:
    from livepairs.pipeline import RunParams

__all__ = ["METRICS", "TERMS", "Term", "explained"]

METRICS: Final = "metrics"
"""Stands for every metric of a backtest, in the engine's own words."""


class Term(NamedTuple):
    """A figure as the screen calls it.

    Parameters
    ----------
    name
        What stands beside the figure.
    formula
        How it is computed; empty where there is nothing to compute.
    meaning
        What it says, in a sentence or two.
    """

    name: str
    formula: str
    meaning: str


TERMS: Final = {
    # --- prices ----------------------------------------------------------------------------------------------------
    "candle": Term(
        "Candle", "open, high, low, close of the trades in one {interval} bar",
        "Hollow and teal where the close is at or above the open, solid and vermilion where it is below. The last one "
        "is still forming and changes with each trade.",
    ),
    "volume": Term("Volume", "Σ qty of the bar's trades", "Base units. A bar without trades repeats the last close."),
    "last": Term("Price", "of the last trade", "With the change against the open of the window beside it."),
    "balance": Term(
        "Buyers and sellers", "Σ qty where the taker bought, against Σ qty where the taker sold",
        "Over the window above: who crossed the spread.",
    ),
    # --- the pair --------------------------------------------------------------------------------------------------
    "z": Term(
        "z now", "z = (spread − mean) / std, mean and std (n − 1) over {z_window} bars",
        "How many standard deviations the spread is from its mean. The large figure includes the bar that is still "
        "forming; the chart, the alerts and the backtest use closed bars only.",
    ),
    "spread": Term(
        "Spread", "p_y − α − β p_x, where p is {scale}",
        "What is left of Y once X has explained its part. The line around it is its mean, the band two levels of z.",
    ),
    "pays": Term(
        "To the exit, now", "(|z| − exit) · std in bps of both legs, − fees − slippage ± funding due",
        "What the way back to the exit would bring after costs, if it comes back. Nothing says that it must.",
    ),
    "health": Term(
        "Health", "the worst of: p, half-life interval, hedge drift, CUSUM, staleness, innovation ratio",
        "Whether the relation itself still holds. A click lists each test with its figure.",
    ),
    "beta": Term(
        "Hedge ratio β", "slope of p_y on p_x over {hedge_window} bars by {hedge}, with intercept α",
        "How much of X stands against one unit of Y; by log prices it is a ratio of notionals.",
    ),
    "corr": Term(
        "Correlation", "Pearson, one-bar changes of p, last {corr_window} bars",
        "Beside it the correlation by ticks (Hayashi-Yoshida), which bars do not bias, and the share of it that bars "
        "can be expected to see at these trade rates.",
    ),
    "p": Term(
        "Cointegration p", "Engle-Granger: ADF statistic of the residuals, {adf_lags} lag(s), p by MacKinnon",
        "How often two unrelated random walks would look at least as related as these. Small is good.",
    ),
    "half_life": Term(
        "Half-life", "−ln 2 / slope of the spread's change on its level",
        "Bars after which half of a deviation has gone; a dash where the spread does not come back.",
    ),
    "rate": Term("Trades / s", "trades of both legs in a second of event time", "How much there is to see at all."),
    "lag": Term("Event lag", "time vouched for − time of the newest trade", "How old the newest trade is."),
    "paper": Term(
        "Paper position", "in at |z| ≥ entry, out at |z| ≤ exit, filled at the next bar's open, costs included",
        "Nothing is ordered. It is the backtest's own machine, bar by bar: the same rows make the same trades.",
    ),
    "open": Term("Open P&L", "quantities × (close − entry) of both legs, − costs of the entry", "Closing costs more."),
    "realised": Term(
        "Realised, after costs", "Σ pnl_gross − fees − slippage + funding", "All closed trades of the paper position."
    ),
    # --- finding pairs ---------------------------------------------------------------------------------------------
    "rank": Term("#", "place by p", "Among all pairs that were tested, both directions of each."),
    "q": Term(
        "q", "Benjamini-Hochberg or Benjamini-Yekutieli over all p",
        "Share of false finds in the list that just takes this pair in. By chance alone 5 of 100 pairs have p < 0.05.",
    ),
    "kept": Term("Kept", "windows in which it passed / last windows", "What lasts is worth more than luck."),
    "spark": Term("z in the window", "", "The spread's z over the scan's window; the band is ±2."),
    # --- alerts ----------------------------------------------------------------------------------------------------
    "fired": Term(
        "Fired", "the rule's condition was true at a closed bar",
        "An alert has an id made of what it says, so live, replayed and after a restart it is one.",
    ),
    "cleared": Term("Cleared", "the rule's clearing condition was true", "What fired is over."),
    "standing": Term("Standing", "fired − cleared", "What has fired and not cleared yet."),
    "unseen": Term("Not seen to", "events that nobody has acknowledged", "Who has seen to one is noted with the time."),
    "feed": Term(
        "age_s, lag_s, late_share, gap_open", "by the time of receipt that each trade carries, at the end of the bar",
        "How the feed came in: seconds since the newest trade; the longest way of one from trade to receipt; the share "
        "of late ones in the last minute; and whether trades are missing by their ids. Of two legs the worse counts.",
    ),
    "light": Term(
        "health", "0 good, 1 watch, 2 bad; once a minute", "The pair's light as a rule reads it, but for staleness."
    ),
    "parity": Term(
        "Parity lost", "SHA-256 of all rows, replayed ≠ live",
        "A check has found that a recording does not replay to what was seen live, or that its files are damaged.",
    ),
    "often": Term(
        "A day, in storms", "fired · 24 h / time recorded; storm: 3 alerts of the rule within 60 bars",
        "How often a rehearsed rule would have spoken, and how much of that in bursts.",
    ),
    "back": Term(
        "Came back", "|spread − mean| ≤ ¼ of what it was, within 2 half-lives; β, mean and std of the alert's bar",
        "Share of the judged alerts. One without a half-life, or with less than two left in the recording, is not "
        "judged. The small print is the median of the bars it took.",
    ),
    "pain": Term(
        "Pain", "max(distance − distance at the alert) / std; in bps of both legs, + costs in and out",
        "How much farther the spread went first: the median alert's, and the worst one's.",
    ),
    "delivery": Term(
        "Sent, waiting, given up", "events by channel",
        "What waits is tried again, more and more seldom, for a day; then it is given up, to be sent again by hand.",
    ),
    # --- recordings ------------------------------------------------------------------------------------------------
    "complete": Term(
        "Complete", "1 − Σ open gaps / (span × symbols)",
        "Share of the recording that no gap covers. What was fetched later counts as there.",
    ),
    "proof": Term(
        "Proof", "SHA-256 over every closed bar, pair row and event, live and replayed",
        "Whether its files are whole, and whether a replay makes the very rows that were seen live.",
    ),
    "late": Term(
        "Late", "receipt ≥ end of the bar + {grace_ms} ms",
        "Trades that came after their bar was closed: counted, kept in the recording, never merged into the bar.",
    ),
    "rejected": Term("Rejected", "", "Rows that cannot be true (no price, no quantity, out of order), by reason."),
}  # fmt: skip


def explained(names: Iterable[str], params: RunParams) -> list[Term]:
    """Return the terms of these names with the run's own parameters in them.

    Raises
    ------
    KeyError
        If there is no such term.
    """
    pair = params.pair_params
    given = {
        "interval": params.interval, "z_window": pair.z_window, "hedge_window": pair.hedge_window,
        "hedge": hedge_words(pair.hedge), "corr_window": pair.corr_window,
        "adf_lags": pair.adf_lags, "grace_ms": f"{params.grace_us / 1000:g}",
        "scale": "the logarithm of the close" if pair.price == "log" else "the close",
    }  # fmt: skip
    terms: list[Term] = []
    for name in names:
        terms += (
            _metrics() if name == METRICS else [TERMS[name]._replace(formula=TERMS[name].formula.format_map(given))]
        )
    return terms


def _metrics() -> list[Term]:
    # Here and not above: it brings the backtest, which no other page needs for its first paint.
    from livepairs.views.backtest.metrictable import lines

    return [Term(line.name, line.formula, f"Unit: {line.unit}.") for line in lines()]
