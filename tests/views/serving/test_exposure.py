"""Who can reach the server."""

from __future__ import annotations

import asyncio

import pytest

from livepairs.errors import ConfigError
from livepairs.views.serving.exposure import check_address, is_exposed


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_this_machine_alone_needs_no_word(address: str) -> None:
    check_address(address, is_public_allowed=False)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "", "192.168.1.4", "trading.example"])
def test_others_are_let_in_only_when_the_user_says_so(address: str) -> None:
    with pytest.raises(ConfigError, match="--insecure-public"):
        check_address(address, is_public_allowed=False)
    check_address(address, is_public_allowed=True)


@pytest.mark.parametrize(("address", "is_reached"), [("127.0.0.1", False), ("0.0.0.0", True), (None, True)])
def test_what_a_loop_listens_on_is_known(address: str | None, is_reached: bool) -> None:
    async def story() -> bool:
        if address is not None:
            server = await asyncio.start_server(lambda *_: None, address, 0)
            async with server:
                return is_exposed()
        return is_exposed()

    assert asyncio.run(story()) is is_reached
