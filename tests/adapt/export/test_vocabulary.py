import json

import numpy as np
import pytest

from osler.adapt.export.sentencepiece_vocabulary import model_vocabulary
from osler.adapt.export.tokenizer_json import tokenizer_config, tokenizer_json
from osler.adapt.export.vocabulary import Vocabulary, json_vocabulary, read_tokenizer_json
from osler.errors import WeightsError
from osler.tasks.load import DEMONSTRATION
from osler.testing.vocabulary import TINY_VOCABULARY
from osler.weights.gguf_tokenizer import GgufTokenizer
from osler.weights.json_tokenizer import JsonTokenizer
from osler.weights.sentencepiece_model import model_bytes

TEXTS = [
    "",
    " ",
    "The heart is enlarged; no effusion.",
    "Two  spaces,   three, \t tabs and\nlines\n\n\n\n\nof findings",
    "<bos><start_of_turn>user\n\n\n<start_of_image><end_of_turn>\n",
    "naïve façade, 37.5 °C, 5 µg; 胸部X光片 🫁 \x00 \u200b",
    "▁▁ marks that stand in the text ▁",
    '<unused94>thought\nconsolidation<unused95>```json\n[{"box_2d": [1, 2, 3, 4]}]```',
    "pneumothorax cardiomegaly " * 9,
    "x" * 70 + " " * 40 + "\n" * 40,
]


def gguf_tokenizer(vocabulary: Vocabulary) -> GgufTokenizer:
    return GgufTokenizer(list(vocabulary.tokens), vocabulary.scores, vocabulary.types, unknown=3)


@pytest.fixture(scope="module")
def nano():
    return json_vocabulary(read_tokenizer_json(DEMONSTRATION / "tokenizer.json"))


@pytest.mark.parametrize("text", TEXTS)
def test_nano_cuts_texts_alike_from_both_forms(nano, text):
    assert gguf_tokenizer(nano).encode(text) == JsonTokenizer(DEMONSTRATION / "tokenizer.json").encode(text)


def test_nano_cuts_every_word_of_its_card_alike(nano):
    words = sorted(set((DEMONSTRATION / "CARD.md").read_text().split()))
    one, other = gguf_tokenizer(nano), JsonTokenizer(DEMONSTRATION / "tokenizer.json")
    assert len(words) > 200
    assert [word for word in words if one.encode(f" {word}") != other.encode(f" {word}")] == []


def test_tokens_scores_and_types_are_those_of_a_converted_file(tmp_path):
    (tmp_path / "tokenizer.json").write_text(TINY_VOCABULARY.tokenizer_json())
    found = json_vocabulary(read_tokenizer_json(tmp_path / "tokenizer.json"))
    assert list(found.tokens) == TINY_VOCABULARY.gguf_tokens(soft_token=True)
    assert found.types.tolist() == TINY_VOCABULARY.types
    normal = np.array(TINY_VOCABULARY.types) == 1
    merged = normal & np.array([len(token) > 1 for token in TINY_VOCABULARY.tokens])
    assert np.array_equal(found.scores[merged], TINY_VOCABULARY.scores[merged])
    assert found.scores[merged].min() > found.scores[normal & ~merged].max()


def test_a_tokenizer_whose_pieces_all_merge_is_closed_and_nano_s_is_not(nano, tmp_path):
    (tmp_path / "tokenizer.json").write_text(TINY_VOCABULARY.tokenizer_json())
    table = read_tokenizer_json(tmp_path / "tokenizer.json")
    assert json_vocabulary(table).is_closed
    table["model"]["merges"] = [merge for merge in table["model"]["merges"] if merge != ["lung", "s"]]
    assert not json_vocabulary(table).is_closed
    assert not nano.is_closed


def test_merges_written_as_texts_mean_the_same(tmp_path):
    (tmp_path / "tokenizer.json").write_text(TINY_VOCABULARY.tokenizer_json())
    table = read_tokenizer_json(tmp_path / "tokenizer.json")
    first = json_vocabulary(table)
    table["model"]["merges"] = [" ".join(merge) for merge in table["model"]["merges"]]
    assert np.array_equal(json_vocabulary(table).scores, first.scores)


