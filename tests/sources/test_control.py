"""The knobs of a replay, without a replay: where each one leads."""

from __future__ import annotations

import math

import pytest

from livepairs.errors import ConfigError
from livepairs.sources.control import ReplayControl

SECOND = 1_000_000


def make_control(now_us: int = 10_200_000) -> ReplayControl:
    """Return a control of a recording from 5 s to 60 s, standing somewhere, with 1-s bars that close 0.5 s late."""
    control = ReplayControl(
        span_us=(5 * SECOND, 60 * SECOND), home_us=20 * SECOND, close_us=(SECOND, SECOND // 2), speed=1.0
    )
    control.seek(now_us)
    control.arrive(now_us, is_goal=True)
    return control


def test_it_begins_at_home_playing():
    control = ReplayControl(span_us=(0, 100), home_us=40, close_us=(10, 5), speed=2.0)
    order = control.order()
    assert (order.is_playing, order.target_us, order.speed, order.generation) == (True, 40, 2.0, 0)


@pytest.mark.parametrize(
    ("now_us", "bars", "expected_us"),
    [
        (10_200_000, 1, 10_500_000),
        (10_500_000, 1, 11_500_000),
        (10_500_001, 1, 11_500_000),
        (10_200_000, 3, 12_500_000),
        (10_200_000, -1, 9_500_000),
        (10_500_000, -1, 9_500_000),
        (10_500_001, -1, 10_500_000),
        (10_200_000, -2, 8_500_000),
        (59_900_000, 1, 60_000_000),
        (5_200_000, -1, 5_000_000),
    ],
)
def test_step_goes_to_where_a_bar_closes(now_us, bars, expected_us):
    control = make_control(now_us)
    control.step(bars)
    assert control.order().target_us == expected_us
    assert not control.order().is_playing


def test_steps_pressed_quickly_add_up():
    control = make_control(10_200_000)
    control.step()
    control.step()
    assert control.order().target_us == 11_500_000


def test_seek_outside_means_the_nearer_end():
    control = make_control()
    control.seek(0)
    assert control.order().target_us == 5 * SECOND
    control.seek(10**15)
    assert control.order().target_us == 60 * SECOND


def test_each_seek_raises_the_generation():
    control = make_control()
    before = control.order().generation
    control.seek(30 * SECOND)
    control.seek(31 * SECOND)
    assert control.order().generation == before + 2


def test_arriving_where_nothing_is_sought_any_more_keeps_the_newer_goal():
    control = make_control()
    control.seek(30 * SECOND)
    control.seek(40 * SECOND)
    control.arrive(30 * SECOND, is_goal=True)
    assert control.order().target_us == 40 * SECOND


def test_play_after_the_end_begins_again_at_home():
    control = make_control(60 * SECOND)
    assert control.order().is_ended
    control.play()
    assert control.order().target_us == 20 * SECOND
    assert not control.order().is_ended


@pytest.mark.parametrize("speed", [0.1, 1.0, 1000.0, math.inf])
def test_speeds_from_a_tenth_to_a_thousand_and_max_are_taken(speed):
    control = make_control()
    control.set_speed(speed)
    assert control.order().speed == speed


@pytest.mark.parametrize("speed", [0.0, -1.0, 0.05, 1000.5, math.nan])
def test_other_speeds_are_refused_with_what_is_allowed(speed):
    with pytest.raises(ConfigError, match=r"0\.1 to 1000, or max"):
        make_control().set_speed(speed)


def test_listeners_hear_every_knob_while_they_listen():
    control, heard = make_control(), []
    with control.listened(lambda: heard.append(1)):
        control.pause()
        control.play()
        control.set_speed(2.0)
        control.seek(30 * SECOND)
        control.step()
    control.pause()
    assert len(heard) == 5


def test_what_was_on_its_way_when_it_was_held_is_told_once():
    control, heard = make_control(), []
    control.pause()
    with control.listened(lambda: heard.append(control.order().now_us)):
        control.arrive(11_000_000, is_goal=False)
        control.arrive(11_000_000, is_goal=False)
    assert heard == [11_000_000]


def test_while_it_plays_or_seeks_a_piece_of_the_way_is_nobodys_business():
    control, heard = make_control(), []
    with control.listened(lambda: heard.append(1)):
        control.arrive(11_000_000, is_goal=False)
        control.pause()
        control.seek(30 * SECOND)
        heard.clear()
        control.arrive(12_000_000, is_goal=False)
    assert heard == []
