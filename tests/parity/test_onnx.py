"""Exported ONNX, run by onnxruntime, beside transformers on the same tiny weights.

Seven layers, so that the sixth is global; a window of 32 under prompts of 120 and more; rope factor 8.
"""

import numpy as np
import pytest
from adapt.export.onnx.sessions import OnnxModel, session
from adapt.export.written_decoder import padded
from parity.twins import Theirs, random_prompt

from osler.adapt.export.targets import ExportOptions, target
from osler.testing.tiny import TinyShape, write_safetensors
from osler.testing.tiny_medsiglip import write_medsiglip
from osler.weights.checkpoint import open_checkpoint
from osler.weights.medsiglip import MedSiglipCheckpoint

pytestmark = pytest.mark.parity

FAR = 1e-4
IMAGES = [(), (12,), (1, 6), (12, 40)]


@pytest.fixture(scope="module")
def checkpoint(folders):
    return open_checkpoint(folders["f32"])


@pytest.fixture(scope="module")
def exported(checkpoint, tmp_path_factory):
    pytest.importorskip("onnxruntime")
    out = tmp_path_factory.mktemp("onnx") / "model"
    target("onnx")(checkpoint, out, ExportOptions(type="F32"))
    return OnnxModel(out)


def test_image_vectors_are_theirs(checkpoint, exported, theirs):
    pixels = random_prompt(checkpoint, 60, (2, 20, 40)).pixels
    assert np.abs(exported.vectors(pixels) - theirs["f32"].vectors(pixels)).max() < FAR


@pytest.mark.parametrize("starts", IMAGES, ids=str)
def test_every_position_of_a_prompt_has_their_logits(checkpoint, exported, theirs, starts):
    prompt = random_prompt(checkpoint, 130, starts)
    assert np.abs(exported.logits(prompt) - theirs["f32"].logits(prompt)).max() < FAR


@pytest.mark.parametrize("starts", IMAGES, ids=str)
def test_every_decoded_token_has_their_logits(checkpoint, exported, theirs, starts):
    prompt, num_prompt = random_prompt(checkpoint, 120, starts, seed=1), 70
    found = exported.logits(prompt, cuts=tuple(range(num_prompt, 120)))[num_prompt - 1 :]
    assert np.abs(found - theirs["f32"].decoded(prompt, num_prompt)).max() < FAR


def test_sequences_with_unequal_numbers_of_images_have_their_logits_in_one_batch(checkpoint, exported, theirs):
    shapes = [(90, (5, 30)), (131, ()), (45, (40,)), (110, (1, 6, 80))]
    prompts = [random_prompt(checkpoint, *shape, seed=3 + number) for number, shape in enumerate(shapes)]
    embeds, types, mask = padded(exported, prompts, checkpoint.config.text.width)
    found, _ = exported.step(embeds, types, exported.empty(4), mask=mask)
    for row, logits in enumerate(theirs["f32"].batch(prompts)):
        assert np.abs(found[row, -len(logits) :] - logits).max() < FAR


@pytest.mark.parametrize(
    "shape",
    [TinyShape(layers=13, rope_factor=2.0, window=40), TinyShape(width=96, heads=8, kv_heads=4)],
    ids=["two-global-layers", "heads-wider-than-the-model"],
)
def test_other_shapes_have_their_logits(tmp_path, shape):
    pytest.importorskip("torch")
    folder = write_safetensors(tmp_path / "model", shape=shape, kind="f32", seed=5)
    checkpoint = open_checkpoint(folder)
    target("onnx")(checkpoint, tmp_path / "onnx", ExportOptions(type="F32"))
    prompt = random_prompt(checkpoint, 130, (12, 40))
    found = OnnxModel(tmp_path / "onnx").logits(prompt, cuts=(60,))
    assert np.abs(found - Theirs(folder, "f32").logits(prompt)).max() < FAR


def test_a_query_scale_of_its_own_is_used(tmp_path):
    """27B divides by √168, not by the root of its head's width."""
    pytest.importorskip("torch")
    folder = write_safetensors(tmp_path / "model", kind="f32")
    config = (folder / "config.json").read_text()
    assert '"query_pre_attn_scalar": 32' in config
    (folder / "config.json").write_text(config.replace('"query_pre_attn_scalar": 32', '"query_pre_attn_scalar": 21'))
    checkpoint = open_checkpoint(folder)
    target("onnx")(checkpoint, tmp_path / "onnx", ExportOptions(type="F32"))
    prompt = random_prompt(checkpoint, 100, (12,))
    found = OnnxModel(tmp_path / "onnx").logits(prompt)
    assert np.abs(found - Theirs(folder, "f32").logits(prompt)).max() < FAR


def test_medsiglips_towers_have_transformers_vectors(tmp_path):
    torch = pytest.importorskip("torch")
    from transformers import SiglipModel

    checkpoint = MedSiglipCheckpoint(write_medsiglip(tmp_path / "medsiglip"))
    target("onnx")(checkpoint, tmp_path / "onnx", ExportOptions(type="F32"))
    pixels = np.random.default_rng(0).uniform(-1, 1, (3, 3, 56, 56)).astype(np.float32)
    ids = checkpoint.tokenizer().encode(["a chest X-ray", "melanoma"], checkpoint.config.words.num_tokens)
    theirs = SiglipModel.from_pretrained(checkpoint.path, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.inference_mode():
        wanted = theirs(input_ids=torch.tensor(ids, dtype=torch.long), pixel_values=torch.tensor(pixels))
    pictures = session(tmp_path / "onnx" / "vision_model.onnx").run(None, {"pixel_values": pixels})[0]
    texts = session(tmp_path / "onnx" / "text_model.onnx").run(None, {"input_ids": ids.astype(np.int64)})[0]
    assert np.abs(pictures - wanted.image_embeds.numpy()).max() < 1e-5
    assert np.abs(texts - wanted.text_embeds.numpy()).max() < 1e-5
