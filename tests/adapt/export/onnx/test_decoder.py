"""The decoder as ONNX against Osler's engine in float32."""

import numpy as np
from adapt.export.onnx.sessions import OnnxModel
from adapt.export.written_decoder import FAR, WrittenDecoder
from parity.twins import Ours, random_prompt

from osler.testing.tiny import write_gguf


class TestOnnxDecoder(WrittenDecoder):
    """The decoder as ONNX."""


def test_an_image_that_comes_after_cached_tokens_sees_itself_whole(ours, exported):
    prompt = random_prompt(ours.checkpoint, 100, (12, 60), seed=2)
    assert np.abs(exported.logits(prompt, cuts=(58,)) - ours.logits(prompt)).max() < FAR


def test_the_tokens_of_an_image_see_what_stands_behind_them_in_it(ours, exported):
    prompt = random_prompt(ours.checkpoint, 40, (12,), seed=3)
    embeds, types = exported.prepared(prompt)
    whole, _ = exported.step(embeds, types, exported.empty())
    causal, _ = exported.step(embeds, np.zeros_like(types), exported.empty())
    assert np.abs(whole - causal)[0, 12].max() > 0.01
    assert np.abs(whole - causal)[0, :12].max() < FAR


def test_only_the_last_positions_have_logits_where_so_many_are_asked_for(ours, exported):
    embeds, types = exported.prepared(random_prompt(ours.checkpoint, 40))
    whole, _ = exported.step(embeds, types, exported.empty())
    for kept in (1, 3):
        some, _ = exported.step(embeds, types, exported.empty(), kept=kept)
        assert some.shape[1] == kept
        assert np.abs(some - whole[:, -kept:]).max() < FAR


def test_weights_in_f16_give_the_logits_of_the_weights_they_round_to(ours, written):
    """The tiny weights are bfloat16's, which F16 holds but for the smallest."""
    prompt = random_prompt(ours.checkpoint, 60, (12,))
    assert np.abs(OnnxModel(written("F16")).logits(prompt) - ours.logits(prompt)).max() < FAR


def test_a_quantised_gguf_has_the_engines_logits(tmp_path):
    from osler.adapt.export.onnx.target import export_onnx
    from osler.adapt.export.targets import ExportOptions

    path = write_gguf(tmp_path / "tiny.gguf", "Q4_0", projector="F32", soft_token=True)
    ours = Ours(path, "f32")
    export_onnx(ours.checkpoint, tmp_path / "onnx", ExportOptions(type="F32"))
    prompt = random_prompt(ours.checkpoint, 60, (12,))
    assert np.abs(OnnxModel(tmp_path / "onnx").logits(prompt) - ours.logits(prompt)).max() < FAR


def test_an_id_without_a_row_in_the_table_gives_the_row_of_padding(ours, exported):
    size = ours.runner.config.vocabulary_size
    outside, padding = exported.embedded(np.array([[0, size, size + 3]]))[0, 1:], exported.embedded(np.array([[0]]))
    assert (outside == padding[0]).all()


def test_logits_are_the_first_output_and_each_layer_has_a_key_and_a_value(ours, exported):
    names = [output.name for output in exported.decoder.get_outputs()]
    layers = range(ours.runner.config.num_layers)
    assert names == ["logits", *(f"present.{layer}.{part}" for layer in layers for part in ("key", "value"))]


def test_an_adapter_merged_into_the_model_is_exported_with_it(merged, tmp_path):
    from osler.adapt.export.onnx.target import export_onnx
    from osler.adapt.export.targets import ExportOptions

    tuned, base = (Ours(merged.path, "f32", checkpoint=checkpoint) for checkpoint in (merged, merged.base))
    export_onnx(merged, tmp_path / "onnx", ExportOptions(type="F32"))
    prompt = random_prompt(merged, 60, (12,))
    found = OnnxModel(tmp_path / "onnx").logits(prompt)
    assert np.abs(found - tuned.logits(prompt)).max() < FAR
    assert np.abs(found - base.logits(prompt)).max() > 100 * FAR
