"""What a property of a model is by default, worked out once and not at each look.

Making a page and writing it as JSON asks some twenty thousand times for properties that nobody has set. Bokeh looks
through the classes of the model each time, copies the default and checks the copy: a fifth of what a page costs. A
number or a text that is the same for all models of a class may as well be kept.
"""

from __future__ import annotations

from typing import Any, Final

import bokeh
from bokeh.core.has_props import HasProps
from bokeh.core.property.descriptors import PropertyDescriptor

__all__ = ["remember_defaults"]

_FIXED: Final = frozenset({type(None), bool, int, float, str})
"""Kinds of values that nobody can change in place."""

_IS_TRIED: Final = bokeh.__version__.startswith("3.9.")
"""Whether this Bokeh finds defaults as the tests have seen it do."""

_find: Final = PropertyDescriptor._get_default


_known: Final[dict[tuple[type[HasProps], str], Any]] = {}


def remember_defaults() -> None:
    """Have Bokeh keep defaults from now on, in this process; with a Bokeh for which this was not tried, do nothing."""
    if _IS_TRIED:
        PropertyDescriptor._get_default = _default


def _default(descriptor: PropertyDescriptor[Any], model: HasProps) -> Any:  # whatever the property holds
    if model.themed_values() is not None:  # a theme of one document
        return _find(descriptor, model)
    of = (type(model), descriptor.name)
    if of in _known:
        return _known[of]
    value = _find(descriptor, model)
    if type(value) in _FIXED and not descriptor.has_unstable_default(model):
        _known[of] = value
    return value
