"""MedSigLIP's towers as ONNX against Osler's own."""

import json

import numpy as np
import pytest

from osler.adapt.export.targets import ExportOptions
from osler.engine.compilation import Compilation
from osler.engine.medsiglip import PictureEncoder, WordsEncoder
from osler.testing.tiny_medsiglip import write_medsiglip
from osler.weights.medsiglip import MedSiglipCheckpoint, is_medsiglip

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

EXACT = Compilation(precision="f32", threads=2)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return MedSiglipCheckpoint(write_medsiglip(tmp_path_factory.mktemp("medsiglip")))


@pytest.fixture(scope="module")
def folder(checkpoint, tmp_path_factory):
    from osler.adapt.export.onnx.target import export_onnx

    out = tmp_path_factory.mktemp("onnx") / "medsiglip"
    export_onnx(checkpoint, out, ExportOptions(type="F32"))
    return out


def run(folder, name, **inputs):
    from adapt.export.onnx.sessions import session

    return session(folder / name).run(None, inputs)[0]


def test_pictures_have_oslers_vectors(checkpoint, folder):
    pixels = np.random.default_rng(0).uniform(-1, 1, (3, 3, 56, 56)).astype(np.float32)
    wanted = PictureEncoder(checkpoint.config.vision, checkpoint, compilation=EXACT).encode(pixels)
    assert np.abs(run(folder, "vision_model.onnx", pixel_values=pixels) - wanted).max() < 1e-5


def test_texts_have_oslers_vectors(checkpoint, folder):
    ids = checkpoint.tokenizer().encode(["a chest X-ray", "melanoma"], checkpoint.config.words.num_tokens)
    wanted = WordsEncoder(checkpoint.config.words, checkpoint, compilation=EXACT).encode(ids)
    assert np.abs(run(folder, "text_model.onnx", input_ids=ids.astype(np.int64)) - wanted).max() < 1e-5


def test_the_folder_has_tokenizer_and_the_numbers_of_the_sigmoid(checkpoint, folder):
    assert (folder / "spiece.model").read_bytes() == (checkpoint.path / "spiece.model").read_bytes()
    numbers = json.loads((folder / "logits.json").read_text())
    assert numbers == {"logit_scale": checkpoint.logit_scale, "logit_bias": checkpoint.logit_bias}


def test_a_folder_is_known_by_its_configuration(checkpoint, tmp_path):
    assert is_medsiglip(checkpoint.path)
    assert not is_medsiglip(tmp_path)
