"""The signed webhook, against an endpoint on loopback that works, fails, hangs and is not there."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json

import pytest

from livepairs.delivery.address import Address
from livepairs.delivery.notice import notice_of
from livepairs.delivery.webhook import Webhook
from livepairs.errors import DeliveryError
from tests.delivery.endpoint import KEY, Endpoint, serving
from tests.delivery.test_notice import START_US, bundle, row

NOTICE = notice_of(bundle(row()), now_us=START_US)


async def post(endpoint: Endpoint, times: int = 1, timeout_s: float = 10.0) -> None:
    async with serving(endpoint):
        webhook = Webhook(Address("desk", endpoint.url, KEY), timeout_s=timeout_s)
        try:
            for _ in range(times):
                await webhook.send(NOTICE)
        finally:
            await webhook.close()


def test_what_comes_is_signed_over_id_time_and_body():
    endpoint = Endpoint(200)
    asyncio.run(post(endpoint, times=2))
    headers, body = endpoint.came[0]
    assert headers["content-type"] == "application/json"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("b1", str(START_US // 1_000_000))
    signed = b"b1." + headers["webhook-timestamp"].encode() + b"." + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body)["events"][0]["rule"] == "wide"
    assert endpoint.came[0] == endpoint.came[1], "the same at every attempt"


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 429, 500, 503])
def test_any_other_answer_is_a_failure_that_is_tried_again(status: int):
    with pytest.raises(DeliveryError, match=f"^answered {status}$") as failure:
        asyncio.run(post(Endpoint(status, headers={"location": "http://127.0.0.1:9/"})))
    assert not failure.value.is_final


def test_gone_is_final_and_a_wait_that_is_asked_for_is_passed_on():
    with pytest.raises(DeliveryError) as failure:
        asyncio.run(post(Endpoint(410)))
    assert failure.value.is_final
    for said, expected in [("120", 120_000_000), ("99999999", 3_600_000_000), ("soon", None), ("-1", None)]:
        with pytest.raises(DeliveryError) as failure:
            asyncio.run(post(Endpoint(429, headers={"retry-after": said})))
        assert failure.value.retry_us == expected


def test_an_endpoint_that_hangs_is_not_waited_for():
    with pytest.raises(DeliveryError, match=r"^no answer within 0\.05 s$"):
        asyncio.run(post(Endpoint(None), timeout_s=0.05))


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/hunter2", "https://127.0.0.1:9/hunter2", "http://a b/hunter2"])
def test_an_endpoint_that_is_not_there_is_a_sentence_without_the_address(url: str):
    async def send() -> None:
        webhook = Webhook(Address("desk", url, KEY))
        try:
            await webhook.send(NOTICE)
        finally:
            await webhook.close()

    with pytest.raises(DeliveryError, match="cannot be reached") as failure:
        asyncio.run(send())
    assert "hunter2" not in str(failure.value)
    assert failure.value.__cause__ is None
