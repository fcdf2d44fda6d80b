"""Lists of a schema, made finite."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Protocol

from osler.engine.grammar_caps import Caps, Place, refusal
from osler.engine.grammar_types import Schema

__all__ = ["Narrower", "finite_array", "size"]

MOST_DIFFERENT = 8
"""Values that a list without repetitions may choose from: 2 to that power lists are written out."""


class Narrower(Protocol):
    """What narrows the schemas of parts."""

    def narrow(self, schema: Schema, place: Place) -> Schema: ...

    def anything(self, place: Place) -> Schema: ...

    def resolved(self, schema: Schema, place: Place) -> Schema: ...


def finite_array(keywords: Mapping[str, Any], place: Place, narrower: Narrower, caps: Caps) -> dict[str, Any] | None:
    """The keywords for lists; None where no list fits."""
    first, rest, rest_name = _items(keywords)
    least = size(keywords, "minItems", place) or 0
    named = size(keywords, "maxItems", place)
    most = caps.items if named is None else named
    if keywords.get("uniqueItems") and most > 1:
        return _without_repetitions(rest, first, (least, most), place, narrower)
    narrowed = [narrower.narrow(item, place.inside("prefixItems", number)) for number, item in enumerate(first)]
    most = min(most, next((number for number, item in enumerate(narrowed) if item is False), most))
    others: Schema | None = None
    if rest is not None:
        others = narrower.narrow(rest, place.inside(rest_name))
    elif place.is_whole:
        others = False if first and least <= len(first) else narrower.anything(place.inside(rest_name))
    if others is False:
        most = min(most, len(first))
    if least > most:
        return None
    out: dict[str, Any] = {"prefixItems": narrowed[:most]} if narrowed[:most] else {}
    out |= {} if others is None else {"items": others}
    out |= {"minItems": least} if least else {}
    return out | ({"maxItems": most} if place.is_whole or named is not None or "type" in keywords else {})


def size(keywords: Mapping[str, Any], name: str, place: Place) -> int | None:
    """A number of items or properties, or None.

    Raises:
        InputError: it is none.
    """
    value = keywords.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != int(value):
        raise refusal(place, f"has a `{name}` that is no whole number >= 0", "write a number such as 3")
    return int(value)


def _items(keywords: Mapping[str, Any]) -> tuple[list[Schema], Schema | None, str]:
    """Schemas of the first items, that of all further ones if there is one, and how it is called.

    Before 2020-12 the first ones were `items`, the further ones `additionalItems`.
    """
    items = keywords.get("items")
    if isinstance(items, list):
        return items, keywords.get("additionalItems"), "additionalItems"
    first = keywords.get("prefixItems")
    return (first if isinstance(first, list) else []), items, "items"


def _without_repetitions(
    rest: Schema | None, first: list[Schema], sizes: tuple[int, int], place: Place, narrower: Narrower
) -> dict[str, Any] | None:
    """All lists of different values in the order in which the schema names them."""
    target = None if rest is None or first else narrower.resolved(rest, place)
    values = None if target is None or isinstance(target, bool) else _few_values(target)
    if values is None:
        raise refusal(
            place,
            "has `uniqueItems`, which can be guaranteed only for items from a short `enum`",
            f"list at most {MOST_DIFFERENT} values, or leave uniqueItems out and look for repetitions yourself",
        )
    least, most = sizes
    lists = [list(chosen) for num in range(least, min(most, len(values)) + 1) for chosen in combinations(values, num)]
    return {"enum": lists} if lists else None


def _few_values(schema: Mapping[str, Any]) -> list[Any] | None:
    """The values of a schema that is nothing but a short `enum` of different texts."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    limits = schema.keys() - {"const", "enum", "type", "title", "description"}
    if limits or not isinstance(values, list) or not 0 < len(values) <= MOST_DIFFERENT:
        return None
    is_text = all(isinstance(value, str) for value in values) and schema.get("type", "string") == "string"
    return list(dict.fromkeys(values)) if is_text else None
