"""Tokens that were forged, are for something else, have expired, or were used before."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.access.tokens import LONGEST, Claims, Spent, mint, read_token
from livepairs.errors import AccessError

KEY, NOW_S = b"k" * 32, 1_800_000_000.0
CLAIMS = Claims("embed", "ann", NOW_S + 60, more={"role": "viewer"})


def test_a_token_says_what_it_was_made_to_say() -> None:
    assert read_token(KEY, mint(KEY, CLAIMS), "embed", now_s=NOW_S) == CLAIMS


def test_two_tokens_of_the_same_claims_are_told_apart() -> None:
    assert Claims("page", "ann", NOW_S).nonce != Claims("page", "ann", NOW_S).nonce


def test_a_token_is_worth_nothing_from_its_end_on() -> None:
    token = mint(KEY, CLAIMS)
    assert read_token(KEY, token, "embed", now_s=NOW_S + 59.9)
    with pytest.raises(AccessError, match="expired"):
        read_token(KEY, token, "embed", now_s=NOW_S + 60)


def test_a_token_opens_only_what_it_is_for() -> None:
    with pytest.raises(AccessError, match="for a embed, not for a session"):
        read_token(KEY, mint(KEY, CLAIMS), "session", now_s=NOW_S)


def test_another_key_makes_another_servers_token() -> None:
    with pytest.raises(AccessError, match="not made here"):
        read_token(KEY, mint(b"j" * 32, CLAIMS), "embed", now_s=NOW_S)


def test_what_a_token_says_cannot_be_changed() -> None:
    body, _, signature = mint(KEY, CLAIMS).partition(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    forged = base64.urlsafe_b64encode(json.dumps({**said, "role": "operator"}).encode()).rstrip(b"=").decode()
    for token in (f"{forged}.{signature}", f"{forged}.", forged, f"{body}.{signature}x"):
        with pytest.raises(AccessError, match="not made here"):
            read_token(KEY, token, "embed", now_s=NOW_S)


@given(st.text(max_size=200))
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(AccessError):
        read_token(KEY, text, "session", now_s=NOW_S)


def test_nobody_makes_the_server_compute_over_megabytes() -> None:
    with pytest.raises(AccessError):
        read_token(KEY, "a" * (LONGEST + 1), "session", now_s=NOW_S)


def test_a_token_is_good_once() -> None:
    spent = Spent()
    spent.spend(CLAIMS, now_s=NOW_S)
    with pytest.raises(AccessError, match="used before"):
        spent.spend(CLAIMS, now_s=NOW_S)


def test_what_was_used_is_forgotten_when_it_has_expired_and_no_sooner() -> None:
    spent = Spent(limit=2)
    spent.spend(Claims("embed", "ann", NOW_S + 10), now_s=NOW_S)
    spent.spend(Claims("embed", "ann", NOW_S + 90), now_s=NOW_S)
    with pytest.raises(AccessError, match="too many"):
        spent.spend(CLAIMS, now_s=NOW_S)
    spent.spend(CLAIMS, now_s=NOW_S + 10)
