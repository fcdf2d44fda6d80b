"""How long texts, lists and numbers may become where a schema does not say."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from osler.engine.grammar_types import Schema, numbers_in
from osler.errors import InputError

__all__ = ["Caps", "Place", "caps_for", "refusal"]

LARGEST_EXACT = 2**53
FINEST_EXACT = 22
"""llguidance reads a number as a whole number up to the first, times or divided by ten to a power up to the second.
Such numbers come out as they were written; others may come out one unit in the last place off."""

UNWRITABLE = re.compile("[\x00-\x07\x0b\x0e-\x1f\x7f\ud800-\udfff]")
LONGEST_PATH = 200
REMARKS = ("title", "description", "$comment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What holds where a schema sets no limit of its own; a limit that the schema sets is never changed.

    Attributes:
        characters: of a text.
        items: of a list.
        properties: of an object with free names.
        name_characters: of a free name.
        nesting: how often a definition may stand inside itself.
        free_nesting: lists and objects inside each other where the schema lets anything stand.
        limit: numbers lie between -limit and limit; None for no limit, where the schema's own numbers are larger.
        step: numbers are multiples of it; None for no limit, where the schema's own numbers are finer.
        has_patterned: whether texts with a pattern or a format get the limit of characters, too.
    """

    characters: int = 2000
    items: int = 100
    properties: int = 32
    name_characters: int = 64
    nesting: int = 6
    free_nesting: int = 2
    limit: int | None = 10**15 - 1
    step: float | None = 1e-6
    has_patterned: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a schema something stands.

    Attributes:
        path: a JSON pointer, for messages.
        is_whole: whether nothing else limits the same value, so that what the schema leaves open may be closed.
        definition: the pointer of the definition that it belongs to.
        depth: how often that definition stands inside itself by here.
        required: properties that the object here must have for a reason outside it.
    """

    path: str = "#"
    is_whole: bool = True
    definition: str = "#"
    depth: int = 0
    required: frozenset[str] = frozenset()

    def inside(self, *steps: str | int) -> "Place":
        """The place of a part of a value."""
        return replace(self, path="/".join([self.path, *map(str, steps)]), required=frozenset())

    def option(self, *steps: str | int) -> "Place":
        """The place of another schema for the same value."""
        return replace(self, path="/".join([self.path, *map(str, steps)]))

    def part(self) -> "Place":
        """The same place, where something else limits the same value."""
        return replace(self, is_whole=False)


def refusal(place: Place, what: str, hint: str) -> InputError:
    """The error for a schema that no reply can be made to fit for certain."""
    path = place.path if len(place.path) <= LONGEST_PATH else f"{place.path[: LONGEST_PATH // 2]}…"
    return InputError(f"cannot hold a reply to the schema: `{path}` {what}", hint=hint)


def caps_for(schema: Schema, caps: Caps) -> Caps:
    """Caps that do not contradict what a schema demands.

    Raises:
        InputError: the schema holds a number that is not exact, or a text that no reply can hold.
    """
    characters, items, properties = caps.characters, caps.items, caps.properties
    limit, step = caps.limit, caps.step
    for key, value in _entries(schema):
        _check_writable(key, value)
        characters = max(characters, _size(key, value, "minLength", str))
        items = max(items, _size(key, value, "minItems", list))
        properties = max(properties, _size(key, value, "minProperties", dict))
    for number in numbers_in(schema):
        if not _is_exact(number):
            shown = number if isinstance(number, float) else Decimal(number)  # no float holds every whole number
            raise InputError(
                f"cannot hold a reply to the schema: it names the number {shown:.20g}, which is not exact",
                hint=f"write numbers up to {LARGEST_EXACT:,} with at most 15 digits, or ask for digits in a text",
            )
        limit = None if limit is None or abs(number) >= limit else limit
        step = None if step is None or _decimals(number) > _decimals(step) else step
    return replace(caps, characters=characters, items=items, properties=properties, limit=limit, step=step)


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Every (name or "", value) inside a JSON value."""
    pairs = value.items() if isinstance(value, Mapping) else [("", part) for part in value]
    for name, part in pairs:
        yield name, part
        if isinstance(part, Mapping | list):
            yield from _entries(part)


def _size(key: str, value: Any, keyword: str, kind: type[str] | type[list] | type[dict]) -> int:
    """What an entry demands: the number after a keyword, or the length of a constant of this kind.

    Values of `enum` have no name, and neither have other parts of lists, which makes a cap larger at worst.
    """
    if key == keyword and isinstance(value, int | float):
        return int(value) if abs(value) <= LARGEST_EXACT else 0  # others are refused with the numbers
    return len(value) if key in ("", "const") and isinstance(value, kind) else 0


def _check_writable(key: str, value: Any) -> None:
    """Refuse a control character in a constant: without \\u escapes llguidance leaves it out without a word."""
    if key not in REMARKS and isinstance(value, str) and UNWRITABLE.search(value):
        raise InputError(
            "cannot hold a reply to the schema: it holds a text with a control character or half a character",
            hint="leave it out; tabs and new lines may stay",
        )


def _is_exact(number: float) -> bool:
    if not abs(number) <= LARGEST_EXACT:  # nor is what is no number
        return False
    _, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int)
    return int("".join(map(str, digits))) <= LARGEST_EXACT and abs(exponent) <= FINEST_EXACT


def _decimals(number: float) -> int:
    """Decimals of a number as JSON writes it: 1e-6 has six."""
    mantissa, _, exponent = json.dumps(number).lower().partition("e")
    return max(0, len(mantissa.partition(".")[2].rstrip("0")) - int(exponent or 0))
