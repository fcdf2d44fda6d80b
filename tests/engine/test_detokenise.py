"""Ids to text, one at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.engine.detokenise import Detokeniser
from osler.testing.tokens import CharacterTokenizer

TOKENIZER = CharacterTokenizer()


def pieces(text):
    """What comes out for each token (a byte each), and at the end."""
    detokeniser = Detokeniser(TOKENIZER)
    return [*map(detokeniser.push, TOKENIZER.encode(text)), detokeniser.finish()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("🫀x", ["", "", "", "🫀", "x", ""]),
        ("قلب", ["", "ق", "", "ل", "", "ب", ""]),
        ("肺", ["", "", "肺", ""]),
    ],
)
def test_a_character_comes_out_with_its_last_byte(text, expected):
    assert pieces(text) == expected


@given(st.text(st.characters(codec="utf-8", exclude_characters="<")))
def test_any_text_comes_out_whole(text):
    assert "".join(pieces(text)) == text


def test_bytes_that_are_no_text_become_replacement_characters():
    detokeniser = Detokeniser(TOKENIZER)
    heart = TOKENIZER.encode("🫀")
    assert detokeniser.push(heart[0]) == ""
    assert detokeniser.push(TOKENIZER.encode("a")[0]) == "\ufffda"


def test_the_end_shows_an_unfinished_character():
    detokeniser = Detokeniser(TOKENIZER)
    for token in TOKENIZER.encode("🫀")[:3]:
        detokeniser.push(token)
    assert detokeniser.finish() == "\ufffd"


def test_a_special_token_is_no_text_and_ends_an_unfinished_character():
    detokeniser = Detokeniser(TOKENIZER)
    detokeniser.push(TOKENIZER.encode("🫀")[0])
    assert detokeniser.push(TOKENIZER.id_of("<end_of_turn>")) == "\ufffd"
    assert detokeniser.push(TOKENIZER.id_of("<end_of_turn>")) == ""
