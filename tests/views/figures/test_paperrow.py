"""What the row of paper trading says, and what is marked on the z chart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livepairs.backtest.machine import BacktestMachine, Position
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.result import ROUND_TRIPS
from livepairs.hub.paper import Account
from livepairs.views import columns
from livepairs.views.figures.paperrow import paper_values
from livepairs.views.figures.papertrades import PaperTrades
from tests.backtest.pair_rows import PAIR, SECOND, START_US, bars_table, make_bars, pairs_table

RULES = BacktestParams()
SHORT = Position(-1, START_US + 6 * SECOND, -50.0, 100.0, 100.0, 50.0, pnl=-6.0, bars_held=3)
FLAT = Account(None, None, None, False, 0.0, 0, ROUND_TRIPS.empty_table(), has_funding=False)


def traded() -> Account:
    """Return one long trade, from the open of the second bar after the start to that of the fourth, and a short."""
    bars = make_bars([-3.0, -2.0, 0.0, 0.0, 0.0], y=[100.0, 100.0, 101.0, 101.0, 101.0])
    machine = BacktestMachine(PAIR, RULES, interval_us=SECOND)
    trades = machine.update(pairs_table(bars), bars_table(bars)).trades
    until_us = START_US + 9 * SECOND
    net = trades.column("pnl_net")[0].as_py()
    return Account(START_US, until_us, SHORT, False, net, 1, trades, has_funding=True)


def test_an_account_that_has_not_traded_says_so_without_figures() -> None:
    shown = paper_values(FLAT, RULES)
    assert shown["values"]["position"] == "flat"
    assert shown["values"]["open"] == shown["values"]["trade0"] == "–"
    assert shown["values"]["count"] == "0 trades"
    assert shown["values"]["funding"] == "funding unknown"
    assert shown["states"]["open"] == ""


def test_a_position_and_the_last_trade_are_shown_with_their_signs() -> None:
    shown = paper_values(traded(), RULES)
    values = shown["values"]
    assert (values["position"], values["held"]) == ("▼ short the spread", "3 bars")
    assert (values["open"], values["open-bps"]) == ("−6.00", "−6.0 bps")
    # 50 Y bought at 100 and sold at 101, less 6 bps of 10,000 and of 10,050.
    assert (values["realised"], values["count"]) == ("+37.97", "1 trade")
    assert (values["trade0"], values["why0"]) == ("▲ +37.97", "exit 00:00:03")
    assert values["funding"] == ""
    assert shown["states"] == {
        "position": "short", "open": "down", "realised": "up", "trade0": "up", "trade1": "", "trade2": "",
    }  # fmt: skip


def test_after_a_stop_it_says_what_it_waits_for() -> None:
    assert paper_values(replace(FLAT, is_locked=True), RULES)["values"]["position"].startswith("flat, waiting")


@pytest.fixture
def drawn() -> PaperTrades:
    zscore = columns.empty_source("zscore", ["ts", "z"])
    times = START_US / 1000 + 1000.0 * np.arange(10)
    zscore.data = {"ts": times.tolist(), "z": [float(place) for place in range(10)]}
    return PaperTrades(zscore, interval_ms=1000.0)


def test_trades_are_shaded_while_held_and_marked_at_the_z_of_their_bars(drawn: PaperTrades) -> None:
    drawn.show(traded())
    start_ms = START_US / 1000
    assert drawn.held.data["start"].tolist() == [start_ms + 1000]
    assert drawn.held.data["end"].tolist() == [start_ms + 3000]
    assert drawn.open.data["start"] == [start_ms + 6000]
    assert drawn.open.data["end"] == [start_ms + 10_000]
    assert drawn.entries.data["z"].tolist() == [1.0, 6.0]
    assert drawn.entries.data["marker"] == ["triangle", "inverted_triangle"]
    assert drawn.exits.data["z"].tolist() == [3.0]


def test_what_has_not_changed_is_not_sent_again(drawn: PaperTrades) -> None:
    account = traded()
    drawn.show(account)
    before = drawn.held.data, drawn.open.data
    drawn.show(replace(account, until_us=account.until_us))
    assert (drawn.held.data, drawn.open.data) == before
    assert drawn.held.data is before[0]
    drawn.show(None)
    assert drawn.held.data is before[0]


def test_trades_before_the_first_bar_drawn_have_no_mark(drawn: PaperTrades) -> None:
    drawn._zscore.data = {name: values[5:] for name, values in drawn._zscore.data.items()}
    drawn.show(traded())
    assert drawn.entries.data["z"].tolist() == [6.0]
    assert len(drawn.exits.data["z"]) == 0
