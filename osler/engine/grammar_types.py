"""What can be told of a JSON Schema by looking at it: the types it lets through, its constants, what is disjoint."""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["ALL_TYPES", "APPLICATORS", "Schema", "constants", "numbers_in", "required_names", "types_of"]

Schema = Mapping[str, Any] | bool

ALL_TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
APPLICATORS = ("allOf", "anyOf", "oneOf", "$ref")


def types_of(schema: Schema) -> frozenset[str]:
    """The types that a schema's own keywords let through; "number" stands beside "integer", which it holds.

    >>> sorted(types_of({"type": "number"})), sorted(types_of({"enum": ["a", None]}))
    (['integer', 'number'], ['null', 'string'])
    """
    if isinstance(schema, bool):
        return frozenset(ALL_TYPES if schema else ())
    named = schema.get("type", ALL_TYPES)
    types = {named} if isinstance(named, str) else set(named)
    if "number" in types:
        types.add("integer")
    values = _values(schema)
    if values is not None:
        types &= {_type_of(value) for value in values} | {"number" for value in values if _type_of(value) == "integer"}
    return frozenset(types)


def constants(schema: Schema) -> frozenset[str] | None:
    """The values that `const` and `enum` leave, each as canonical JSON; None where neither is there.

    >>> sorted(constants({"enum": [1.0, "a"]}))
    ['"a"', '1']
    """
    values = None if isinstance(schema, bool) else _values(schema)
    return None if values is None else frozenset(map(_canonical, values))


def required_names(schema: Schema) -> frozenset[str]:
    """Properties that every object must have."""
    if isinstance(schema, bool):
        return frozenset()
    named = schema.get("required", ())
    return frozenset(name for name in named if isinstance(name, str)) if isinstance(named, list) else frozenset()


def numbers_in(value: Any) -> list[int | float]:
    """All numbers in a JSON value, wherever they stand."""
    if isinstance(value, bool):
        return []
    if isinstance(value, int | float):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [number for part in inner for number in numbers_in(part)]


def _values(schema: Mapping[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return values if isinstance(values, list) else None


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    names = {float: "number", str: "string", list: "array"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "object")


def _canonical(value: Any) -> str:
    """JSON in which equal values are equal texts: 1 and 1.0 are one number, the order of properties does not count."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return value
