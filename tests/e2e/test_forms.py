"""`osler ask` with a schema or a regular expression, run as a person runs it."""

import json
import re

import pytest

REPORT = {
    "type": "object",
    "properties": {"finding": {"enum": ["effusion", "no finding"]}, "size_mm": {"type": "integer", "maximum": 99}},
    "required": ["finding", "size_mm"],
}


@pytest.fixture
def form(tmp_path):
    (tmp_path / "form.json").write_text(json.dumps(REPORT))
    return tmp_path / "form.json"


def test_the_answer_is_json_that_fits_the_schema(osler, tiny_gguf, form):
    result = osler("ask", "What is there?", "--model", tiny_gguf, "--schema", form)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert list(found) == REPORT["required"] and found["size_mm"] <= 99


def test_the_whole_reply_holds_the_parsed_answer(osler, tiny_gguf, form):
    reply = json.loads(osler("ask", "What is there?", "--model", tiny_gguf, "--schema", form, "--json").stdout)
    assert reply["parsed"] == json.loads(reply["text"])


def test_the_answer_matches_the_regular_expression(osler, tiny_gguf):
    result = osler("ask", "How large?", "--model", tiny_gguf, "--regex", r"about \d{1,3} mm")
    assert re.fullmatch(r"about \d{1,3} mm\n", result.stdout)


def test_half_an_answer_does_not_pass_as_one(osler, tiny_gguf, form):
    result = osler("ask", "What is there?", "--model", tiny_gguf, "--schema", form, "--max-new-tokens", "4")
    assert result.returncode == 1
    assert "does not fit its schema: it was cut off after 4 tokens" in result.stderr


@pytest.mark.parametrize(
    "schema, words", [('{"not": {}}', "`not`"), ("{", "not JSON"), (None, "cannot read the schema `form.json`")]
)
def test_a_schema_that_cannot_be_held_to_is_refused(refused, tiny_gguf, tmp_path, schema, words):
    if schema is not None:
        (tmp_path / "form.json").write_text(schema)
    assert words in refused("ask", "What?", "--model", tiny_gguf, "--schema", "form.json")
