"""Forms turned into grammars, and refused in words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.engine.grammar import grammar_of
from osler.engine.grammar_schema import KEPT, REFUSED
from osler.engine.sampling import Sampling
from osler.errors import InputError


def test_without_a_form_there_is_no_grammar():
    assert grammar_of(None, None) is None


def test_a_regex_with_lookaround_is_refused():
    with pytest.raises(InputError, match="regular expression"):
        Sampling(regex="(?=a)b")


def test_a_broken_regex_is_refused():
    with pytest.raises(InputError, match="regular expression"):
        Sampling(regex="(")


def test_a_schema_that_nothing_fits_is_refused():
    with pytest.raises(InputError, match="minimum"):
        Sampling(schema={"type": "integer", "minimum": 5, "maximum": 3})


def test_a_name_with_half_a_character_is_refused():
    with pytest.raises(InputError, match="schema"):
        Sampling(schema={"type": "object", "properties": {"\ud800": {"type": "null"}}})


def test_a_broken_pattern_is_refused():
    with pytest.raises(InputError, match="schema"):
        Sampling(schema={"type": "string", "pattern": "("})


def test_only_one_form_at_a_time():
    with pytest.raises(InputError, match="both"):
        Sampling(schema={}, regex="a")


@pytest.mark.parametrize("option", [{"stop": "a"}, {"ignore_eos": True}])
def test_options_that_would_break_the_form_are_refused(option):
    with pytest.raises(InputError, match=next(iter(option))):
        Sampling(schema={}, **option)


@pytest.mark.parametrize("schema", [[], "object", {"const": object()}, {"const": {1, 2}}], ids=repr)
def test_what_is_no_json_is_no_schema(schema):
    with pytest.raises(InputError, match="JSON Schema"):
        Sampling(schema=schema)


def test_the_schema_is_copied():
    schema = {"type": "object", "properties": {"a": {"type": "null"}}}
    sampling = Sampling(schema=schema)
    schema["properties"].clear()
    assert sampling.schema["properties"] == {"a": {"type": "null"}}


def test_a_pattern_too_hard_to_count_goes_without_a_limit_of_characters():
    assert grammar_of({"type": "string", "format": "email"}, None)
    assert grammar_of({"type": "string", "pattern": r"^\w+([.-]?\w+)*@\w+([.-]?\w+)*(\.\w{2,})+$"}, None)


@pytest.mark.parametrize("size", [float("inf"), float("nan"), 1e300, 10**400], ids=["inf", "nan", "1e300", "10**400"])
@pytest.mark.parametrize("keyword", ["minLength", "minItems", "minProperties"])
def test_sizes_that_are_no_numbers_or_beyond_all_bounds_are_refused(keyword, size):
    with pytest.raises(InputError, match="cannot hold a reply to the schema"):
        grammar_of({keyword: size}, None)


KEYWORDS = st.sampled_from(sorted(KEPT | REFUSED | {"$defs", "discriminator", "a"}))
VALUES = st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.sampled_from(["a", "object", "array", "#"])
ANY_JSON = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=4), max_leaves=12
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYWORDS, ANY_JSON, max_size=4))
def test_whatever_comes_as_a_schema_is_taken_or_refused_in_words(schema):
    try:
        assert grammar_of(schema, None)
    except InputError as error:
        assert error.message.startswith("cannot hold a reply to the schema") and error.hint
