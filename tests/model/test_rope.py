import numpy as np
import pytest
from model.compute import compute

from osler.model.rope import rotate, rotation

WIDTH = 16


def rotated(x: np.ndarray, positions: np.ndarray, base: float = 1e4, factor: float = 1.0) -> np.ndarray:
    """Heads x [T, H, E] at some positions."""
    cos, sin = rotation(positions, x.shape[-1], base, factor)
    return compute(lambda graph, *nodes: rotate(*nodes, x.shape[-1]), {"x": x, "cos": cos, "sin": sin})[0]


def heads(tokens: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((tokens, 2, WIDTH), np.float32)


def test_position_zero_changes_nothing():
    x = heads(1)
    assert np.array_equal(rotated(x, np.array([0])), x)


def test_number_j_turns_with_number_j_plus_half_the_width():
    x, positions = heads(6), np.array([0, 1, 2, 100, 1000, 30_000])
    angles = positions[:, None] * 1e4 ** (-2 * np.arange(WIDTH // 2) / WIDTH)
    turn = np.exp(1j * angles)[:, None, :]  # [T, 1, E / 2]
    turned = (x[..., : WIDTH // 2] + 1j * x[..., WIDTH // 2 :]) * turn
    wanted = np.concatenate([turned.real, turned.imag], axis=-1)
    assert np.abs(rotated(x, positions) - wanted)[:5].max() < 1e-4
    assert np.abs(rotated(x, positions) - wanted).max() < 3e-3  # angles are float32: 30,000 ± 0.001


def test_products_depend_on_the_distance_alone():
    query, key = heads(1, seed=1), heads(1, seed=2)
    near = (rotated(query, np.array([7])) * rotated(key, np.array([2]))).sum()
    far = (rotated(query, np.array([1007])) * rotated(key, np.array([1002]))).sum()
    other = (rotated(query, np.array([8])) * rotated(key, np.array([2]))).sum()
    assert near == pytest.approx(far, abs=1e-3)
    assert abs(near - other) > 0.1


def test_the_factor_divides_positions():
    assert np.allclose(rotation(np.array([24]), WIDTH, 1e6, 8.0), rotation(np.array([3]), WIDTH, 1e6, 1.0), atol=1e-6)


def test_neighbouring_positions_far_along_differ():
    far = np.array([131_070, 131_071])
    cos, sin = rotation(far, WIDTH, 1e4, 1.0)
    turn = np.arctan2(sin[1, 0, 0], cos[1, 0, 0]) - np.arctan2(sin[0, 0, 0], cos[0, 0, 0])
    assert turn % (2 * np.pi) == pytest.approx(1.0, abs=1e-2)
