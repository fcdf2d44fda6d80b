"""MedSigLIP beside transformers' SiglipModel and SiglipTokenizer, on one tiny random model."""

import numpy as np
import pytest

from osler.engine.compilation import Compilation
from osler.engine.medsiglip import PictureEncoder, WordsEncoder
from osler.testing.tiny_medsiglip import write_medsiglip
from osler.weights.medsiglip import MedSiglipCheckpoint

pytestmark = pytest.mark.parity

TEXTS = [
    "A chest X-ray of a normal heart.",
    "diabetic retinopathy severity: mild.",
    "  PNEUMONIA,  (right)\tlower\nlobe!",
    "don't",
    "über 5% ▁ 胸片",
    " ".join(["effusion"] * 40),
    "x",
]
FAR = {"f32": 1e-4, "bf16": 0.03}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_medsiglip(tmp_path_factory.mktemp("medsiglip"))


@pytest.fixture(scope="module")
def checkpoint(folder):
    return MedSiglipCheckpoint(folder)


@pytest.fixture(scope="module")
def theirs(folder):
    torch = pytest.importorskip("torch")
    from transformers import SiglipModel

    torch.set_num_threads(1)
    return SiglipModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


@pytest.fixture(scope="module")
def ids(checkpoint):
    return checkpoint.tokenizer().encode(TEXTS, checkpoint.config.words.num_tokens)


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).uniform(-1, 1, (3, 3, 56, 56)).astype(np.float32)


@pytest.fixture(scope="module")
def output(theirs, ids, pixels):
    import torch

    with torch.inference_mode():
        return theirs(input_ids=torch.tensor(ids, dtype=torch.long), pixel_values=torch.tensor(pixels))


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_both_towers_give_transformers_vectors(checkpoint, output, ids, pixels, precision):
    compilation = Compilation(precision=precision, threads=2)
    pictures = PictureEncoder(checkpoint.config.vision, checkpoint, compilation=compilation).encode(pixels)
    texts = WordsEncoder(checkpoint.config.words, checkpoint, compilation=compilation).encode(ids)
    assert np.abs(pictures - output.image_embeds.numpy()).max() < FAR[precision]
    assert np.abs(texts - output.text_embeds.numpy()).max() < FAR[precision]


def test_scale_and_bias_give_transformers_logits(checkpoint, output):
    cosines = output.image_embeds.numpy() @ output.text_embeds.numpy().T
    ours = cosines * checkpoint.logit_scale + checkpoint.logit_bias
    assert np.abs(ours - output.logits_per_image.numpy()).max() < 1e-4


def test_ids_are_those_of_transformers_tokenizer(folder, checkpoint, ids):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("google.protobuf")
    tokenizer = transformers.SiglipTokenizer(str(folder / "spiece.model"), model_max_length=16)
    wanted = tokenizer(TEXTS, padding="max_length", max_length=16, truncation=True, return_tensors="np")["input_ids"]
    assert ids.tolist() == wanted.tolist()


def test_the_towers_configurations_have_transformers_defaults():
    transformers = pytest.importorskip("transformers")
    from osler.weights.medsiglip import medsiglip_config

    ours = medsiglip_config({"model_type": "siglip"})
    theirs = transformers.SiglipConfig()
    for tower, config in ((ours.vision, theirs.vision_config), (ours.words, theirs.text_config)):
        sizes = (tower.width, tower.feed_forward_width, tower.num_layers, tower.num_heads, tower.norm_epsilon)
        assert sizes == (
            config.hidden_size,
            config.intermediate_size,
            config.num_hidden_layers,
            config.num_attention_heads,
            config.layer_norm_eps,
        )
    assert (ours.vision.image_px, ours.vision.patch_px) == (224, 16)
    assert (ours.words.vocabulary_size, ours.words.num_tokens) == (32_000, 64)


@pytest.mark.parametrize(("shape", "size"), [((300, 300), 56), ((37, 37), 56), ((500, 200), 64), ((56, 56), 56)])
def test_resizing_is_that_of_a_plain_bilinear_interpolation(shape, size):
    torch = pytest.importorskip("torch")
    from osler.imaging.two_taps import fit_two_taps

    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    planes = torch.tensor(pixels).permute(2, 0, 1)[None].float()
    plain = torch.nn.functional.interpolate(planes, (size, size), mode="bilinear", align_corners=False)
    wanted = plain[0].permute(1, 2, 0).numpy().astype(int)  # cut, as in training
    far = np.abs(fit_two_taps(pixels, size, pad=False).astype(int) - wanted)
    assert far.max() <= 1  # sums in another order fall to the other side of a whole number
    assert (far > 0).mean() < 0.001


def test_the_probe_is_scikit_learns_logistic_regression():
    linear = pytest.importorskip("sklearn.linear_model")
    from osler.tasks.probe import _fit, _shares, _with_one

    rng = np.random.default_rng(2)
    vectors, places = rng.standard_normal((60, 10)), rng.integers(0, 3, 60)
    vectors[np.arange(60), places] += 1
    theirs = linear.LogisticRegression(C=10, tol=1e-8, max_iter=5000).fit(vectors, places)
    ours = _shares(_with_one(vectors), _fit(_with_one(vectors), places, 3, 10.0))
    assert np.abs(ours - theirs.predict_proba(vectors)).max() < 1e-3
