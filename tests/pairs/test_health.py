"""The light of a pair: what is sound stays good, and each planted fault is named by its own reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livepairs.pairs.health import Health, Sample, assess_health
from livepairs.stats.compiled import prepare

BARS = 300


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    prepare()


def sample(*, seed: int = 0, break_at: int = BARS, jump: float = 0.0, beta: float = 1.0, speed: float = 0.3) -> Sample:
    """Return a walk and what follows it, with a level and a slope that may change at a bar."""
    dice = np.random.default_rng(seed)
    x = 11.0 + 1e-3 * np.cumsum(dice.normal(size=BARS))
    noise = np.zeros(BARS)
    for bar in range(1, BARS):
        noise[bar] = (1.0 - speed) * noise[bar - 1] + 2e-4 * dice.normal()
    is_after = np.arange(BARS) >= break_at
    y = x + noise + is_after * (jump + (beta - 1.0) * (x - x[break_at - 1]))
    slope, level = np.polyfit(x, y, 1)
    return Sample(y, x, y - level - slope * x, coint_p=0.001, silent_s=0.4, bar_s=1.0)


def light(health: Health, name: str) -> str:
    return next(reason.light for reason in health.reasons if reason.name == name)


def test_a_pair_that_holds_is_good_for_every_reason() -> None:
    health = assess_health(sample())
    assert [reason.light for reason in health.reasons] == ["good"] * 6
    assert health.light == "good"


def test_a_hedge_ratio_that_moved_is_seen_by_the_drift() -> None:
    health = assess_health(sample(break_at=BARS // 2, beta=2.0))
    assert light(health, "Hedge drift") == "bad"
    assert health.light == "bad"


def test_a_level_that_jumped_is_seen_by_cusum() -> None:
    health = assess_health(sample(seed=5, break_at=2 * BARS // 3, jump=1e-3))
    assert light(health, "CUSUM") == "watch"


def test_a_spread_that_wanders_has_no_half_life_to_rely_on() -> None:
    assert light(assess_health(sample(speed=0.0)), "Half-life") in {"watch", "bad"}


@pytest.mark.parametrize(("p", "expected"), [(0.049, "good"), (0.05, "watch"), (0.15, "bad"), (np.nan, "unknown")])
def test_cointegration_has_the_documented_thresholds(p: float, expected: str) -> None:
    assert light(assess_health(replace(sample(), coint_p=p)), "Cointegration") == expected


@pytest.mark.parametrize(
    ("silent_s", "bar_s", "expected"),
    [(10.0, 1.0, "good"), (10.1, 1.0, "watch"), (60.1, 1.0, "bad"), (170.0, 60.0, "good"), (601.0, 60.0, "bad")],
)
def test_a_silent_leg_is_judged_by_seconds_or_bars_whichever_is_longer(
    silent_s: float, bar_s: float, expected: str
) -> None:
    assert light(assess_health(replace(sample(), silent_s=silent_s, bar_s=bar_s)), "Staleness") == expected


def test_what_cannot_be_computed_is_unknown_and_does_not_count() -> None:
    flat = sample()
    health = assess_health(replace(flat, x=np.full(BARS, 11.0)))
    assert light(health, "Hedge drift") == "unknown"
    assert light(health, "Cointegration") == "good"


def test_too_few_bars_say_nothing() -> None:
    short = sample()
    health = assess_health(Sample(short.y[:59], short.x[:59], short.spread[:59], 0.9, 999.0, 1.0))
    assert health.light == "unknown"
    assert {reason.text for reason in health.reasons} == {"warming up"}
