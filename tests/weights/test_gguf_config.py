import numpy as np
import pytest

from osler.errors import WeightsError
from osler.weights.gguf_config import text_config, vision_config

MEDGEMMA_4B = {
    "gemma3.context_length": 131072,
    "gemma3.embedding_length": 2560,
    "gemma3.block_count": 34,
    "gemma3.feed_forward_length": 10240,
    "gemma3.attention.head_count": 8,
    "gemma3.attention.head_count_kv": 4,
    "gemma3.attention.key_length": 256,
    "gemma3.attention.value_length": 256,
    "gemma3.attention.layer_norm_rms_epsilon": 9.999999974752427e-07,
    "gemma3.attention.sliding_window": 1024,
    "gemma3.rope.freq_base": 1_000_000.0,
    "gemma3.rope.scaling.type": "linear",
    "gemma3.rope.scaling.factor": 8.0,
}
MMPROJ = {
    "clip.vision.image_size": 896,
    "clip.vision.patch_size": 14,
    "clip.vision.embedding_length": 1152,
    "clip.vision.feed_forward_length": 4304,
    "clip.vision.block_count": 27,
    "clip.vision.attention.head_count": 16,
    "clip.vision.projection_dim": 2560,
    "clip.vision.attention.layer_norm_epsilon": 9.999999974752427e-07,
}


def read(**changes):
    """The decoder's configuration with some of MedGemma 4B's metadata changed; None takes a key out."""
    changed = {"gemma3." + key.replace("__", "."): value for key, value in changes.items()}
    values = {key: value for key, value in {**MEDGEMMA_4B, **changed}.items() if value is not None}
    return text_config(values, "model.gguf", vocabulary_size=262_144, tied_output=True)


def test_medgemma_4b_is_read_whole():
    config = read()
    assert (config.width, config.feed_forward_width, config.num_layers) == (2560, 10240, 34)
    assert (config.num_heads, config.num_kv_heads, config.head_width) == (8, 4, 256)
    assert (config.window, config.context_length, config.rope_factor) == (1024, 131072, 8.0)
    assert (config.rope_base_global, config.rope_base_local) == (1e6, 1e4)
    assert config.norm_epsilon == 1e-6
    assert [layer for layer, sees_all in enumerate(config.global_layers) if sees_all] == [5, 11, 17, 23, 29]


def test_the_attention_is_scaled_by_the_heads_width():
    assert read().query_scale == 256**-0.5


def test_the_27b_alone_is_scaled_by_width_over_heads():
    changes = {"block_count": 62, "embedding_length": 5376, "attention__head_count": 32}
    assert read(**changes, attention__key_length=128, attention__value_length=128).query_scale == 168**-0.5


def test_a_file_without_rope_scaling_has_none():
    assert read(rope__scaling__type=None, rope__scaling__factor=None).rope_factor == 1.0


def test_the_old_key_of_rope_scaling_is_understood():
    assert read(rope__scaling__type=None, rope__scaling__factor=None, rope__scale_linear=4.0).rope_factor == 4.0


def test_another_rope_scaling_is_refused():
    with pytest.raises(WeightsError, match="must be linear or none"):
        read(rope__scaling__type="yarn")


def test_the_pattern_may_be_a_number():
    assert read(block_count=4, attention__sliding_window_pattern=2).global_layers == (False, True, False, True)


def test_the_pattern_may_be_a_list_of_layers_that_slide():
    pattern = np.array([True, False, True])
    assert read(block_count=3, attention__sliding_window_pattern=pattern).global_layers == (False, True, False)


def test_without_a_window_every_layer_sees_everything():
    assert all(read(attention__sliding_window=None).global_layers)


def test_the_270m_differs_in_its_metadata_alone():
    changes = {"block_count": 18, "embedding_length": 640, "attention__head_count": 4, "attention__head_count_kv": 1}
    config = read(**changes, attention__sliding_window=512, rope__scaling__type=None, rope__scaling__factor=None)
    assert (config.width, config.num_heads, config.head_width, config.window) == (640, 4, 256, 512)


@pytest.mark.parametrize("value", [None, 0, -1, 2**31, 2.5, "many", True])
def test_a_count_must_be_a_whole_number_of_at_least_one(value):
    with pytest.raises(WeightsError, match=r"gemma3\.block_count` must be"):
        read(block_count=value)


@pytest.mark.parametrize("value", [None, 0.0, -1e-6, float("inf"), float("nan"), "small"])
def test_epsilon_must_be_above_zero(value):
    with pytest.raises(WeightsError, match="epsilon` must be a number above 0"):
        read(attention__layer_norm_rms_epsilon=value)


def test_keys_and_values_of_different_widths_are_refused():
    with pytest.raises(WeightsError, match="equal to the key length 256"):
        read(attention__value_length=128)


def test_capped_logits_are_refused():
    with pytest.raises(WeightsError, match="caps no logits"):
        read(final_logit_softcapping=30.0)


def test_the_vision_tower_is_read_whole():
    config = vision_config(MMPROJ, "mmproj.gguf")
    assert (config.width, config.feed_forward_width, config.num_layers, config.num_heads) == (1152, 4304, 27, 16)
    assert (config.image_px, config.patch_px, config.patches_per_side) == (896, 14, 64)
    assert (config.image_tokens, config.norm_epsilon, config.projector_epsilon) == (256, 1e-6, 1e-6)


def test_another_merge_gives_another_number_of_image_tokens():
    assert vision_config({**MMPROJ, "clip.vision.projector.scale_factor": 2}, "mmproj.gguf").image_tokens == 1024


def test_patches_that_do_not_merge_evenly_are_refused():
    with pytest.raises(WeightsError, match="multiple of 4 patches"):
        vision_config({**MMPROJ, "clip.vision.image_size": 896 + 14}, "mmproj.gguf")


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(WeightsError, match="a divisor of the width 1152"):
        vision_config({**MMPROJ, "clip.vision.attention.head_count": 7}, "mmproj.gguf")
