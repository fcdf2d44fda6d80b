"""Names of properties that a schema leaves free."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from osler.engine.grammar_caps import Caps, Place, refusal
from osler.engine.grammar_types import Schema

if TYPE_CHECKING:
    from osler.engine.grammar_array import Narrower
    from osler.engine.grammar_object import Form

__all__ = ["free_names", "with_names_limited"]


def free_names(shortest: int, caps: Caps, longest: int | None = None) -> str:
    """A pattern for names that need no escapes, so that no two spellings are one name."""
    longest = caps.name_characters if longest is None else longest
    return rf'^[^"\\\x00-\x1f\x7f]{{{shortest},{longest}}}$'


def with_names_limited(form: "Form", limits: Schema, place: Place, narrower: "Narrower", caps: Caps) -> "Form":
    """`propertyNames` turned into names or a pattern.

    Raises:
        InputError: it limits names in another way.
    """
    others = narrower.anything(place.inside("additionalProperties")) if form.others is None else form.others
    if isinstance(limits, Mapping) and not form.patterns and place.is_whole:
        keys = limits.keys() - {"type", "title", "description"}
        if keys in ({"enum"}, {"const"}):
            values = limits["enum"] if "enum" in limits else [limits["const"]]
            form.named = {name: form.named.get(name, others) for name in values if isinstance(name, str)}
            form.others = False
            return form
        if not form.named and keys and keys <= {"pattern", "minLength", "maxLength"}:
            pattern = _pattern(limits, caps)
            if pattern is not None:
                form.patterns, form.others = {pattern: others}, False
                return form
    raise refusal(place, "has `propertyNames`, which can be guaranteed only as an enum or a pattern", "list the names")


def _pattern(limits: Mapping[str, object], caps: Caps) -> str | None:
    pattern, least, most = (limits.get(name) for name in ("pattern", "minLength", "maxLength"))
    if isinstance(pattern, str):
        return pattern if least is None and most is None else None
    shortest = least if isinstance(least, int) else 0
    longest = most if isinstance(most, int) else max(shortest, caps.name_characters)
    return free_names(shortest, caps, longest)
