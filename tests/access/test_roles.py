"""What each role may do."""

from __future__ import annotations

import pytest

from livepairs.access.roles import DEEDS, Deed, Visitor, may, require
from livepairs.errors import AccessError

ANN, BOB = Visitor("ann", "operator"), Visitor("bob", "viewer")


@pytest.mark.parametrize("deed", DEEDS)
def test_an_operator_may_do_everything_and_nobody_nothing(deed: Deed) -> None:
    assert may(ANN, deed)
    assert not may(None, deed)


def test_a_viewer_looks_and_steers_a_replay_of_their_own() -> None:
    assert {deed for deed in DEEDS if may(BOB, deed)} == {"look", "take", "prove", "steer"}


def test_a_refusal_says_what_may_not_be_done_and_who_may() -> None:
    assert require(ANN, "delete") is ANN
    with pytest.raises(AccessError) as refused:
        require(BOB, "delete")
    assert str(refused.value) == "a viewer may not delete recordings; ask an operator"
    with pytest.raises(AccessError, match="sign in"):
        require(None, "look")


def test_a_deed_nobody_knows_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no deed 'fly'"):
        may(ANN, "fly")  # type: ignore[arg-type]
