"""The rules of every home, without a server: names, origins, and who may ask what of whom."""

from __future__ import annotations

import pytest

from livepairs.access.entry import Ask, Entry, Refusal
from livepairs.access.gate import Gate
from livepairs.access.origins import Origins, known_names
from livepairs.access.roles import Visitor

HOME = Origins(known_names(["127.0.0.1"], 5006), frozenset({"https://desk.example"}))
OPEN, SHUT = Entry(Gate(), HOME), Entry(Gate(anonymous=None, key=b"k" * 32), HOME)


def judged(entry: Entry, method: str = "GET", kind: str = "other", **headers: str) -> object:
    named = {"Host": "localhost:5006", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return entry.judge(Ask(method=method, headers=named, kind=kind))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("origin", "host", "is_admitted"),
    [
        ("http://localhost:5006", "localhost:5006", True),
        ("http://LOCALHOST:5006", "localhost:5006", True),
        ("http://127.0.0.1:5006", "localhost:5006", False),
        ("http://localhost:5006.evil.example", "localhost:5006", False),
        ("http://ann@localhost:5006", "localhost:5006", False),
        ("file://", "localhost:5006", False),
        ("null", "localhost:5006", False),
        (None, "localhost:5006", False),
        ("http://[", "localhost:5006", False),
        ("http://evil.example", "evil.example", False),
        ("https://desk.example", "localhost:5006", True),
        ("https://desk.example", "desk.example", True),
    ],
)
def test_an_origin_is_the_one_that_was_asked_or_one_that_was_named(
    origin: str | None, host: str, is_admitted: bool
) -> None:
    assert HOME.admits(origin, host) is is_admitted


def test_a_server_that_listens_to_others_goes_by_the_name_it_is_asked_under() -> None:
    wide = Origins()
    assert wide.admits("http://10.0.0.7:5006", "10.0.0.7:5006")
    assert not wide.admits("http://evil.example", "10.0.0.7:5006")


def test_strangers_get_what_is_public_and_nothing_else() -> None:
    assert judged(SHUT, kind="public") is None
    refused = judged(SHUT)
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.is_unknown) == (401, True)
    assert judged(OPEN) == Visitor("anonymous", "operator")


@pytest.mark.parametrize("kind", ["public", "page", "socket", "other"])
def test_a_name_that_is_not_ours_gets_nothing_at_all(kind: str) -> None:
    refused = judged(OPEN, kind=kind, Host="evil.example:5006", Origin="http://evil.example:5006")
    assert isinstance(refused, Refusal)
    assert refused.status == 421


def test_a_change_without_an_origin_comes_from_a_script_or_not_at_all() -> None:
    assert judged(OPEN, "POST") == Visitor("anonymous", "operator")
    assert isinstance(judged(OPEN, "POST", Sec_Fetch_Site="cross-site"), Refusal)
    refused = judged(SHUT, "POST")
    assert isinstance(refused, Refusal)
    assert refused.status == 403


def test_a_page_of_a_host_that_was_named_may_load_ours() -> None:
    loaded = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "script"}
    assert isinstance(judged(OPEN, **loaded), Refusal)
    assert isinstance(judged(OPEN, **loaded, Referer="https://evil.example/"), Refusal)
    assert judged(OPEN, **loaded, Referer="https://desk.example/board") == Visitor("anonymous", "operator")
