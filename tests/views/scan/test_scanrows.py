"""Which rows of a scan are shown and in which order, and how they read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from livepairs.hub.finds import Finds
from livepairs.hub.scanreport import Change, ScanChoice, ScanReport
from livepairs.views.scan.scanheat import best_symbols, cells, short_names
from livepairs.views.scan.scanrows import Query, rows_of, select
from livepairs.views.scan.scantext import account_of, changes_of, notes_of, since_of

NAN = math.nan
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


def make_report(**other: Any) -> ScanReport:
    """Six pairs, best first: ETH/BTC, BTC/ETH, SOL/BTC, BTC/SOL, SOL/ETH, ETH/SOL."""
    dice = np.random.default_rng(3)
    values = {
        "coint_p": np.array([0.0001, 0.004, 0.03, 0.2, 0.5, 0.9]),
        "q_bh": np.array([0.0006, 0.012, 0.06, 0.3, 0.6, 0.9]),
        "q_by": np.array([0.0015, 0.03, 0.15, 0.7, 1.0, 1.0]),
        "beta": np.array([0.9, 1.1, 0.5, 1.5, 0.7, 1.2]),
        "corr": np.array([0.8, 0.8, -0.6, -0.6, 0.1, NAN]),
        "half_life": np.array([4.2, 3.0, 12.0, NAN, 900.0, 33.0]),
        "z": np.array([-2.5, 2.1, 0.4, NAN, -0.1, 1.0]),
    }
    levels = dice.normal(size=(3, 120)).cumsum(axis=1)
    y, x = np.array([1, 0, 2, 0, 2, 1]), np.array([0, 1, 0, 2, 1, 2])
    finds = Finds(SYMBOLS, levels - levels.mean(axis=1, keepdims=True), y, x, values, ("FLATUSDT is left out: it",))
    defaults: dict[str, Any] = {
        "choice": ScanChoice(), "end_us": 3_600_000_000, "bars": 120, "finds": finds,
        "passed": np.array([10, 9, 5, 0, 0, 1]), "past": 10,
    }  # fmt: skip
    return ScanReport(**(defaults | other))


def shown(**wanted: Any) -> list[int]:
    return [int(row) for row in select(make_report(), Query(**wanted)).rows]


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"down": True}, [5, 4, 3, 2, 1, 0]),
        ({"sort": "pair"}, [1, 3, 0, 5, 2, 4]),
        ({"sort": "corr", "down": True}, [0, 1, 4, 2, 3, 5]),
        ({"sort": "half_life"}, [1, 0, 2, 5, 4, 3]),
        ({"sort": "half_life", "down": True}, [4, 5, 2, 0, 1, 3]),
        ({"sort": "z", "down": True}, [0, 1, 5, 2, 4, 3]),
        ({"sort": "kept", "down": True}, [0, 1, 2, 5, 3, 4]),
        ({"sort": "q", "measure": "q_by"}, [0, 1, 2, 3, 4, 5]),
        ({"p": 0.05}, [0, 1, 2]),
        ({"q": 0.05}, [0, 1]),
        ({"q": 0.01, "measure": "q_by"}, [0]),
        ({"half_life": 40.0}, [0, 1, 2, 5]),
        ({"corr": 0.5}, [0, 1, 2, 3]),
        ({"search": "sol"}, [2, 3, 4, 5]),
        ({"search": "sol/btc"}, [2]),
        ({"search": "/btc"}, [0, 2]),
        ({"search": "xyz"}, []),
    ],
)
def test_filters_and_order(wanted, rows):
    assert shown(**wanted) == rows


def test_each_filter_says_how_many_it_lets_through_by_itself():
    counts = select(make_report(), Query(p=0.05, q=0.05, half_life=40.0, corr=0.5)).counts
    assert counts == {"p": 3, "q": 2, "half_life": 4, "corr": 4}


def test_what_a_browser_sends_is_taken_if_it_makes_sense():
    assert Query.of({"act": "query", "sort": "z", "down": True, "first": 12.0, "half_life": 40, "p": 0.05}) == Query(
        sort="z", down=True, first=12, half_life=40.0, p=0.05
    )
    nonsense = {"sort": 3, "down": "yes", "search": None, "p": "x", "q": NAN, "corr": math.inf, "first": -5}
    assert Query.of(nonsense) == Query()
    assert Query.of({"sort": "__class__"}) == Query()
    assert Query.of({"measure": "q_holm"}) == Query()


def test_rows_read_with_units_signs_and_dashes():
    report = make_report()
    first, fourth = rows_of(report, Query(), np.array([0, 3]))
    assert (first["rank"], first["pair"], first["corr"]) == ("1", "ETHUSDT/BTCUSDT", "+0.80")
    assert (first["p"], first["q"]) == ("< 0.001", "< 0.001")
    assert (first["half_life"], first["z"], first["z_state"]) == ("4.2 bars", "−2.50", "low")
    assert (first["kept"], first["kept_share"]) == ("10/10", 100.0)
    assert (fourth["half_life"], fourth["z"], fourth["z_state"]) == ("–", "–", "")
    assert len(str(first["spark"]).split()) == 48


def test_before_the_past_is_known_nothing_is_said_of_it():
    (row,) = rows_of(make_report(passed=None, past=0), Query(), np.array([0]))
    assert (row["kept"], row["kept_share"]) == ("–", 0.0)


def test_the_number_of_tests_and_what_chance_would_find_are_said():
    text = " ".join(part for part, _tip in account_of(make_report()))
    assert text == (
        "6 tests over 120 bars of 1m. At p < 5%, chance alone would find 0.3; 3 were found. "
        "At q < 5%: 2 by BH (of which fewer than one expected to be false), 2 by BY."
    )
    assert "false discovery rate" in " ".join(tip for _part, tip in account_of(make_report()))


def test_notes_and_changes_are_words():
    changes = (Change(3_600_000_000, "A/B", False, NAN), Change(3_540_000_000, "B/A", True, 0.031))
    report = make_report(changes=changes, since_us=3_000_000_000)
    assert notes_of(report) == "FLATUSDT is left out: it."
    assert changes_of(report) == [
        {"time": "01:00:00", "is_in": False, "pair": "A/B", "q": ""},
        {"time": "00:59:00", "is_in": True, "pair": "B/A", "q": "q 0.031"},
    ]
    assert since_of(report) == "Nobody has come or gone since 00:50:00 UTC."
    assert since_of(make_report()) == "Nothing is known of earlier bars yet."


def test_the_map_has_a_cell_for_each_pair_of_its_symbols():
    finds = make_report().finds
    assert finds is not None
    drawn = cells(finds, "q_bh")
    assert drawn["pair"][0] == "ETHUSDT/BTCUSDT"
    assert (drawn["y"][0], drawn["x"][0], drawn["q"][0]) == ("ETH", "BTC", "< 0.001")
    assert drawn["alpha"] == sorted(drawn["alpha"], reverse=True)
    assert [finds.symbols[place] for place in best_symbols(finds, 2)] == ["BTCUSDT", "ETHUSDT"]
    assert len(cells(finds, "q_bh", 2)["pair"]) == 2


def test_a_common_quote_is_left_out_of_the_names():
    assert short_names(("BTCUSDT", "ETHUSDT")) == ["BTC", "ETH"]
    assert short_names(("BTCUSDT", "ETHBTC")) == ["BTCUSDT", "ETHBTC"]
