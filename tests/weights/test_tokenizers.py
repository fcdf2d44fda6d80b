"""Both tokenizers, on the same small vocabulary built as Gemma's is."""

import json
import random

import numpy as np
import pytest

from osler.errors import WeightsError
from osler.prompt.tokens import Tokenizer
from osler.testing.vocabulary import TINY_VOCABULARY
from osler.weights.gguf_tokenizer import GgufTokenizer
from osler.weights.json_tokenizer import JsonTokenizer

TEXTS = [
    "",
    " ",
    "the heart is enlarged",
    "  two  spaces   three    four     five ",
    "one\n\ntwo\n\n\n\n\n\nsix",
    "\ttab\r\nline",
    "pneumonia? 12.5 mg/dL (µg, °C)",
    "胸片 صورة 😀👩🏽‍⚕️",
    "<bos><start_of_turn>user\nhi<end_of_turn>\n<start_of_turn>model\n",
    "user\n\n\n<start_of_image><image_soft_token><image_soft_token><end_of_image>\n\nDescribe",
    "<unused94>thought\nno<unused95>yes",
    "<unk> <mask> <unused200> <unused9999> <bos",
    "▁ literal ▁▁ and ▁▁▁▁▁▁ blocks",
    "<0x0A>",
    "\x00\x7f",
    "half a pair \ud83d here",
]


def from_gguf(*, soft_token: bool = False, **changes) -> GgufTokenizer:
    tokens = TINY_VOCABULARY.gguf_tokens(soft_token=soft_token)
    metadata = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": TINY_VOCABULARY.scores[: len(tokens)],
        "tokenizer.ggml.token_type": np.array(TINY_VOCABULARY.types[: len(tokens)], np.int32),
        "tokenizer.ggml.unknown_token_id": tokens.index(b"<unk>"),
    }
    changed = {"tokenizer.ggml." + key: value for key, value in changes.items()}
    kept = {key: value for key, value in {**metadata, **changed}.items() if value is not None}
    return GgufTokenizer.from_metadata(kept, "tiny.gguf")


@pytest.fixture(scope="module")
def json_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_text(TINY_VOCABULARY.tokenizer_json(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def from_json(json_path) -> JsonTokenizer:
    return JsonTokenizer(json_path)


@pytest.fixture(scope="module", params=["json", "gguf", "gguf with soft token"])
def tokenizer(request, from_json):
    return from_json if request.param == "json" else from_gguf(soft_token="soft" in request.param)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("soft_token", [False, True])
def test_both_give_the_same_ids_and_the_same_text(from_json, text, soft_token):
    other = from_gguf(soft_token=soft_token)
    ids = from_json.encode(text)
    assert other.encode(text) == ids
    assert other.decode(ids) == from_json.decode(ids)


def test_both_give_the_same_ids_on_random_text(from_json):
    other, source = from_gguf(), random.Random(0)
    pieces = [*TINY_VOCABULARY.tokens, " ", "\n", "\t", "▁", "<", "é", "片", "😀", "heart", "  ", "\n\n\n\n\n", "\x85"]
    for _ in range(500):
        text = "".join(source.choice(pieces) for _ in range(source.randint(1, 12)))
        assert other.encode(text) == from_json.encode(text), repr(text)


def test_they_are_tokenizers(tokenizer):
    assert isinstance(tokenizer, Tokenizer)


def test_text_without_special_tokens_comes_back(tokenizer):
    for text in TEXTS:
        if "<" not in text and "▁" not in text and "\ud83d" not in text:
            assert tokenizer.decode(tokenizer.encode(text)) == text


def test_half_a_surrogate_pair_becomes_the_replacement_character(tokenizer):
    assert tokenizer.decode(tokenizer.encode("a \ud83d b")) == "a \ufffd b"


def test_no_bos_and_no_space_are_put_in_front(tokenizer):
    assert tokenizer.encode("heart") == [tokenizer.id_of("heart")]
    assert tokenizer.encode(" heart") == [tokenizer.id_of("▁heart")]


def test_special_tokens_in_a_text_are_recognised(tokenizer):
    names = ["<bos>", "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<end_of_image>", "<unk>", "<eos>"]
    assert tokenizer.encode("".join(names)) == [tokenizer.id_of(name) for name in names]


def test_special_tokens_are_left_out_of_text(tokenizer):
    assert tokenizer.decode(tokenizer.encode("<bos>yes<end_of_turn><eos>")) == "yes"


def test_thinking_tokens_are_spelt_out(tokenizer):
    assert tokenizer.piece(tokenizer.id_of("<unused94>")) == b"<unused94>"


def test_the_soft_token_comes_after_the_vocabulary(tokenizer):
    assert tokenizer.id_of("<image_soft_token>") == TINY_VOCABULARY.size - 1
    assert tokenizer.encode("a<image_soft_token>") == [tokenizer.id_of("a"), TINY_VOCABULARY.size - 1]
    assert tokenizer.piece(TINY_VOCABULARY.size - 1) == b""
    assert tokenizer.size == TINY_VOCABULARY.size


def test_a_vocabulary_without_images_has_no_soft_token():
    tokens = [b"<no_image>" if token == b"<start_of_image>" else token for token in from_gguf()._tokens]
    assert from_gguf(tokens=tokens).id_of("<image_soft_token>") is None


def test_a_token_that_is_not_there_has_no_id(tokenizer):
    assert tokenizer.id_of("<start_of_audio>") is None


def test_ids_outside_the_vocabulary_stand_for_nothing(tokenizer):
    assert (tokenizer.piece(-1), tokenizer.piece(10**6)) == (b"", b"")


def test_a_character_of_several_tokens_comes_in_bytes(tokenizer):
    pieces = [tokenizer.piece(token) for token in tokenizer.encode("😀")]
    assert pieces == [b"\xf0", b"\x9f", b"\x98", b"\x80"]
    assert tokenizer.decode(tokenizer.encode("😀")[:2]) == "\ufffd"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": "gpt2"}, "expected the kind 'llama'"),
        ({"model": None}, "got None"),
        ({"tokens": None}, "are missing"),
        ({"scores": np.zeros(3, np.float32)}, "contradicts itself"),
        ({"unknown_token_id": 10**6}, "names no unknown token"),
        ({"tokens": [b"same"] * (TINY_VOCABULARY.size - 1)}, "cannot use the tokenizer"),
    ],
)
def test_a_broken_gguf_vocabulary_is_refused(changes, reason):
    with pytest.raises(WeightsError, match=reason) as caught:
        from_gguf(**changes)
    assert caught.value.hint


def test_a_missing_tokenizer_json_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"there is no tokenizer\.json"):
        JsonTokenizer(tmp_path / "tokenizer.json")


def test_a_broken_tokenizer_json_is_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text("{")
    with pytest.raises(WeightsError, match="cannot read"):
        JsonTokenizer(path)


def test_a_byte_level_tokenizer_is_refused(tmp_path):
    content = json.loads(TINY_VOCABULARY.tokenizer_json())
    content["decoder"] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(WeightsError, match="byte-level"):
        JsonTokenizer(tmp_path / "tokenizer.json")
