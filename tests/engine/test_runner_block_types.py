"""A tiny model in every GGUF type gives what its weights mean: the gguf package's reading of the same blocks."""

import numpy as np
import pytest
from model.reference import CheckpointNumbers, GgufNumbers, reference_logits
from parity.twins import Ours, Prompt

from osler.testing.tiny import TinyShape, write_gguf, write_safetensors
from osler.weights.blocks import BLOCK_TYPES
from osler.weights.checkpoint import open_checkpoint

SHAPE = TinyShape(width=256, feed_forward_width=256, head_width=64)
IDS = np.random.default_rng(0).integers(20, 700, 90)
PROMPT = Prompt(ids=IDS, starts=(), pixels=np.empty((0, 3, 0, 0), np.float32))
CUTS = (60, 88, 89)
"""A prompt in two chunks, then token by token."""

EXACT = 1e-4
"""Of the largest logit, in f32 with the activations as they are; measured 2e-6."""

DEFAULT = 0.03
"""Relative root mean square in the default mode: bfloat16 alone costs 0.012, activations of 8 bits 0.022."""

MIXES = {
    "Q4_K_M": ("Q4_K", {"attn_v": "Q6_K", "ffn_down": "Q6_K"}, "Q6_K"),
    "Q3_K_M": ("Q3_K", {"attn_v": "Q5_K", "attn_output": "Q4_K", "ffn_down": "Q4_K"}, "Q6_K"),
    "Q2_K_L": ("Q2_K", {"attn_v": "Q4_K", "attn_output": "Q3_K", "ffn_down": "Q3_K"}, "Q8_0"),
    "UD-IQ1_S": (
        "IQ1_S",
        {"attn_v": "Q4_K", "attn_k": "IQ2_XXS", "blk.0.ffn_down": "IQ3_S", "ffn_down": "IQ2_XXS"},
        "Q5_K",
    ),
    "UD-Q4_K_XL": ("Q4_K", {"attn_k": "IQ4_XS", "attn_v": "Q8_0", "blk.5.ffn_up": "F16", "ffn_down": "Q5_K"}, "Q6_K"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A safetensors folder without vision."""
    return write_safetensors(tmp_path_factory.mktemp("block-types"), shape=SHAPE, vision=False)


def error(path, wanted: np.ndarray, precision: str, checkpoint=None) -> tuple[float, float]:
    """The largest error by the largest logit, and the relative root mean square."""
    error = Ours(path, precision, checkpoint=checkpoint).logits(PROMPT, CUTS) - wanted
    return np.abs(error).max() / np.abs(wanted).max(), np.sqrt((error**2).mean() / (wanted**2).mean())


def check(path, numbers, default: float, checkpoint=None) -> None:
    """Hold a model in both precisions against what its numbers mean."""
    wanted = reference_logits(open_checkpoint(path).config.text, numbers, IDS)
    largest, _ = error(path, wanted, "f32", checkpoint)
    _, relative = error(path, wanted, "bf16", checkpoint)
    print(f"f32 {largest:.1e}, default {relative:.4f}")
    assert largest <= EXACT
    assert relative <= default


@pytest.mark.parametrize("kind", [*BLOCK_TYPES, "F32", "F16", "BF16"])
def test_a_model_of_one_type_gives_what_its_weights_mean(tmp_path, kind):
    path = write_gguf(tmp_path / "tiny.gguf", kind, shape=SHAPE, projector=None)
    check(path, GgufNumbers(path), DEFAULT)


@pytest.mark.parametrize(("kind", "kinds", "embedding"), MIXES.values(), ids=list(MIXES))
def test_a_mix_of_types_gives_what_its_weights_mean(tmp_path, kind, kinds, embedding):
    path = write_gguf(tmp_path / "tiny.gguf", kind, kinds=kinds, embedding_kind=embedding, shape=SHAPE, projector=None)
    check(path, GgufNumbers(path), DEFAULT)


@pytest.mark.parametrize("bits", [8, 4])
def test_weights_quantised_on_load_are_computed_as_what_they_became(folder, bits):
    checkpoint = open_checkpoint(folder, quantise=bits)
    check(folder, CheckpointNumbers(checkpoint), DEFAULT, checkpoint)


@pytest.mark.parametrize(("bits", "least", "most"), [(8, 0.002, 0.04), (4, 0.04, 0.4)])
def test_quantising_on_load_moves_the_logits_by_what_it_rounds(folder, bits, least, most):
    published, rounded = (CheckpointNumbers(open_checkpoint(folder, quantise=q)) for q in (None, bits))
    config = open_checkpoint(folder).config.text
    exact, moved = (reference_logits(config, numbers, IDS) for numbers in (published, rounded))
    relative = np.sqrt(((moved - exact) ** 2).mean() / (exact**2).mean())
    print(f"{bits} bits: {relative:.4f}")
    assert least <= relative <= most
