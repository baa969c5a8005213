"""What the tile of health says."""

from __future__ import annotations

import math

import pytest

from livepairs.pairs.health import Health, Reason
from livepairs.pairs.tickcorrelation import TickCorrelation
from livepairs.views.figures.checkup import Checkup
from livepairs.views.figures.healthtile import checkup_values, health_markup

NAMES = ("Cointegration", "Half-life", "Hedge drift", "CUSUM", "Staleness", "Innovation ratio")


def checkup(*lights: str, ticks: TickCorrelation | None = None) -> Checkup:
    reasons = tuple(Reason(name, light, f"{name} is {light}") for name, light in zip(NAMES, lights, strict=True))
    order = ("bad", "watch", "good", "unknown")
    return Checkup(Health(min(lights, key=order.index), reasons), ticks)


def test_every_reason_has_its_place_in_the_markup() -> None:
    values, states = checkup_values(checkup(*["good"] * 6))
    markup = health_markup()
    assert all(f'data-v="{key}"' in markup for key in values if key != "corr-note")
    assert all(f'data-s="{key}"' in markup for key in states if key != "corr-note")
    assert all(name in markup for name in NAMES)


@pytest.mark.parametrize(
    ("lights", "word", "note"),
    [
        (["good"] * 6, "● healthy", "6 of 6 tests good"),
        (["good"] * 5 + ["unknown"], "● healthy", "5 of 6 tests good"),
        (["watch"] + ["good"] * 5, "▲ watch", "Cointegration"),
        (["bad", "watch", "bad"] + ["good"] * 3, "■ weak", "2 reasons"),
        (["unknown"] * 6, "○ warming up", "0 of 6 tests good"),
    ],
)
def test_the_light_is_a_shape_a_word_and_its_worst_reason(lights: list[str], word: str, note: str) -> None:
    values, states = checkup_values(checkup(*lights))
    assert (values["health"], values["health-note"]) == (word, note)
    assert values["reason2"] == f"Hedge drift is {lights[2]}"
    assert states["mark2"] == lights[2]


@pytest.mark.parametrize(
    ("ticks", "note", "state"),
    [
        (TickCorrelation(0.8123, 0.96, 300.0), "ticks 0.812, bars see 96 %", ""),
        (TickCorrelation(0.8123, 0.37, 300.0), "ticks 0.812, bars see 37 %", "warn"),
        (TickCorrelation(math.nan, 0.37, 300.0), "too few trades for ticks", ""),
        (None, "too few trades for ticks", ""),
    ],
)
def test_the_chip_of_the_correlation_says_how_biased_bars_are(
    ticks: TickCorrelation | None, note: str, state: str
) -> None:
    values, states = checkup_values(checkup(*["good"] * 6, ticks=ticks))
    assert (values["corr-note"], states["corr-note"]) == (note, state)
