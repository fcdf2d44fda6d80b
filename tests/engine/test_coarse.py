"""Finding the most probable token through a coarse copy of the output matrix."""

import numpy as np
import pytest

from osler.engine.coarse import COARSE_GROUP, coarse, could_be_greatest
from osler.model.matrix import DenseMatrix

ROWS, WIDTH = 20_000, 256


@pytest.fixture(scope="module")
def weights():
    return np.random.default_rng(0).standard_normal((ROWS, WIDTH)).astype(np.float32) * 0.03


def test_each_weight_is_off_by_at_most_half_a_step(weights):
    rough = coarse(DenseMatrix(values=weights, kind="f32"))
    steps = np.repeat(rough.scale, COARSE_GROUP, axis=1)
    assert rough.shape == weights.shape
    assert (np.abs(rough.dequantised() - weights) <= steps / 2 * 1.0001).all()


def test_rows_of_zeros_stay_zero():
    rough = coarse(DenseMatrix(values=np.zeros((3, COARSE_GROUP), np.float32), kind="f32"))
    assert not rough.dequantised().any()


def test_the_greatest_row_is_always_among_the_candidates_and_they_are_few(weights):
    random = np.random.default_rng(1)
    rough = coarse(DenseMatrix(values=weights, kind="f32"))
    row_scale = np.sqrt(np.mean(np.square(rough.scale), axis=1))
    products = rough.dequantised()
    for _ in range(50):
        x = random.standard_normal(WIDTH).astype(np.float32)
        candidates = could_be_greatest(products @ x, x, row_scale, 32)
        assert int(np.argmax(weights @ x)) in candidates
        assert len(candidates) < ROWS / 10


def test_a_greater_error_lets_more_candidates_in(weights):
    x = np.random.default_rng(2).standard_normal(WIDTH).astype(np.float32)
    few = could_be_greatest(weights @ x, x, np.full(ROWS, 0.001, np.float32), 32)
    many = could_be_greatest(weights @ x, x, np.full(ROWS, 0.01, np.float32), 32)
    assert set(few) < set(many)


def test_the_greatest_of_some_rows_is_found_among_them_alone(weights):
    random = np.random.default_rng(3)
    rough = coarse(DenseMatrix(values=weights, kind="f32"))
    row_scale = np.sqrt(np.mean(np.square(rough.scale), axis=1))
    x = random.standard_normal(WIDTH).astype(np.float32)
    allowed = random.random(ROWS) < 0.01
    products = np.where(allowed, rough.dequantised() @ x, np.float32(-np.inf))
    candidates = could_be_greatest(products, x, row_scale, 32)
    assert allowed[candidates].all()
    assert int(np.argmax(np.where(allowed, weights @ x, -np.inf))) in candidates
