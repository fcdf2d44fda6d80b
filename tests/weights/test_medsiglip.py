"""MedSigLIP's folder: its weights, its tokenizer, and what is wrong with damaged ones."""

import json
import math
import shutil
import string

import numpy as np
import pytest

from osler.errors import WeightsError
from osler.testing.tiny_medsiglip import TinyMedSiglip, write_medsiglip
from osler.weights.medsiglip import MedSiglipCheckpoint
from osler.weights.medsiglip_names import medsiglip_name
from osler.weights.medsiglip_tokenizer import MedSiglipTokenizer, canonical_text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_medsiglip(tmp_path_factory.mktemp("medsiglip") / "tiny")


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


@pytest.fixture(scope="module")
def tokenizer(folder):
    return MedSiglipTokenizer(folder)


def change_config(folder, tower: str | None = None, **values) -> None:
    config = json.loads((folder / "config.json").read_text())
    (config[tower] if tower else config).update(values)
    (folder / "config.json").write_text(json.dumps(config))


def test_the_heads_common_matrix_is_three_in_order(folder):
    checkpoint = MedSiglipCheckpoint(folder)
    whole = checkpoint.matrix("pool.query_key_value.weight").dequantised()
    parts = [checkpoint.matrix(f"pool.{name}.weight").dequantised() for name in ("query", "key", "value")]
    assert np.array_equal(np.concatenate(parts), whole)
    biases = [checkpoint.vector(f"pool.{name}.bias") for name in ("query", "key", "value")]
    assert np.array_equal(np.concatenate(biases), checkpoint.vector("pool.query_key_value.bias"))


def test_the_scale_is_the_power_of_e_that_the_file_names(folder):
    checkpoint = MedSiglipCheckpoint(folder)
    assert checkpoint.logit_scale == pytest.approx(math.exp(2.3))
    assert checkpoint.logit_bias == pytest.approx(-5.5)


@pytest.mark.parametrize("kind", ["bf16", "f16"])
def test_other_number_formats_hold_the_same_model(folder, tmp_path, kind):
    narrow = MedSiglipCheckpoint(write_medsiglip(tmp_path, kind=kind))
    wide = MedSiglipCheckpoint(folder)
    name = "words.layers.1.up.weight"
    assert np.allclose(narrow.matrix(name).dequantised(), wide.matrix(name).dequantised(), atol=1e-3)
    assert narrow.identity != wide.identity


def test_the_identity_depends_on_the_tokenizer(folder, copy):
    other = MedSiglipTokenizer(write_medsiglip(copy, shape=TinyMedSiglip(vocabulary_size=70)))
    assert other.size < MedSiglipTokenizer(folder).size
    assert MedSiglipCheckpoint(copy).identity != MedSiglipCheckpoint(folder).identity


def test_position_ids_are_passed_over():
    assert medsiglip_name("vision_model.embeddings.position_ids") is None
    assert medsiglip_name("text_model.embeddings.position_ids") is None


@pytest.mark.parametrize(
    ("tower", "values", "word"),
    [
        (None, {"model_type": "clip"}, "siglip"),
        ("vision_config", {"hidden_act": "relu"}, "hidden_act"),
        ("vision_config", {"vision_use_head": False}, "vision_use_head"),
        ("vision_config", {"num_attention_heads": 7}, "num_attention_heads"),
        ("vision_config", {"num_hidden_layers": 3}, "missing"),
        ("vision_config", {"intermediate_size": 128}, "shape"),
        ("text_config", {"vocab_size": 999}, "words.embedding"),
        ("text_config", {"projection_size": 32}, "projection_size"),
    ],
)
def test_a_folder_that_contradicts_itself_is_refused(copy, tower, values, word):
    change_config(copy, tower, **values)
    with pytest.raises(WeightsError, match=word) as raised:
        MedSiglipCheckpoint(copy)
    assert raised.value.hint


def test_a_folder_without_tokenizer_is_refused(copy):
    (copy / "spiece.model").unlink()
    with pytest.raises(WeightsError, match=r"neither spiece\.model nor tokenizer\.json"):
        MedSiglipCheckpoint(copy).tokenizer()


@pytest.mark.parametrize("content", [b"", b"no model"])
def test_a_damaged_tokenizer_is_refused(copy, content):
    (copy / "spiece.model").write_bytes(content)
    with pytest.raises(WeightsError, match=r"cannot read `spiece\.model`"):
        MedSiglipCheckpoint(copy).tokenizer()


def test_a_tokenizer_of_another_model_is_refused(copy, folder):
    write_medsiglip(copy, shape=TinyMedSiglip(vocabulary_size=70))
    shutil.copy(folder / "spiece.model", copy / "spiece.model")
    with pytest.raises(WeightsError, match="tokens"):
        MedSiglipCheckpoint(copy).tokenizer()


def test_texts_lose_case_and_punctuation():
    assert canonical_text("  PNEUMONIA,\t(right)\n lobe! ") == "pneumonia right lobe"
    assert canonical_text(string.punctuation) == ""


def test_a_text_is_ended_and_filled_up_with_the_same_token(tokenizer):
    (row,) = tokenizer.encode(["heart"], 16)
    ids = tokenizer.ids("heart")
    assert row.tolist() == ids + [1] * (16 - len(ids))


def test_a_long_text_is_cut_and_ended(tokenizer):
    text = " ".join(["effusion"] * 30)
    (row,) = tokenizer.encode([text], 16)
    assert row.tolist() == [*tokenizer.ids(text)[:15], 1]


def test_case_and_punctuation_make_no_difference_to_the_ids(tokenizer):
    first, second = tokenizer.encode(["Severity: mild.", "severity mild"], 16)
    assert first.tolist() == second.tolist()


def test_tokenizer_json_gives_the_same_ids_as_the_sentencepiece_model(folder, copy, tokenizer):
    from sentencepiece import SentencePieceProcessor
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    model = SentencePieceProcessor(model_file=str(folder / "spiece.model"))
    pieces = [(model.id_to_piece(token), model.get_score(token)) for token in range(model.get_piece_size())]
    twin = Tokenizer(models.Unigram(pieces, unk_id=2))
    twin.pre_tokenizer, twin.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    (copy / "spiece.model").unlink()
    twin.save(str(copy / "tokenizer.json"))
    texts = ["A chest X-ray of a normal heart.", "pleural effusion"]
    assert MedSiglipTokenizer(copy).encode(texts, 16).tolist() == tokenizer.encode(texts, 16).tolist()