def test_rows_without_a_token_are_padding_and_tokens_without_a_row_are_left_out(nano):
    wider, narrower = nano.resized(2050), nano.resized(2047)
    assert wider.tokens[-2:] == (b"[PAD2048]", b"[PAD2049]") and wider.types[-2:].tolist() == [5, 5]
    assert narrower.id_of("<image_soft_token>") is None
    assert gguf_tokenizer(wider).encode(TEXTS[4]) == gguf_tokenizer(nano).encode(TEXTS[4])


@pytest.mark.parametrize("text", TEXTS)
def test_tokenizer_json_made_from_gguf_cuts_texts_alike(nano, tmp_path, text):
    (tmp_path / "tokenizer.json").write_text(tokenizer_json(nano), encoding="utf-8")
    again = JsonTokenizer(tmp_path / "tokenizer.json")
    original = JsonTokenizer(DEMONSTRATION / "tokenizer.json")
    assert again.encode(text) == original.encode(text)
    ids = original.encode(text)
    if "<unused" not in text:  # special in nano's file, and not in Gemma's
        assert again.decode(ids) == original.decode(ids)


def test_the_made_tokenizer_begins_with_bos_and_knows_its_special_tokens(nano, tmp_path):
    from tokenizers import Tokenizer

    made = Tokenizer.from_str(tokenizer_json(nano))
    assert made.encode("a").tokens[0] == "<bos>"
    special = {entry.content for entry in made.get_added_tokens_decoder().values() if entry.special}
    assert {"<bos>", "<end_of_turn>", "<image_soft_token>"} <= special and "<unused94>" not in special
    config = tokenizer_config(nano, 8192)
    assert config["model_max_length"] == 8192 and config["image_token"] == "<image_soft_token>"
    assert config["added_tokens_decoder"]["106"]["content"] == "<end_of_turn>"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": {"type": "Unigram", "vocab": [], "merges": []}}, "byte-pair"),
        ({"normalizer": None}, "byte-pair"),
        ({"model": None}, "no tokenizer"),
    ],
)
def test_a_tokenizer_of_another_kind_is_refused(tmp_path, change, said):
    table = {**json.loads(TINY_VOCABULARY.tokenizer_json()), **change}
    (tmp_path / "tokenizer.json").write_text(json.dumps(table))
    with pytest.raises(WeightsError, match=said):
        read_tokenizer_json(tmp_path / "tokenizer.json")


def test_a_missing_tokenizer_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"no tokenizer\.json"):
        read_tokenizer_json(tmp_path / "tokenizer.json")


@pytest.fixture
def model_folder(nano, tmp_path):
    """nano's vocabulary as published folders have Gemma's: tokenizer.model and tokenizer_config.json."""
    types = np.where(nano.types == 6, 6, np.where(np.arange(len(nano.tokens)) == 3, 2, 1)).astype(np.uint8)
    last = nano.id_of("<image_soft_token>")
    pieces = [token.replace(b" ", "▁".encode()) for token in nano.tokens]
    (tmp_path / "tokenizer.model").write_bytes(model_bytes(pieces[:last], nano.scores[:last], types[:last], unknown=3))
    (tmp_path / "tokenizer_config.json").write_bytes((DEMONSTRATION / "tokenizer_config.json").read_bytes())
    return tmp_path


def test_tokenizer_model_gives_the_same_vocabulary(nano, model_folder):
    found = model_vocabulary(model_folder)
    assert found.tokens == nano.tokens
    assert np.array_equal(found.types, nano.types)
    assert np.array_equal(found.scores, nano.scores)


def test_a_damaged_tokenizer_model_is_refused(model_folder):
    (model_folder / "tokenizer.model").write_bytes(b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(WeightsError, match=r"tokenizer\.model"):
        model_vocabulary(model_folder)


def test_malformed_added_tokens_are_refused(model_folder):
    (model_folder / "tokenizer_config.json").write_text('{"added_tokens_decoder": {"0": {}}}')
    with pytest.raises(WeightsError, match="malformed"):
        model_vocabulary(model_folder)
