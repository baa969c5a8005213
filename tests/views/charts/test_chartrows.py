"""The bars a window is drawn with."""

from __future__ import annotations

from livepairs.views.charts.chartrows import step_for


def test_the_shortest_bars_that_have_room_are_chosen_and_are_multiples_of_the_interval() -> None:
    assert step_for(300 * 1e6, 1_000_000, 900) == 1_000_000
    assert step_for(7 * 86_400 * 1e6, 1_000_000, 1200) == 900_000_000
    assert step_for(3000 * 1e6, 5_000_000, 900) == 5_000_000
    for step in (step_for(span * 1e6, 5_000_000, 900) for span in (10, 1_000, 10_000, 1e6)):
        assert step % 5_000_000 == 0
