import pytest

from osler.errors import PromptError
from osler.prompt.special import CONTROL_TOKENS, GEMMA_IDS, control_token_in, required_id, stop_ids
from osler.testing.tokens import CharacterTokenizer


def test_gemma_ids_are_those_of_its_vocabulary():
    assert GEMMA_IDS["<end_of_image>"] == 256_000
    assert GEMMA_IDS["<image_soft_token>"] == 262_144
    assert (GEMMA_IDS["<unused94>"], GEMMA_IDS["<unused95>"]) == (100, 101)
    assert (GEMMA_IDS["<eos>"], GEMMA_IDS["<end_of_turn>"]) == (1, 106)


@pytest.mark.parametrize("token", CONTROL_TOKENS)
def test_every_control_token_is_seen_inside_a_word(token):
    assert control_token_in(f"a{token}b") == token


def test_the_first_of_several_control_tokens_is_named():
    assert control_token_in("x<eos>y<bos>") == "<eos>"


def test_ordinary_angle_brackets_are_no_control_tokens():
    assert control_token_in("<b>Hb</b> <start of turn> < end_of_turn >") is None


def test_a_vocabulary_without_a_needed_token_is_refused_by_name():
    tokenizer = CharacterTokenizer(special=("<pad>", "<bos>"))
    with pytest.raises(PromptError, match="has no <start_of_turn>"):
        required_id(tokenizer, "<start_of_turn>")


def test_stop_ids_are_those_that_the_vocabulary_has():
    full = CharacterTokenizer()
    assert stop_ids(full) == (full.id_of("<eos>"), full.id_of("<end_of_turn>"))
    assert stop_ids(CharacterTokenizer(special=("<pad>", "<eos>"))) == (1,)
