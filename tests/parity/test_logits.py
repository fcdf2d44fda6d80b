"""Logits and image vectors of a tiny random Gemma 3 are transformers' own.

Seven layers, so that the sixth is global; a window of 32 under prompts of 90 and more; rope factor 8; images of 4
tokens. What "equal" means in bf16 is argued in docs/decisions/015-what-equal-means-in-bf16.md.
"""

import numpy as np
import pytest
from parity.twins import Ours, Prompt, Theirs, random_prompt

from osler.testing.tiny import TinyShape, write_gguf, write_safetensors

pytestmark = pytest.mark.parity

PRECISIONS = ("f32", "bf16")
TOLERANCE = 1e-4
RELATIVE_BF16 = 2e-2
YARDSTICK = 1.1
IMAGES = [(), (12,), (1, 6), (12, 40)]


def check(found: np.ndarray, theirs: np.ndarray, precision: str, exact: np.ndarray | None = None) -> None:
    """Hold ours against theirs in f32; in bf16 hold both against their float32.

    Args:
        exact: transformers' float32 result.
    """
    assert found.shape == theirs.shape
    worst = np.abs(found - theirs).max()
    print(f"{precision}: worst {worst:.2e} of {np.abs(theirs).max():.2f}", end="")
    if precision == "f32":
        print()
        assert worst <= TOLERANCE
        return
    assert exact is not None
    ours_off, theirs_off = found - exact, theirs - exact
    print(f", from float32: ours {np.abs(ours_off).max():.2e}, theirs {np.abs(theirs_off).max():.2e}", end="")
    print(f", rms ours {rms(ours_off):.2e}, theirs {rms(theirs_off):.2e}")
    assert np.abs(ours_off).max() <= RELATIVE_BF16 * np.abs(exact).max()
    assert rms(ours_off) <= YARDSTICK * rms(theirs_off)


def rms(x: np.ndarray) -> float:
    return float(np.sqrt((x.astype(np.float64) ** 2).mean()))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_image_vectors_are_theirs(ours, theirs, precision):
    pixels = random_prompt(ours[precision].checkpoint, 60, (2, 20, 40)).pixels
    exact = theirs["f32"].vectors(pixels)
    check(ours[precision].vectors(pixels), theirs[precision].vectors(pixels), precision, exact)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("starts", IMAGES, ids=str)
def test_every_position_of_a_prompt_has_their_logits(ours, theirs, precision, starts):
    prompt = random_prompt(ours[precision].checkpoint, 130, starts)
    exact = theirs["f32"].logits(prompt)
    check(ours[precision].logits(prompt), theirs[precision].logits(prompt), precision, exact)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("starts", IMAGES, ids=str)
def test_every_decoded_token_has_their_logits(ours, theirs, precision, starts):
    prompt, num_prompt = random_prompt(ours[precision].checkpoint, 120, starts, seed=1), 70
    found = ours[precision].logits(prompt, cuts=tuple(range(num_prompt, 120)))[num_prompt - 1 :]
    exact = theirs["f32"].decoded(prompt, num_prompt)
    check(found, theirs[precision].decoded(prompt, num_prompt), precision, exact)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("cuts", [(40,), (11, 12, 16, 39), (1, 36, 44, 68, 100)], ids=str)
def test_a_prompt_in_chunks_has_their_logits(ours, theirs, precision, cuts):
    prompt = random_prompt(ours[precision].checkpoint, 130, (12, 40), seed=2)
    exact = theirs["f32"].logits(prompt)
    check(ours[precision].logits(prompt, cuts), theirs[precision].logits(prompt), precision, exact)


def unequal(ours: Ours) -> list[Prompt]:
    """Four sequences of different lengths with 2, 0, 1 and 3 images."""
    shapes = [(90, (5, 30)), (131, ()), (45, (40,)), (110, (1, 6, 80))]
    return [random_prompt(ours.checkpoint, *shape, seed=3 + number) for number, shape in enumerate(shapes)]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_sequences_with_unequal_numbers_of_images_have_their_logits_in_one_batch(ours, theirs, precision):
    prompts = unequal(ours[precision])
    found = ours[precision].batch(prompts, [(), (), (), ()])
    batches = zip(found, theirs[precision].batch(prompts), theirs["f32"].batch(prompts), strict=True)
    for logits, their_logits, exact in batches:
        check(logits, their_logits, precision, exact)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_prefilling_and_decoding_sequences_in_one_step_have_their_logits(ours, theirs, precision):
    prompts = unequal(ours[precision])
    cuts = [tuple(range(50, 90)), (64, 100, 101, 102, 103), (), (20, 79, 90, *range(91, 110))]
    for prompt, logits in zip(prompts, ours[precision].batch(prompts, cuts), strict=True):
        check(logits, theirs[precision].logits(prompt), precision, theirs["f32"].logits(prompt))


def test_a_gguf_with_its_projector_has_the_logits_of_the_same_safetensors(tmp_path, theirs, ours):
    shape = TinyShape()
    path = write_gguf(tmp_path / "tiny.gguf", "F32", shape=shape, soft_token=True, projector="F32")
    prompt = random_prompt(ours["f32"].checkpoint, 100, (12, 40))
    check(Ours(path, "f32").logits(prompt), theirs["f32"].logits(prompt), "f32")


SHAPES = {
    "two global layers": TinyShape(layers=13, rope_factor=2.0, window=40),
    "heads wider than the model": TinyShape(width=96, heads=8, kv_heads=4),
    "heads narrower than the model": TinyShape(width=160, heads=2, kv_heads=1, feed_forward_width=320),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=[name.replace(" ", "-") for name in SHAPES])
def test_other_shapes_have_their_logits(tmp_path, shape):
    folder = write_safetensors(tmp_path, shape=shape, kind="f32", seed=5)
    ours, theirs = Ours(folder, "f32"), Theirs(folder, "f32")
    prompt = random_prompt(ours.checkpoint, 130, (12, 40))
    check(ours.logits(prompt, cuts=(60,)), theirs.logits(prompt), "f32")


def test_a_query_scale_of_its_own_is_used(tmp_path):
    """27B divides by √168, not by the root of its head's width."""
    folder = write_safetensors(tmp_path, kind="f32")
    config = (folder / "config.json").read_text()
    assert '"query_pre_attn_scalar": 32' in config
    (folder / "config.json").write_text(config.replace('"query_pre_attn_scalar": 32', '"query_pre_attn_scalar": 21'))
    ours, theirs = Ours(folder, "f32"), Theirs(folder, "f32")
    prompt = random_prompt(ours.checkpoint, 100, (12,))
    check(ours.logits(prompt), theirs.logits(prompt), "f32")
