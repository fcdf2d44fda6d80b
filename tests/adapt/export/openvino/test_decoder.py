"""The decoder as IR against Osler's engine in float32."""

import numpy as np
import openvino as ov
import pytest
from adapt.export.openvino.requests import IrModel, network
from adapt.export.written_decoder import FAR, WrittenDecoder
from parity.twins import random_prompt

from osler.testing.tiny import write_safetensors
from osler.weights.checkpoint import open_checkpoint


class TestIrDecoder(WrittenDecoder):
    """The decoder as IR."""


@pytest.mark.parametrize("starts", [(), (12, 40)], ids=str)
def test_weights_of_a_quantised_gguf_are_computed_as_they_are(quantised, exported_quantised, starts):
    prompt = random_prompt(quantised.checkpoint, 100, starts, seed=2)
    found = exported_quantised.logits(prompt, cuts=(60,))
    assert np.abs(found - quantised.logits(prompt)).max() < FAR


def test_where_positions_begin_does_not_matter(ours, exported):
    """openvino-genai counts the prompt's from 1 and the answer's as well."""
    prompt = random_prompt(ours.checkpoint, 60, (12,), seed=3)
    assert np.abs(exported.logits(prompt, first=1) - exported.logits(prompt)).max() < FAR


def test_the_window_and_the_images_survive_openvinos_paged_attention(networks, ours):
    """What openvino-genai does to the model before it runs it: a window it did not recognise would be lost."""
    from openvino._offline_transformations import paged_attention_transformation

    model = ov.Core().read_model(networks / "openvino_language_model.xml")
    paged_attention_transformation(model)
    layers = [node for node in model.get_ordered_ops() if node.get_type_name() == "PagedAttentionExtension"]
    assert [window_of(layer) for layer in layers] == [0 if whole else 32 for whole in ours.runner.config.global_layers]
    assert all("token_type_ids" in names_above(layer.input_value(25).get_node()) for layer in layers)
    assert "attention_mask" not in {name for port in model.inputs for name in port.names}


def window_of(layer: ov.Node) -> int:
    """The window that a paged attention was given: a constant, or a product of constants."""
    node = layer.input_value(10).get_node()
    factors = [node] if node.get_type_name() == "Constant" else [node.input_value(i).get_node() for i in range(2)]
    numbers = [above(factor).get_data().item() for factor in factors]
    return int(np.prod(numbers))


def above(node: ov.Node) -> ov.Node:
    """The constant that a chain of conversions begins with."""
    while node.get_type_name() != "Constant":
        node = node.input_value(0).get_node()
    return node


def names_above(node: ov.Node) -> set[str]:
    """The names of all nodes that a node is computed from."""
    names = {node.get_friendly_name()}
    return names.union(*(names_above(node.input_value(i).get_node()) for i in range(node.get_input_size())))


def test_a_model_without_eyes_is_one_network_from_ids(tmp_path, written):
    from parity.twins import Ours

    text = Ours(write_safetensors(tmp_path / "text", vision=False, prefixes="text", kind="f32"), "f32")
    folder = written(text.checkpoint)
    assert {path.name for path in folder.glob("*.xml")} == {"openvino_model.xml"}
    prompt = random_prompt(text.checkpoint, 90)
    request = network(folder / "openvino_model.xml").create_infer_request()
    request.infer(
        {
            "input_ids": prompt.ids[None].astype(np.int64),
            "attention_mask": np.ones((1, 90), np.int64),
            "position_ids": np.arange(90)[None],
            "beam_idx": np.zeros(1, np.int32),
        }
    )
    assert np.abs(request.get_tensor("logits").data[0] - text.logits(prompt)).max() < FAR


@pytest.mark.parametrize(("kind", "far"), [("F32", 1e-4), ("F16", 1e-4), ("Q8_0", 0.3)])
def test_other_types_of_numbers_are_as_far_as_their_rounding(ours, written, kind, far):
    """The tiny weights are bfloat16's, which F16 holds but for the smallest."""
    prompt = random_prompt(open_checkpoint(ours.checkpoint.path), 60, (12,), seed=6)
    off = np.abs(IrModel(written(ours.checkpoint, kind)).logits(prompt) - ours.logits(prompt)).max()
    assert off < far
    assert (off > 1e-3) == (kind == "Q8_0")


def test_an_adapter_merged_into_the_model_is_exported_with_it(merged, written):
    from parity.twins import Ours

    tuned, base = (Ours(merged.path, "f32", checkpoint=checkpoint) for checkpoint in (merged, merged.base))
    prompt = random_prompt(merged, 60, (12,))
    found = IrModel(written(merged)).logits(prompt)
    assert np.abs(found - tuned.logits(prompt)).max() < FAR
    assert np.abs(found - base.logits(prompt)).max() > 100 * FAR
