"""A test message: it goes at once, says what it is, and what comes of it is said."""

from __future__ import annotations

import asyncio
import json

import pytest

from livepairs.delivery.address import Address
from livepairs.delivery.trial import send_trial
from livepairs.delivery.webhook import Webhook, signature
from livepairs.errors import ConfigError, DeliveryError
from tests.delivery.endpoint import KEY, Endpoint, serving

NOW_US = 1_764_000_000_000_000


async def tried(endpoint: Endpoint) -> Endpoint:
    async with serving(endpoint):
        address = Address("desk", endpoint.url, KEY)
        await send_trial("desk", lambda _channel: Webhook(address, timeout_s=5), now_us=NOW_US)
    return endpoint


def test_an_endpoint_gets_a_signed_message_that_says_it_is_a_test() -> None:
    ((headers, body),) = asyncio.run(tried(Endpoint())).came
    said = json.loads(body)
    assert (said["type"], said["channel"], said["events"]) == ("livepairs.test", "desk", [])
    signed = signature(KEY, id=said["id"], timestamp=int(headers["webhook-timestamp"]), body=body)
    assert headers["webhook-signature"] == signed


def test_an_endpoint_that_refuses_is_asked_once_and_its_answer_is_said() -> None:
    endpoint = Endpoint(500)
    with pytest.raises(DeliveryError, match="answered 500"):
        asyncio.run(tried(endpoint))
    assert len(endpoint.came) == 1


def test_a_channel_without_an_address_says_what_is_missing() -> None:
    def find(channel: str) -> Webhook:
        raise ConfigError(f"channel {channel!r} has no address")

    with pytest.raises(DeliveryError, match="channel 'desk' has no address"):
        asyncio.run(send_trial("desk", find, now_us=NOW_US))
