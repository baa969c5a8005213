"""Every metric of a backtest with its name, value, unit and formula, as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Final

from livepairs.backtest.metrics import METRICS
from livepairs.backtest.result import BacktestResult
from livepairs.views import numbers

__all__ = ["MetricLine", "lines", "sentences", "table_markup", "table_values"]


@dataclass(frozen=True, slots=True)
class MetricLine:
    """One metric as it is read.

    Parameters
    ----------
    key, name
        Its name in the files, and on the screen.
    formula, unit
        How it is made, and what it is counted in.
    """

    key: str
    name: str
    formula: str
    unit: str


_NAMES: Final = {
    "total_return": "Return", "annual_return": "Annual return", "annual_vol": "Annual volatility",
    "sharpe": "Sharpe ratio", "sortino": "Sortino ratio", "max_drawdown": "Max drawdown", "calmar": "Calmar ratio",
    "trades": "Trades", "hit_rate": "Hit rate", "profit_factor": "Profit factor", "avg_bars_held": "Average hold",
    "exposure": "Exposure", "turnover": "Turnover", "fees": "Fees", "slippage": "Slippage", "funding": "Funding",
    "break_even_bps": "Break-even cost", "deflated_sharpe": "Deflated Sharpe", "trials": "Trials",
}  # fmt: skip
_UNITLESS: Final = {
    "sharpe": "ratio, annualised", "sortino": "ratio, annualised", "calmar": "ratio", "profit_factor": "ratio",
    "deflated_sharpe": "probability",
}  # fmt: skip
_Format = Callable[[float], str]


def _share(value: float) -> str:
    return numbers.percent(value).lstrip("+")


def _annual(value: float) -> str:
    # Extrapolated from hours, these have no digits worth reading; the magnitude is all there is.
    return numbers.percent(value) if abs(value) < 100 else f"{100 * value:+.3g} %".replace("-", "−")


_FORMATS: Final[dict[str, _Format]] = {
    "total_return": numbers.percent, "annual_return": _annual, "annual_vol": _share, "max_drawdown": numbers.percent,
    "trades": numbers.count, "trials": numbers.count, "hit_rate": _share, "exposure": _share,
    "avg_bars_held": lambda value: f"{numbers.fixed(value, 1)} bars", "turnover": lambda v: f"{numbers.fixed(v, 1)}×",
    "break_even_bps": lambda value: f"{numbers.fixed(value, 2)} bps", "deflated_sharpe": numbers.p_value,
}  # fmt: skip


def lines() -> list[MetricLine]:
    """Return the metrics in the order of the engine, whose words they are defined in."""
    found = []
    for key, text in METRICS.items():
        formula, _, unit = text.rpartition("; ")
        if key in _UNITLESS:
            formula, unit = text, _UNITLESS[key]
        found.append(MetricLine(key, _NAMES.get(key, key), formula, unit))
    return found


def sentences(notes: Iterable[str]) -> str:
    """Return notes as sentences; one that begins with a name of the files, or z, keeps it as it is.

    Examples
    --------
    >>> sentences(["funding unknown for BTCUSDT: counted as zero", "annual_return is extrapolated from 3 h"])
    'Funding unknown for BTCUSDT: counted as zero. annual_return is extrapolated from 3 h.'
    """
    return " ".join(f"{note if _is_name(note) else note[:1].upper() + note[1:]}." for note in notes)


def _is_name(note: str) -> bool:
    # Such as funding are words of the language too.
    name = note.split(maxsplit=1)[0].rstrip(",")
    return name == "z" or ("_" in name and name in METRICS)


def table_values(result: BacktestResult) -> dict[str, str]:
    """Return the text of each metric; a dash where it does not exist."""
    return {key: _text(key, value) for key, value in result.metrics.items()}


def _text(key: str, value: float | None) -> str:
    if value is None:
        return numbers.NONE
    write = _FORMATS.get(key)
    return numbers.fixed(value, 2) if write is None else write(value)


def table_markup() -> str:
    """Return the table with a place for each value, and a tooltip that hover and keyboard reach."""
    rows = "".join(
        f'<div class="row" tabindex="0" aria-describedby="tip-{line.key}"><span>{escape(line.name)}</span>'
        f'<b data-v="{line.key}">–</b>'
        f'<div class="tip" role="tooltip" id="tip-{line.key}"><b>{escape(line.name)}</b> <code>{line.key}</code>'
        f"<p>{escape(line.formula)}</p><p>Unit: {escape(line.unit)}</p></div></div>"
        for line in lines()
    )
    return f'<div class="rows">{rows}</div><p class="notes" data-v="notes"></p>'
