"""A decoder in 8 bits, as onnxruntime alone has it."""

import numpy as np
import pytest
from parity.twins import Ours, random_prompt

from osler.adapt.export.targets import ExportOptions
from osler.weights.quantised import QuantisedCheckpoint, quantise

FAR = 1e-4


@pytest.fixture(scope="module")
def prompt(ours):
    return random_prompt(ours.checkpoint, 60, (12,))


@pytest.fixture(scope="module")
def rounded(ours, prompt):
    """The engine's logits of weights of 8 bits, computed in float32."""
    return Ours(ours.checkpoint.path, "f32", checkpoint=QuantisedCheckpoint(ours.checkpoint, 8)).logits(prompt)


def test_in_float32_it_has_the_logits_of_the_engine_with_the_same_rounded_weights(
    ours, exported, prompt, rounded, tmp_path, monkeypatch
):
    from adapt.export.onnx.sessions import OnnxModel

    from osler.adapt.export.onnx import eight_bits
    from osler.adapt.export.onnx.target import export_onnx

    monkeypatch.setattr(eight_bits, "ACCURACY", 0)
    export_onnx(ours.checkpoint, tmp_path / "onnx", ExportOptions(type="Q8_0"))
    model = OnnxModel(tmp_path / "onnx")
    logits, _ = model.step(
        *exported.prepared(prompt), model.empty()
    )  # the engine looks up rows before they are rounded
    assert np.abs(logits[0] - rounded).max() < FAR


def test_with_inputs_of_8_bits_it_is_near_it(exported, prompt, rounded, written):
    from adapt.export.onnx.sessions import OnnxModel

    model = OnnxModel(written("Q8_0"))
    logits, _ = model.step(*exported.prepared(prompt), model.empty())
    off = np.abs(logits[0] - rounded).max()
    assert FAR < off < 0.1 * np.abs(rounded).max()


def test_rows_of_the_embedding_are_those_of_its_rounded_table(ours, written):
    from adapt.export.onnx.sessions import OnnxModel

    ids = np.array([[3, 200, 7, 200]])
    table = quantise(ours.checkpoint.matrix("text.embedding"), 8).dequantised()
    wanted = table[ids[0]] * np.float32(ours.runner.config.width**0.5)
    assert np.abs(OnnxModel(written("Q8_0")).embedded(ids)[0] - wanted).max() < 1e-5


def test_it_takes_nine_bits_a_weight_and_the_image_encoder_sixteen(ours, written):
    numbers = sum(np.prod(ours.checkpoint.shape(name)) for name in ours.checkpoint.names() if name.startswith("text."))
    sizes = {path.name: path.stat().st_size for path in written("Q8_0").glob("*.data")}
    half = {path.name: path.stat().st_size for path in written("F16").glob("*.data")}
    pages = 4096 * 2 * 7 * 8
    assert sizes["decoder_model.data"] + sizes["embedding.data"] < numbers * 9 / 8 + pages
    assert sizes["vision_encoder.data"] == half["vision_encoder.data"]


def test_medsiglip_has_no_such_form(tmp_path):
    from osler.adapt.export.onnx.target import export_onnx
    from osler.errors import OptionError
    from osler.testing.tiny_medsiglip import write_medsiglip
    from osler.weights.medsiglip import MedSiglipCheckpoint

    with pytest.raises(OptionError, match="Q8_0"):
        export_onnx(MedSiglipCheckpoint(write_medsiglip(tmp_path / "m")), tmp_path / "out", ExportOptions(type="Q8_0"))
