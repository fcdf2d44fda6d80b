"""Random JSON Schemas, drawn by hypothesis: every keyword that JSON Schema has for values, in random company."""

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["random_schemas"]

NAMES = ("a", "b", "finding", "size_mm", 'quote"d', "größe")
VALUES = (
    *(None, True, False, 0, 7, -3, 2.5, 0.001, "", "left", "no finding", 'a "b" \\ c', "é胸", "two\nlines\tand a tab"),
    *([1, "x"], {"k": [2]}, {"b": "/", "a": {}}),
)
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
PATTERNS = ("^[A-Z]{2,4}$", r"^\d+(\.\d+)?$", "ab", "^(yes|no)$", "^$", r"\w+@\w+", "^.{3}$", "x|y$")
FORMATS = ("date", "date-time", "time", "uuid", "ipv4", "email", "uri", "unheard-of")
NAME_PATTERNS = ("^x_", "[0-9]$")
DEPTH = 3

Strategy: TypeAlias = "SearchStrategy[dict[str, Any]]"


def random_schemas(num: int, seed: int = 0) -> list[dict[str, Any]]:
    """Up to `num` different schemas; the same seed gives the same ones with the same version of hypothesis."""
    import hypothesis

    found: dict[str, dict[str, Any]] = {}

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=2 * num,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(_Maker().schemas(DEPTH))
    def collect(schema: dict[str, Any]) -> None:
        found[repr(schema)] = schema

    collect()
    return list(found.values())[:num]


class _Maker:
    """Strategies for schemas, one for each family of keywords."""

    def __init__(self) -> None:
        from hypothesis import strategies

        self._st = strategies
        self._sizes = strategies.integers(0, 4)
        self._bounds = strategies.integers(-2000, 2000) | strategies.sampled_from([0.5, -0.25, 1e-3, 99.9])

    def schemas(self, depth: int) -> Strategy:
        """Schemas with schemas inside, up to a depth."""
        kinds = [self._numbers(), self._texts(), self._scalars(), self._constants()]
        if depth:
            inner = self.schemas(depth - 1)
            objects = self._objects(inner)
            kinds += [self._lists(inner), objects, objects, self._choices(inner), self._mixed(inner)]
        return self._st.one_of([*kinds, self._recursive(inner)] if depth == DEPTH else kinds)

    def _some(self, always: dict[str, Any], /, **optional: Any) -> Strategy:
        return self._st.fixed_dictionaries(always, optional=optional)

    def _numbers(self) -> Strategy:
        bounds = dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), self._bounds)
        steps = self._st.sampled_from([1, 3, 10, 0.5, 0.25])
        return self._some({"type": self._st.sampled_from(["integer", "number"])}, **bounds, multipleOf=steps)

    def _texts(self) -> Strategy:
        text = self._st.just("string")
        return self._st.one_of(
            self._some({"type": text}, minLength=self._sizes, maxLength=self._st.integers(0, 30)),
            self._some({"type": text, "pattern": self._st.sampled_from(PATTERNS)}, maxLength=self._st.integers(2, 30)),
            self._some({"type": text, "format": self._st.sampled_from(FORMATS)}),
        )

    def _scalars(self) -> Strategy:
        return self._st.sampled_from([{}, {"type": "null"}, {"type": "boolean"}, {"title": "Anything"}])

    def _constants(self) -> Strategy:
        value = self._st.sampled_from(VALUES)
        several = self._st.lists(value, min_size=1, max_size=4)
        return self._some({"const": value}) | self._some({"enum": several}, type=self._st.sampled_from(TYPES))

    def _lists(self, inner: Strategy) -> Strategy:
        return self._some(
            {"type": self._st.just("array")},
            items=inner | self._st.booleans(),
            prefixItems=self._st.lists(inner, min_size=1, max_size=3),
            minItems=self._sizes,
            maxItems=self._sizes,
            uniqueItems=self._st.booleans(),
        )

    def _objects(self, inner: Strategy) -> Strategy:
        names = self._st.sampled_from(NAMES)
        return self._some(
            {"type": self._st.just("object"), "properties": self._st.dictionaries(names, inner, max_size=4)},
            required=self._st.lists(names, max_size=3, unique=True),
            additionalProperties=self._st.booleans() | inner,
            patternProperties=self._st.dictionaries(self._st.sampled_from(NAME_PATTERNS), inner, max_size=2),
            propertyNames=self._some({"enum": self._st.just(list(NAMES))}) | self._some({"maxLength": self._sizes}),
            minProperties=self._sizes,
            maxProperties=self._sizes,
        )

    def _choices(self, inner: Strategy) -> Strategy:
        several = self._st.lists(inner, min_size=1, max_size=3)
        kinds = [self._some({name: several}) for name in ("anyOf", "oneOf", "allOf")]
        beside = self._some({"anyOf": several, "type": self._st.sampled_from(TYPES)})
        refused = self._some({"not": inner}) | self._some({"if": inner, "then": inner})
        return self._st.one_of([*kinds, *kinds, *kinds, beside, refused])

    def _mixed(self, inner: Strategy) -> Strategy:
        """Several types at once, with limits that each of them takes from."""
        types = self._st.lists(self._st.sampled_from(TYPES), min_size=1, max_size=3, unique=True)
        return self._some(
            {"type": types}, minimum=self._bounds, maxLength=self._sizes, minItems=self._sizes, items=inner
        )

    def _recursive(self, inner: Strategy) -> Strategy:
        """A definition that stands inside itself, and is referred to from a list or a property."""

        def build(content: dict[str, Any], is_list: bool) -> dict[str, Any]:
            again = {"$ref": "#/$defs/node"}
            more = {"type": "array", "items": again} if is_list else again
            node = {"type": "object", "properties": {"value": content, "more": more}, "required": ["value"]}
            return {"$ref": "#/$defs/node", "$defs": {"node": node}}

        return self._st.builds(build, inner, self._st.booleans())
