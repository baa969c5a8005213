"""How often a password may be tried."""

from __future__ import annotations

import pytest

from livepairs.access.attempts import BY_ADDRESS, BY_BOTH, BY_NAME, WINDOW_S, Attempts


def test_an_address_waits_after_some_failures_at_one_name_and_another_does_not() -> None:
    attempts = Attempts()
    for second in range(BY_BOTH):
        assert attempts.wait_s("1.2.3.4", "ann", now_s=second) == 0
        attempts.failed("1.2.3.4", "ann", now_s=second)
    assert attempts.wait_s("1.2.3.4", "ann", now_s=10) == WINDOW_S - 10
    assert attempts.wait_s("1.2.3.4", "bob", now_s=10) == 0
    assert attempts.wait_s("5.6.7.8", "ann", now_s=10) == 0
    assert attempts.wait_s("1.2.3.4", "ann", now_s=WINDOW_S + 0.5) == 0


def test_guessing_at_many_names_or_from_many_addresses_waits_too() -> None:
    attempts = Attempts()
    for number in range(BY_ADDRESS):
        attempts.failed("1.2.3.4", f"name{number}", now_s=0)
    assert attempts.wait_s("1.2.3.4", "ann", now_s=1) > 0
    for number in range(BY_NAME):
        attempts.failed(f"9.9.9.{number}", "bob", now_s=0)
    assert attempts.wait_s("8.8.8.8", "bob", now_s=1) > 0


def test_who_knows_the_password_starts_anew() -> None:
    attempts = Attempts()
    for _ in range(BY_BOTH):
        attempts.failed("1.2.3.4", "ann", now_s=0)
    attempts.passed("1.2.3.4", "ann")
    assert attempts.wait_s("1.2.3.4", "ann", now_s=1) == 0


def test_strangers_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livepairs.access.attempts.REMEMBERED", 100)
    attempts = Attempts()
    for number in range(200):
        attempts.failed(f"10.0.{number}", "ann", now_s=number)
    assert len(attempts._failures_s) <= 100
