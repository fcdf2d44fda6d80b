"""Objects of a schema, made finite and closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from osler.engine.grammar_array import Narrower, size
from osler.engine.grammar_caps import Caps, Place, refusal
from osler.engine.grammar_names import free_names, with_names_limited
from osler.engine.grammar_types import Schema

__all__ = ["finite_object", "free_object"]


@dataclass(slots=True, kw_only=True)
class Form:
    """An object's schema while it is made narrower.

    Attributes:
        named: schemas of properties by name; False for one that must not be there.
        patterns: schemas of properties by the pattern of their name.
        others: the schema of all other properties, None where nothing is said.
        required: names that must be there.
        least, most: how many properties.
    """

    named: dict[str, Schema]
    patterns: dict[str, Schema]
    others: Schema | None
    required: list[str]
    least: int
    most: int | None

    @property
    def optional(self) -> list[str]:
        return [name for name in self.named if name not in self.required]

    @property
    def is_closed(self) -> bool:
        return self.others is False and not self.patterns

    def keywords(self) -> dict[str, Any]:
        """As JSON Schema has it."""
        out: dict[str, Any] = {"properties": self.named} if self.named else {}
        out |= {"patternProperties": self.patterns} if self.patterns else {}
        out |= {} if self.others is None else {"additionalProperties": self.others}
        out |= {"required": self.required} if self.required else {}
        out |= {"minProperties": self.least} if self.least > len(self.required) else {}
        return out | ({} if self.most is None else {"maxProperties": self.most})


def finite_object(keywords: Mapping[str, Any], place: Place, narrower: Narrower, caps: Caps) -> dict[str, Any] | None:
    """The keywords for objects; None where no object fits.

    Raises:
        InputError: the number of properties cannot be held to.
    """
    form = _form(keywords, place, narrower)
    limits = keywords.get("propertyNames", True)
    if limits is not True and limits != {}:
        form = with_names_limited(form, narrower.resolved(limits, place), place, narrower, caps)
    if not place.is_whole:
        return form.keywords()
    if not _name_required(form, place, narrower):
        return None
    if form.others is None and not form.patterns:
        is_free = not form.named or form.least > len(form.named)
        form.others = narrower.anything(place.inside("additionalProperties")) if is_free else False
    if form.others is not None and form.others is not False and not form.named and not form.patterns:
        return _free(form, place, caps)
    if not form.is_closed and form.most is not None and form.optional:
        form.others, form.patterns = False, {}  # names that may be missing cannot be counted together with free ones
    return _closed(form) if form.is_closed else _open(form, place, caps)


def free_object(inner: Schema, most: int, caps: Caps) -> dict[str, Any]:
    """Keywords for objects of up to `most` properties with any names."""
    return {"patternProperties": {free_names(1, caps): inner}, "additionalProperties": False, "maxProperties": most}


def _form(keywords: Mapping[str, Any], place: Place, narrower: Narrower) -> Form:
    others = keywords.get("additionalProperties")
    return Form(
        named=_narrowed(keywords, "properties", place, narrower),
        patterns=_narrowed(keywords, "patternProperties", place, narrower),
        others=None if others is None else narrower.narrow(others, place.inside("additionalProperties")),
        required=list(dict.fromkeys([*_required(keywords, place), *sorted(place.required)])),
        least=size(keywords, "minProperties", place) or 0,
        most=size(keywords, "maxProperties", place),
    )


def _narrowed(keywords: Mapping[str, Any], name: str, place: Place, narrower: Narrower) -> dict[str, Schema]:
    schemas = keywords.get(name, {})
    if not isinstance(schemas, Mapping):
        raise refusal(place, f"has `{name}` that is no object", "write a schema for each name")
    return {key: narrower.narrow(schema, place.inside(name, key)) for key, schema in schemas.items()}


def _required(keywords: Mapping[str, Any], place: Place) -> list[str]:
    names = keywords.get("required", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise refusal(place, "has `required` that is no list of names", 'write a list such as ["finding"]')
    return names


def _name_required(form: Form, place: Place, narrower: Narrower) -> bool:
    """Name the required properties that only `additionalProperties` describes; False where one cannot be there."""
    for name in form.required:
        if name in form.named or form.patterns:
            continue
        form.named[name] = narrower.anything(place.inside("properties", name)) if form.others is None else form.others
    if form.patterns and form.others is None:
        is_described = all(name in form.named for name in form.required)
        form.others = False if is_described else narrower.anything(place.inside("additionalProperties"))
    return not any(form.named.get(name) is False for name in form.required)


def _free(form: Form, place: Place, caps: Caps) -> dict[str, Any]:
    """Any names: none of them can be told from one that came before, so two or more cannot be counted."""
    assert form.others is not None
    if form.least > 1:
        raise _uncounted(place)
    most = caps.properties if form.most is None else form.most
    least = {"minProperties": 1} if form.least else {}
    return least | free_object(form.others, most, caps)


def _closed(form: Form) -> dict[str, Any] | None:
    """Named properties alone. llguidance counts them only where one is missing or one is too many."""
    form.named = {name: schema for name, schema in form.named.items() if schema is not False}
    if form.least > len(form.named) or (form.most is not None and form.most < max(form.least, len(form.required))):
        return None
    if form.most is not None and form.most >= len(form.named):
        form.most = None
    missing = form.least - len(form.required)
    room = None if form.most is None else form.most - len(form.required)
    if missing > 1 or room not in (None, 1):
        form.required += form.optional[: max(0, missing)]
        kept = [*form.required, *form.optional[: None if form.most is None else form.most - len(form.required)]]
        form.named, form.most = {name: schema for name, schema in form.named.items() if name in kept}, None
    return form.keywords()


def _open(form: Form, place: Place, caps: Caps) -> dict[str, Any] | None:
    """Named properties, and others behind them."""
    possible = [name for name in form.optional if form.named[name] is not False]
    form.required += possible[: max(0, form.least - len(form.required))]
    if form.least > len(form.required) + 1:
        raise _uncounted(place)
    if form.most is None and not form.optional:
        form.most = len(form.named) + caps.properties
    if form.most is not None and form.most < max(form.least, len(form.required)):
        return None
    return form.keywords()


def _uncounted(place: Place) -> Exception:
    return refusal(
        place,
        "asks for two or more properties whose names it does not give, which cannot be guaranteed",
        "name them under `properties`",
    )
