"""Apprise's services, by its own JSON service against an endpoint on loopback."""

from __future__ import annotations

import asyncio
import json
import logging
import sys

import pytest

from livepairs.delivery.address import Address
from livepairs.delivery.notice import notice_of
from livepairs.delivery.services import Service
from livepairs.errors import ConfigError, DeliveryError
from tests.delivery.endpoint import Endpoint, serving
from tests.delivery.test_notice import START_US, bundle, row

pytest.importorskip("apprise", reason="Apprise is not installed: pip install 'livepairs[notify]'")

# One of its hundred services, loaded with the rest, imports a module that later Pythons have no more.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


async def send(endpoint: Endpoint) -> None:
    async with serving(endpoint):
        service = Service(Address("desk", endpoint.url.replace("http://", "json://me:hunter2@")))
        await service.send(notice_of(bundle(row(level="critical", message="<b>größer</b> 🚀")), now_us=START_US))
        await service.close()


def test_a_service_is_given_title_text_and_level():
    endpoint = Endpoint(200)
    asyncio.run(send(endpoint))
    ((_, body),) = endpoint.came
    said = json.loads(body)
    assert (said["title"], said["type"]) == ("ETHUSDT/BTCUSDT: wide fired", "failure")
    assert said["message"] == "2025-11-24 16:00:00 UTC fired (critical) <b>größer</b> 🚀"


def test_a_service_that_refuses_is_a_sentence_with_its_status_and_nothing_else(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(DeliveryError, match=r"^the service answered 500$"):
        asyncio.run(send(Endpoint(500)))
    assert "hunter2" not in caplog.text
    assert "T0KEN" not in caplog.text


@pytest.mark.parametrize("url", ["slakc://hunter2/b/c", "mailto://hunter2"])
def test_an_address_that_apprise_cannot_use_is_refused_without_repeating_it(url: str, caplog: pytest.LogCaptureFixture):
    with pytest.raises(ConfigError, match="Apprise cannot use its address") as refusal:
        Service(Address("desk", url))
    assert "hunter2" not in str(refusal.value) + caplog.text


def test_without_apprise_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"pip install 'livepairs\[notify\]'"):
        Service(Address("desk", "slack://a/b/c"))
