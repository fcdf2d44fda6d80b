import numpy as np
from model.compute import compute

from osler.model.norm import layer_norm, rms_norm

WIDTH = 64


def inputs() -> np.ndarray:
    """[T, D] of sizes from 1e-4, where epsilon counts, to 1e3."""
    sizes = np.array([1e-4, 1e-3, 1, 30, 1e3])[:, None]
    return (np.random.default_rng(0).standard_normal((5, WIDTH)) * sizes + 0.3 * sizes).astype(np.float32)


def test_rms_norm_divides_by_the_root_mean_square_and_multiplies_by_the_gain():
    x, gain = inputs(), np.random.default_rng(1).normal(1, 0.3, WIDTH).astype(np.float32)
    exact = x.astype(np.float64)
    wanted = exact / np.sqrt((exact**2).mean(-1, keepdims=True) + 1e-6) * gain
    (found,) = compute(lambda graph, node: rms_norm(graph, node, gain, 1e-6), {"x": x})
    assert np.abs(found - wanted).max() < 1e-5


def test_rms_norm_works_head_by_head():
    x = inputs().reshape(5, 4, 16)
    gain = np.ones(16, np.float32)
    exact = x.astype(np.float64)
    wanted = exact / np.sqrt((exact**2).mean(-1, keepdims=True) + 1e-6)
    (found,) = compute(lambda graph, node: rms_norm(graph, node, gain, 1e-6), {"x": x})
    assert np.abs(found - wanted).max() < 1e-5


def test_layer_norm_takes_the_mean_off_too():
    rng, x = np.random.default_rng(1), inputs()
    weight, bias = rng.normal(1, 0.3, WIDTH).astype(np.float32), rng.normal(0, 0.3, WIDTH).astype(np.float32)
    exact = x.astype(np.float64)
    centred = exact - exact.mean(-1, keepdims=True)
    wanted = centred / np.sqrt(exact.var(-1, keepdims=True) + 1e-6) * weight + bias
    (found,) = compute(lambda graph, node: layer_norm(graph, node, weight, bias, 1e-6), {"x": x})
    assert np.abs(found - wanted).max() < 2e-5
