"""One symbol's ladder on its own; what it gives is held by the machine's tests."""

from __future__ import annotations

from livepairs.bars.ladder import Ladder
from tests.factories import make_trades


def test_a_batch_without_rows_changes_nothing() -> None:
    ladder = Ladder(interval_us=10, grace_us=0)
    ladder.add(make_trades("A", [5, 15]))
    ladder.add(make_trades("A", [5]).slice(0, 0))
    assert (ladder.barred, len(ladder.open_bars), len(ladder.close_before(2))) == (2, 2, 2)
