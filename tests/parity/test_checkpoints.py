"""Configurations and weights are read as transformers reads them."""

import numpy as np
import pytest

from osler.testing.tiny import write_safetensors
from osler.weights.checkpoint import open_checkpoint
from osler.weights.safetensors_config import model_config

pytestmark = pytest.mark.parity
transformers = pytest.importorskip("transformers")

VARIANTS = {
    "all defaults": {},
    "old rope": {
        "rope_scaling": {"rope_type": "linear", "factor": 8.0},
        "rope_theta": 5e5,
        "rope_local_base_freq": 2e4,
    },
    "new rope": {
        "rope_parameters": {
            "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 2e6},
            "sliding_attention": {"rope_type": "default"},
        }
    },
    "pattern": {"sliding_window_pattern": 3, "num_hidden_layers": 10, "sliding_window": 77},
    "27B": {
        "hidden_size": 5376,
        "intermediate_size": 21504,
        "num_hidden_layers": 62,
        "num_attention_heads": 32,
        "num_key_value_heads": 16,
        "head_dim": 128,
        "query_pre_attn_scalar": 168,
    },
}


@pytest.mark.parametrize("fields", VARIANTS.values(), ids=[name.replace(" ", "-") for name in VARIANTS])
def test_a_text_configuration_means_the_same(fields):
    theirs = transformers.Gemma3TextConfig(**fields)
    ours = model_config({"model_type": "gemma3_text", **fields}, has_vision=False).text
    full, sliding = theirs.rope_parameters["full_attention"], theirs.rope_parameters["sliding_attention"]
    assert (ours.vocabulary_size, ours.width, ours.feed_forward_width) == (
        theirs.vocab_size,
        theirs.hidden_size,
        theirs.intermediate_size,
    )
    assert (ours.num_layers, ours.num_heads, ours.num_kv_heads, ours.head_width) == (
        theirs.num_hidden_layers,
        theirs.num_attention_heads,
        theirs.num_key_value_heads,
        theirs.head_dim,
    )
    assert ours.query_scale == theirs.query_pre_attn_scalar**-0.5
    assert (ours.norm_epsilon, ours.window) == (theirs.rms_norm_eps, theirs.sliding_window)
    assert (ours.context_length, ours.tied_output) == (theirs.max_position_embeddings, theirs.tie_word_embeddings)
    assert [kind == "full_attention" for kind in theirs.layer_types] == list(ours.global_layers)
    assert (ours.rope_base_global, ours.rope_base_local) == (full["rope_theta"], sliding["rope_theta"])
    assert ours.rope_factor == full.get("factor", 1.0)


def test_vision_defaults_are_the_same():
    theirs = transformers.SiglipVisionConfig()
    fields = {"model_type": "gemma3", "vision_config": {}, "mm_tokens_per_image": 49}
    ours = model_config(fields, has_vision=True).vision
    assert ours is not None
    assert (ours.width, ours.feed_forward_width) == (theirs.hidden_size, theirs.intermediate_size)
    assert (ours.num_layers, ours.num_heads) == (theirs.num_hidden_layers, theirs.num_attention_heads)
    assert (ours.image_px, ours.patch_px, ours.norm_epsilon) == (
        theirs.image_size,
        theirs.patch_size,
        theirs.layer_norm_eps,
    )


def test_the_number_of_image_tokens_defaults_to_the_same():
    fields = {"model_type": "gemma3", "vision_config": {"image_size": 256, "patch_size": 16}}
    ours = model_config(fields, has_vision=True).vision
    assert ours is not None
    assert ours.image_tokens == transformers.Gemma3Config().mm_tokens_per_image


@pytest.mark.parametrize("prefixes", ["new", "old", "text"])
def test_transformers_finds_every_weight_of_a_tiny_folder_and_the_same_numbers(tmp_path, prefixes):
    folder = write_safetensors(tmp_path, prefixes=prefixes, kind="f32")
    kind = transformers.Gemma3ForCausalLM if prefixes == "text" else transformers.Gemma3ForConditionalGeneration
    model, report = kind.from_pretrained(folder, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert not report["mismatched_keys"]
    ours = open_checkpoint(folder)
    parameters = dict(model.named_parameters())
    assert len(parameters) == len(ours.names())
    last = next(value for name, value in parameters.items() if name.endswith("layers.6.mlp.down_proj.weight"))
    assert np.array_equal(ours.matrix("text.layers.6.down").dequantised(), last.detach().numpy())
    if prefixes != "text":
        patch = next(value for name, value in parameters.items() if "patch_embedding.weight" in name)
        expected = patch.detach().numpy().reshape(len(patch), -1)
        assert np.array_equal(ours.matrix("vision.patch.weight").dequantised(), expected)
