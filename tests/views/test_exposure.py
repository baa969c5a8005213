"""Who can reach the server."""

from __future__ import annotations

import pytest

from livepairs.errors import ConfigError
from livepairs.views.exposure import check_address


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_this_machine_alone_needs_no_word(address: str) -> None:
    check_address(address, is_public_allowed=False)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "", "192.168.1.4", "trading.example"])
def test_others_are_let_in_only_when_the_user_says_so(address: str) -> None:
    with pytest.raises(ConfigError, match="--insecure-public"):
        check_address(address, is_public_allowed=False)
    check_address(address, is_public_allowed=True)
