import json
import math

import numpy as np
import pytest

from osler.errors import VisionError, WeightsError
from osler.testing.shape import TinyShape
from osler.testing.tiny_adapter import ALL_TEXT, ALL_TOWER, adapter_weights, write_adapter, write_adapter_files
from osler.weights.adapter import open_adapter
from osler.weights.checkpoint import open_checkpoint

PREFIX = "base_model.model.model.language_model.layers."
DOWN_A = f"{PREFIX}2.mlp.down_proj.lora_A.weight"
DOWN_B = f"{PREFIX}2.mlp.down_proj.lora_B.weight"
CONFIG = {"peft_type": "LORA", "r": 4, "lora_alpha": 8}


@pytest.fixture(scope="module")
def config(safetensors_folder):
    return open_checkpoint(safetensors_folder).config


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "adapter"


def weights(targets=("down_proj",), **options):
    return adapter_weights(TinyShape(), 0, targets, **options)


def refusal(folder, config, kind=WeightsError) -> str:
    with pytest.raises(kind) as caught:
        open_adapter(folder, config)
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("prefixes", ["new", "old"])
def test_every_part_of_a_model_is_found_under_each_generation_of_names(folder, config, prefixes):
    write_adapter(folder, targets=[*ALL_TEXT, *ALL_TOWER, "lm_head"], projector=True, prefixes=prefixes)
    adapter = open_adapter(folder, config)
    assert len(adapter.terms) == 7 * 7 + 2 * 6 + 1
    assert {"text.layers.6.attention_output", "vision.layers.1.up.weight", "text.output"} <= adapter.terms.keys()
    assert set(adapter.replaced) == {"projector.weight", "projector.norm"}
    assert adapter.changes_images


def test_a_text_models_names_are_found(folder, config):
    adapter = open_adapter(write_adapter(folder, targets=["q_proj"], prefixes="text"), config)
    assert set(adapter.terms) == {f"text.layers.{layer}.query" for layer in range(7)}
    assert not adapter.changes_images


def test_a_term_holds_the_files_numbers_and_alpha_over_rank(folder, config):
    write_adapter_files(folder, weights(), CONFIG)
    term = open_adapter(folder, config).terms["text.layers.2.down"]
    np.testing.assert_array_equal(term.a, weights()[DOWN_A])
    np.testing.assert_array_equal(term.b, weights()[DOWN_B])
    assert term.scale == 2.0
    np.testing.assert_allclose(term.dense(), 2 * weights()[DOWN_B] @ weights()[DOWN_A], rtol=1e-6)


def test_rslora_divides_by_the_root_of_the_rank(folder, config):
    write_adapter_files(folder, weights(rank=3), CONFIG | {"r": 3, "use_rslora": True})
    assert open_adapter(folder, config).terms["text.layers.2.down"].scale == pytest.approx(8 / math.sqrt(3))


def test_patterns_give_modules_ranks_and_alphas_of_their_own(folder, config):
    other = weights(rank=2)
    mixed = {name: other[name] if name in (DOWN_A, DOWN_B) else values for name, values in weights().items()}
    patterns = {
        "rank_pattern": {"layers.2.mlp.down_proj": 2},
        "alpha_pattern": {r".*\.2\..*down_proj": 3, "down_proj": 1},
    }
    write_adapter_files(folder, mixed, CONFIG | patterns)
    terms = open_adapter(folder, config).terms
    assert (terms["text.layers.2.down"].rank, terms["text.layers.2.down"].scale) == (2, 1.5)
    assert (terms["text.layers.3.down"].rank, terms["text.layers.3.down"].scale) == (4, 0.25)


def test_a_pattern_matches_whole_parts_of_a_name_only(folder, config):
    write_adapter_files(folder, weights(), CONFIG | {"alpha_pattern": {"own_proj": 100, "2.mlp.down_proj": 4}})
    terms = open_adapter(folder, config).terms
    assert (terms["text.layers.2.down"].scale, terms["text.layers.3.down"].scale) == (1.0, 2.0)


def test_the_projectors_norm_becomes_the_whole_factor_and_its_matrix_the_canonical_shape(folder, config):
    stored = weights((), projector=True)
    write_adapter_files(folder, stored, CONFIG)
    replaced = open_adapter(folder, config).replaced
    prefix = "base_model.model.model.multi_modal_projector."
    np.testing.assert_array_equal(replaced["projector.norm"], stored[prefix + "mm_soft_emb_norm.weight"] + 1)
    np.testing.assert_array_equal(replaced["projector.weight"], stored[prefix + "mm_input_projection_weight"].T)


def test_a_term_of_the_projectors_parameter_is_turned_round(folder, config):
    generator, prefix = np.random.default_rng(0), "base_model.model.model.multi_modal_projector."
    a, b = (generator.standard_normal(shape, np.float32) for shape in [(4, 128), (64, 4)])
    tensors = {prefix + "lora_A.weight": a, prefix + "lora_B.weight": b}
    parameters = ["multi_modal_projector.mm_input_projection_weight"]
    write_adapter_files(folder, tensors, CONFIG | {"target_parameters": parameters})
    term = open_adapter(folder, config).terms["projector.weight"]
    np.testing.assert_allclose(term.dense(), 2 * (b @ a).T, rtol=1e-5)


def test_half_precision_files_are_read(folder, config):
    write_adapter(folder, targets=["up_proj"], kind="bf16")
    assert open_adapter(folder, config).terms["text.layers.0.up"].a.dtype == np.float32


