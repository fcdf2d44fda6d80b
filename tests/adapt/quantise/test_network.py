"""The decoder with weights as inputs against the engine's runner, and sums of squares against a hand computation."""

import numpy as np
import pytest
from adapt.quantise.models import passages, tiny

from osler.adapt.quantise import network as module
from osler.adapt.quantise.divergence import normal_of
from osler.adapt.quantise.encoder import BlockEncoder
from osler.adapt.quantise.exchanged import Exchanged
from osler.adapt.quantise.measure import measure_importance
from osler.adapt.quantise.network import Network
from osler.engine.compilation import Compilation
from osler.engine.runner import OpenVinoRunner
from osler.engine.step import Chunk

TEXT = tiny().config.text


def engines_logits(found) -> np.ndarray:
    """Each passage by the engine itself, in float32."""
    runner = OpenVinoRunner(
        TEXT, tiny(), compilation=Compilation(precision="f32", threads=1), global_blocks=8, local_blocks=8
    )
    rows = []
    for passage in found:
        blocks = np.arange(-(-len(passage.ids) // 32), dtype=np.int32)
        chunk = Chunk(
            ids=passage.ids,
            images=passage.images,
            past=0,
            global_blocks=blocks,
            local_blocks=blocks,
            local_start=0,
            num_logits=len(passage.ids),
        )
        rows.append(runner.step([chunk]).copy())
    return np.concatenate(rows)


@pytest.mark.parametrize("step_tokens", [40, 2048])
def test_logits_are_the_engines_with_an_image_and_beyond_the_window(monkeypatch, step_tokens):
    monkeypatch.setattr(module, "STEP_TOKENS", step_tokens)
    found = passages(70, 33, 45, image_at=9)
    network = Network(TEXT, tiny(), found, threads=1)
    hidden = network.layers(tiny(), network.embedded(tiny()))
    logits = normal_of(TEXT, tiny(), hidden) @ tiny().matrix("text.embedding").dequantised().T
    np.testing.assert_allclose(logits, engines_logits(found), atol=2e-3)


def test_an_exchanged_matrix_changes_what_comes_behind_it_only():
    found = passages(40)
    network = Network(TEXT, tiny(), found, threads=1)
    start = network.embedded(tiny())
    kept = [start]
    for layer in range(TEXT.num_layers):
        kept.append(network.layer(layer, module.layer_numbers(tiny(), layer), kept[-1])[0])
    other = Exchanged(tiny(), {"text.layers.4.down": "Q4_0"}, BlockEncoder())
    from_there = network.layers(other, kept[4], 4)
    np.testing.assert_array_equal(from_there, network.layers(other, start))
    assert np.abs(from_there - kept[-1]).max() > 1e-3


def test_importance_is_the_mean_square_of_what_a_matrix_is_multiplied_with():
    found = passages(40, 21)
    importance = measure_importance(TEXT, tiny(), found, threads=1)
    network = Network(TEXT, tiny(), found, threads=1)
    x = network.embedded(tiny())
    normal = x / np.sqrt(np.mean(x**2, axis=1, keepdims=True) + 1e-6) * tiny().vector("text.layers.0.attention_norm")
    for name in ("query", "key", "value"):
        np.testing.assert_allclose(importance.means[f"text.layers.0.{name}"], np.mean(normal**2, axis=0), rtol=1e-4)
    last = normal_of(TEXT, tiny(), network.layers(tiny(), x))
    np.testing.assert_allclose(importance.means["text.embedding"], np.mean(last**2, axis=0), rtol=1e-4)
    assert len(importance.sums) == 7 * TEXT.num_layers + 1
    assert set(importance.counts.values()) == {61}
