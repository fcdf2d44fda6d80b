import numpy as np
import pytest
from model.compute import compute

from osler.engine.stacked_weights import StackedWeights
from osler.model.linear import linear, linears
from osler.model.matrix import DenseMatrix, GroupedMatrix, Matrix
from osler.testing.random_weights import to_bfloat16

TOKENS, ROWS, COLUMNS = 5, 48, 256


class Matrices:
    """A source of a few named matrices."""

    def __init__(self, **matrices: Matrix) -> None:
        self.matrices = matrices

    def matrix(self, name: str) -> Matrix:
        return self.matrices[name]


def stacked(**matrices: Matrix) -> StackedWeights:
    return StackedWeights(Matrices(**matrices), is_narrow=False)


def dense(kind: str, seed: int = 0) -> DenseMatrix:
    values = np.random.default_rng(seed).standard_normal((ROWS, COLUMNS), np.float32) * COLUMNS**-0.5
    stored = {"f32": values, "f16": values.astype(np.float16), "bf16": to_bfloat16(values)}[kind]
    return DenseMatrix(values=stored, kind=kind)


def grouped(bits: int, group: int, *, offset: bool, rows: int = ROWS, seed: int = 0) -> GroupedMatrix:
    rng = np.random.default_rng(seed)
    if bits == 8:
        codes = rng.integers(-128, 128, (rows, COLUMNS)).astype(np.int8)
    else:
        codes = rng.integers(0, 256, (rows, COLUMNS // 2)).astype(np.uint8)
    size = COLUMNS**-0.5 / (2.0 ** (bits - 1))
    groups = (rows, COLUMNS // group)
    return GroupedMatrix(
        codes=codes,
        bits=bits,
        scale=(rng.uniform(0.5, 1.5, groups) * size).astype(np.float32),
        offset=rng.normal(0, 3 * size, groups).astype(np.float32) if offset else None,
        group=group,
    )


def inputs() -> np.ndarray:
    """[T, K] whose groups do not sum to zero, so that offsets count."""
    return np.random.default_rng(9).standard_normal((TOKENS, COLUMNS), np.float32) + np.float32(0.5)


def exactly(x: np.ndarray, matrix: Matrix) -> np.ndarray:
    return x.astype(np.float64) @ matrix.dequantised().astype(np.float64).T


def product(matrix: Matrix, precision: str = "f32") -> np.ndarray:
    weights = stacked(w=matrix)
    return compute(lambda graph, x: linear(graph, weights, x, "w"), {"x": inputs()}, precision=precision)[0]


FORMS = [
    pytest.param(bits, group, offset, id=f"{bits}-bit-groups-of-{group}{'-offset' if offset else ''}")
    for bits in (8, 4)
    for group in (16, 32, 256)
    for offset in (False, True)
]


@pytest.mark.parametrize("kind", ["f32", "f16", "bf16"])
def test_a_dense_product_is_exact_in_f32(kind):
    matrix = dense(kind)
    assert np.abs(product(matrix) - exactly(inputs(), matrix)).max() < 1e-5


@pytest.mark.parametrize(("bits", "group", "offset"), FORMS)
def test_a_grouped_product_is_exact_in_f32(bits, group, offset):
    matrix = grouped(bits, group, offset=offset)
    assert np.abs(product(matrix) - exactly(inputs(), matrix)).max() < 1e-5


@pytest.mark.parametrize(("bits", "group", "offset"), FORMS)
def test_eight_bit_activations_cost_less_than_two_hundredths(bits, group, offset):
    matrix = grouped(bits, group, offset=offset)
    wanted = exactly(inputs(), matrix)
    error = product(matrix, "bf16") - wanted
    assert np.sqrt((error**2).mean() / (wanted**2).mean()) < 0.02


def test_the_offset_counts():
    matrix = grouped(4, 32, offset=True)
    without = GroupedMatrix(codes=matrix.codes, bits=4, scale=matrix.scale, offset=None, group=32)
    assert np.abs(product(matrix) - product(without)).max() > 0.1


def test_matrices_of_several_forms_come_back_under_their_own_names():
    matrices = {
        "a": grouped(4, 32, offset=True, rows=16, seed=1),
        "b": grouped(8, 16, offset=False, rows=32, seed=2),
        "c": grouped(4, 32, offset=True, rows=48, seed=3),
        "d": dense("f16", seed=4),
        "e": grouped(8, 32, offset=True, rows=16, seed=5),
        "f": dense("bf16", seed=6),
        "g": grouped(4, 16, offset=True, rows=16, seed=7),
    }
    weights, x = stacked(**matrices), inputs()
    outputs = compute(lambda graph, node: linears(graph, weights, node, list(matrices)), {"x": x})
    for output, matrix in zip(outputs, matrices.values(), strict=True):
        assert output.shape == (TOKENS, matrix.shape[0])
        assert np.abs(output - exactly(x, matrix)).max() < 1e-5


def test_a_constant_shares_the_memory_of_its_array():
    from osler.model.graph import Graph

    values = np.zeros((2, 3), np.float32)
    constant = Graph().constant(values)
    values[1, 2] = 5
    assert constant.data[1, 2] == 5
