"""Scripts of our components reach the browser as they are."""

from __future__ import annotations

import importlib
import pkgutil

from panel.custom import JSComponent

from livepairs import views
from livepairs.views.component import Lively, LiveText, Navigation


def test_the_browser_is_told_of_each_script_that_it_is_ready() -> None:
    """Else Panel takes it for TypeScript there, and strips it of types with each page that is opened."""
    for found in pkgutil.walk_packages(views.__path__, f"{views.__name__}."):
        importlib.import_module(found.name)
    ours = [kind for kind in JSComponent.__subclasses__() if kind.__module__.startswith("livepairs.")]
    assert ours == [Lively]
    text, other, navigation = (kind().get_root() for kind in (LiveText, LiveText, Navigation))
    assert text.bundle == other.bundle is not None
    assert text.bundle != navigation.bundle


def test_a_component_keeps_no_copies_of_its_parameters_and_takes_none_from_a_browser() -> None:
    one, other = Navigation(pages=[("market", "Market")]), Navigation()
    model = one.get_root()
    assert one.param["pages"] is other.param["pages"]
    assert other.pages == []
    model.data.query = "?run=another"
    assert one.query == ""
