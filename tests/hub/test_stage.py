"""Presenting: one token steers, it cannot be guessed, and what the presenter looks at is known to all."""

from __future__ import annotations

from livepairs.hub.stage import Scene, Stage

MARKET, SPREAD = Scene("market", "ETH/BTC"), Scene("spread", "ETH/BTC", (1.0, 2.0))


def test_nobody_holds_the_control_link_of_a_run_that_is_not_presented():
    stage = Stage()
    assert not stage.is_open
    assert not stage.is_held_by("")
    assert not stage.show("", MARKET)
    assert stage.scene is None


def test_whoever_holds_the_token_shows_the_scene():
    stage = Stage()
    token = stage.open(MARKET)
    assert len(token) >= 32
    assert stage.scene == MARKET
    assert not stage.show("guessed", SPREAD)
    assert not stage.show("gu\xefssed", SPREAD)
    assert stage.show(token, SPREAD)
    assert not stage.show(token, SPREAD), "it is no news"
    assert stage.scene == SPREAD


def test_a_new_presentation_makes_the_old_link_worthless():
    stage = Stage()
    first = stage.open(MARKET)
    second = stage.open(MARKET)
    assert first != second
    assert not stage.is_held_by(first)
    stage.close()
    assert not stage.is_held_by(second)
    assert stage.scene is None


def test_the_first_visitor_owns_the_run():
    stage = Stage()
    stage.claim("")
    stage.claim("ann")
    stage.claim("bob")
    assert stage.owner == "ann"
