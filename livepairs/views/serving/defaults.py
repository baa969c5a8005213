"""What a property of a model is by default: worked out once, and not kept by every model that has nothing else.

A page is some hundred models of some fifty properties, most of which nobody sets. Bokeh gives each model its own empty
lists and dicts for them, half of what a page keeps in memory, and looks for models in all of them, and for defaults
through the classes, each time it walks a page or writes it as JSON: half of what making one costs. Here a model gets an
empty list once somebody asks for it; who walks or writes looks at what is there; and a number or a text that is the
same for all models of a class is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import bokeh
from bokeh.core.has_props import HasProps
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.core.property.singletons import Intrinsic, Undefined
from bokeh.core.property.wrappers import PropertyValueContainer
from bokeh.model import Model, util

__all__ = ["remember_defaults"]

_FIXED: Final = frozenset({type(None), bool, int, float, str})
"""Kinds of values that nobody can change in place."""

_IS_TRIED: Final = bokeh.__version__.startswith("3.9.")
"""Whether this Bokeh keeps properties as the tests have seen it do."""

_find: Final = PropertyDescriptor._get_default
_query: Final = HasProps.query_properties_with_values
_visit: Final = util.visit_immediate_value_references
_known: Final[dict[tuple[type[HasProps], str], Any]] = {}

Values = dict[str, Any]  # whatever properties hold


def remember_defaults() -> None:
    """Have Bokeh treat defaults so from now on, in this process; do nothing with a Bokeh it was not tried for."""
    if _IS_TRIED:
        PropertyDescriptor._get_default = _default
        HasProps.__init__ = _begin
        HasProps.themed_values = _themed
        HasProps.query_properties_with_values = _values
        util.visit_immediate_value_references = _visit_held


def _begin(model: HasProps, **properties: Any) -> None:
    """Begin a model as Bokeh does, but for what is empty."""
    super(HasProps, model).__init__()
    model._property_values, model._unstable_default_values, model._unstable_themed_values = {}, {}, {}
    for name, value in properties.items():
        if value is not Undefined and value is not Intrinsic:
            setattr(model, name, value)
    for descriptor in _made_for_each(type(model)):  # type: ignore[arg-type]  # a class can be hashed
        if descriptor.name not in properties:
            descriptor._get(model)
    model._initialized = True


@cache
def _made_for_each(kind: type[HasProps]) -> tuple[PropertyDescriptor[Any], ...]:
    """Return the properties of which every model of a kind has a default of its own, with something in it."""
    unstable = [found for found in kind.descriptors() if found.has_unstable_default(kind)]
    return tuple(found for found in unstable if not _is_empty(found.class_default(kind)))


def _is_empty(value: Any) -> bool:  # whatever the property holds
    return isinstance(value, PropertyValueContainer) and not value


def _themed(model: HasProps) -> Values | None:
    """Look at a model, not at all of its classes: most have no theme of their own."""
    themed: Values | None = model.__dict__.get("__themed_values__")
    return themed


def _held(model: HasProps) -> set[str]:
    return {*model._property_values, *model._unstable_default_values, *(_themed(model) or ())}


def _visit_held(value: Any, visitor: Callable[[Model], None]) -> None:
    """Visit the models that one refers to: those are never among what has not been made."""
    if not isinstance(value, HasProps):
        _visit(value, visitor)
        return
    held = _held(value)
    for name in type(value).properties_with_refs():
        if name in held:
            util.visit_value_and_its_immediate_references(getattr(value, name), visitor)


def _values(model: HasProps, query: Callable[[PropertyDescriptor[Any]], bool], **kinds: bool) -> Values:
    """Return what a model holds, and its defaults where they are asked for."""
    if kinds.get("include_defaults", True):
        everything: Values = _query(model, query, **kinds)
        return everything
    held, themed, made = _held(model), _themed(model) or {}, model._unstable_default_values
    found: Values = {}
    for descriptor in type(model).descriptors():
        name = descriptor.name
        if name in held and query(descriptor):
            value = descriptor.get_value(model)
            # What has been made and is still as it was made, the browser makes for itself.
            if name in themed or name not in made or not isinstance(value, PropertyValueContainer):
                found[name] = value
    return found


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
