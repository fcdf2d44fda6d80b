"""The definitions inside a schema and who refers to whom."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

from osler.engine.grammar_caps import Place, refusal
from osler.engine.grammar_types import Schema

__all__ = ["References"]

VALUES = ("const", "enum", "default", "examples", "example")
"""Keywords whose content is data and no schema."""


class References:
    """Looks up `$ref` in one document; references out of it are refused."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._named_by = cache(self._names_in)

    def target(self, reference: Any, place: Place) -> tuple[str, Schema]:
        """The pointer that a reference stands for, and the schema there.

        Raises:
            InputError: there is none.
        """
        pointer = unquote(reference) if isinstance(reference, str) else ""
        if not (pointer == "#" or pointer.startswith("#/")):
            raise refusal(
                place, "refers out of the schema", "put the definition into `$defs` and refer to #/$defs/NAME"
            )
        try:
            found = self._at(pointer)
        except (KeyError, IndexError, ValueError, TypeError):
            raise refusal(place, "refers to a definition that is not there", "check the name after $ref") from None
        return pointer, found

    def reaches(self, start: str, goal: str) -> bool:
        """Whether the definition at one pointer refers to the one at another, itself or through others."""
        waiting, seen = [start], {start}
        while waiting:
            names = self._named_by(waiting.pop())
            if goal in names:
                return True
            waiting += names - seen
            seen |= names
        return False

    def _at(self, pointer: str) -> Any:
        found: Any = self._root
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        return found

    def _names_in(self, pointer: str) -> frozenset[str]:
        try:
            return frozenset(_references_in(self._at(pointer)))
        except (KeyError, IndexError, ValueError, TypeError):
            return frozenset()  # it is refused where it is used


def _references_in(value: Any) -> Iterator[str]:
    """Every pointer that `$ref` names inside a schema."""
    if isinstance(value, list):
        for part in value:
            yield from _references_in(part)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            if name == "$ref" and isinstance(part, str):
                yield unquote(part)
            elif name not in VALUES:
                yield from _references_in(part)
