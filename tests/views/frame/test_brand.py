"""The icon and the card of a shared link are the app's own, whole, and where whoever unfolds it can ask for them."""

from __future__ import annotations

from types import SimpleNamespace
from xml.etree import ElementTree as ET

from PIL import Image

from livepairs.views.frame.brand import CARD, ICON, card_of


def test_the_icon_is_a_drawing():
    assert ET.parse(ICON).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_the_card_has_the_size_that_sites_ask_for():
    with Image.open(ICON.parent / CARD) as card:
        assert card.size == (1200, 630)
        assert len(card.convert("RGB").getcolors(1 << 24) or []) > 100, "a picture, not a plain colour"


def test_the_card_is_named_by_its_whole_address_behind_a_prefix_too():
    request = SimpleNamespace(protocol="https", host="desk.example", path="/pairs/spread")
    assert card_of(request)["card"] == f"https://desk.example/pairs/{CARD}"
    request = SimpleNamespace(protocol="http", host="127.0.0.1:5006", path="/market")
    assert card_of(request)["card"] == f"http://127.0.0.1:5006/{CARD}"