def test_the_identity_follows_the_numbers_and_not_the_name(tmp_path, config):
    one = open_adapter(write_adapter(tmp_path / "one", seed=1), config)
    same = open_adapter(write_adapter(tmp_path / "same", seed=1, prefixes="old"), config)
    other = open_adapter(write_adapter(tmp_path / "other", seed=2), config)
    louder = open_adapter(write_adapter(tmp_path / "louder", seed=1, config={"lora_alpha": 9}), config)
    assert one.identity == same.identity
    assert len({one.identity, other.identity, louder.identity}) == 3
    assert (one.name, open_adapter(tmp_path / "one", config, name="mine").name) == ("one", "mine")


def test_a_tuned_heads_copy_of_the_base_is_left_out(folder, config):
    tensors = weights(("lm_head",)) | {"base_model.model.lm_head.base_layer.weight": np.zeros((768, 128), np.float32)}
    write_adapter_files(folder, tensors, CONFIG)
    assert set(open_adapter(folder, config).terms) == {"text.output"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"peft_type": "IA3"}, "expected LORA"),
        ({"use_dora": True}, "DoRA"),
        ({"bias": "lora_only"}, "biases"),
        ({"lora_bias": True}, "`lora_bias`"),
        ({"some_new_variant": {"a": 1}}, "`some_new_variant`"),
        ({"init_lora_weights": "pissa"}, "'pissa'"),
        ({"init_lora_weights": ["x"]}, "beginning"),
        ({"target_parameters": ["experts.weight"]}, "target_parameters"),
        ({"r": 0}, "`r`"),
        ({"r": 5}, "has the shape"),
        ({"lora_alpha": "8"}, "`lora_alpha`"),
        ({"lora_alpha": math.nan}, "`lora_alpha`"),
        ({"rank_pattern": [1]}, "`rank_pattern`"),
        ({"alpha_pattern": {"down_proj": None}}, "`alpha_pattern`"),
        ({"alpha_pattern": {"(a+)+x": 1}}, "`alpha_pattern`"),
        ({"alpha_pattern": {"[": 1}}, "`alpha_pattern`"),
    ],
)
def test_a_variant_that_would_compute_something_else_is_refused(folder, config, changes, expected):
    write_adapter_files(folder, weights(), CONFIG | changes)
    assert expected in refusal(folder, config)


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        (f"{PREFIX}2.mlp.down_proj.lora_magnitude_vector", (128,), "no part of Gemma 3"),
        (f"{PREFIX}2.mlp.down_proj.base_layer.bias", (128,), "no part of Gemma 3"),
        ("base_model.model.model.language_model.embed_tokens.lora_embedding_A", (4, 768), "no part of Gemma 3"),
        ("base_model.model.lm_head.weight", (768, 128), "a whole weight of the decoder"),
        (f"{PREFIX}2.input_layernorm.weight", (128,), "a whole weight of the decoder"),
        ("transformer.h.0.attn.lora_A.weight", (4, 128), "no part of Gemma 3"),
        (f"{PREFIX}7.mlp.up_proj.lora_A.weight", (4, 128), "which the base model does not have"),
        (f"{PREFIX}0.mlp.up_proj.lora_A.weight", (4, 64), "has the shape [4, 64]"),
        (f"{PREFIX}0.mlp.up_proj.lora_B.weight", (256, 3), "has the shape [256, 3]"),
        (f"{PREFIX}0.mlp.up_proj.lora_A.weight", (4, 128), "only one of two factors"),
        ("base_model.model.model.layers.2.mlp.down_proj.lora_A.weight", (4, 256), "twice"),
        ("base_model.model.model.multi_modal_projector.mm_input_projection_weight", (128, 64), "has the shape"),
        ("base_model.model.lm_head.base_layer.weight", (9, 128), "another vocabulary"),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused_by_its_name(folder, config, name, shape, expected):
    write_adapter_files(folder, weights() | {name: np.zeros(shape, np.float32)}, CONFIG)
    assert expected in refusal(folder, config)


def test_an_adapter_of_a_wider_model_is_refused(folder, config):
    write_adapter(folder, shape=TinyShape(width=160))
    assert "call for [" in refusal(folder, config)


def test_vision_terms_on_a_base_without_vision_weights_say_so(tmp_path, folder):
    from osler.testing.tiny import write_safetensors

    text_only = open_checkpoint(write_safetensors(tmp_path / "text", vision=False)).config
    write_adapter(folder, targets=["tower.fc1"])
    assert "no vision weights" in refusal(folder, text_only, VisionError)


def test_numbers_that_are_not_finite_are_refused(folder, config):
    write_adapter_files(folder, weights() | {DOWN_A: np.full((4, 256), np.inf, np.float32)}, CONFIG)
    assert "not finite" in refusal(folder, config)


def test_a_pickle_is_never_opened(folder, config):
    write_adapter(folder)
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    assert "pickle" in refusal(folder, config)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"peft_type": ["LORA"]}', b"[" * 100_000])
def test_a_damaged_configuration_is_one_clear_error(folder, config, content):
    write_adapter(folder)
    (folder / "adapter_config.json").write_bytes(content)
    refusal(folder, config)


@pytest.mark.parametrize("content", [b"", b"12345678", b"\xff" * 64, json.dumps({}).encode()])
def test_damaged_weights_are_one_clear_error(folder, config, content):
    write_adapter(folder)
    (folder / "adapter_model.safetensors").write_bytes(content)
    refusal(folder, config)


def test_an_empty_adapter_is_refused(folder, config):
    write_adapter_files(folder, {}, CONFIG)
    assert "no weights" in refusal(folder, config)


def test_a_folder_that_is_not_there_is_named(tmp_path, config):
    assert "there is no adapter folder" in refusal(tmp_path / "nothing", config)
