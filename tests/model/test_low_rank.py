from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from model.compute import compute

from osler.engine.stacked_weights import StackedWeights
from osler.model.linear import linears
from osler.model.low_rank import GATE, GatedTerms, Terms
from osler.model.matrix import DenseMatrix, GroupedMatrix
from osler.model.text import head_graph, layers_graph
from osler.testing.tiny import write_safetensors
from osler.weights.checkpoint import open_checkpoint

TOKENS, COLUMNS = 6, 64
LAYERS = {
    **{"Parameter": 19, "Constant": 154, "Convert": 2, "MatMul": 14, "PagedAttentionExtension": 2, "Gelu": 2},
    **{"Add": 20, "Multiply": 38, "Divide": 12, "Power": 12, "ReduceMean": 12, "Sqrt": 12},
    **{"Concat": 4, "Reshape": 10, "Slice": 8, "Result": 1},
}
HEAD = {
    **{"Parameter": 1, "Constant": 6, "MatMul": 1, "Add": 1, "Multiply": 2, "Divide": 1},
    **{"Power": 1, "ReduceMean": 1, "Sqrt": 1, "Result": 2},
}
OWNERS = np.array([2, 0, 1, 1, 3, 2])


@dataclass(frozen=True)
class Term:
    a: np.ndarray
    b: np.ndarray
    scale: float


def term(rank: int, rows: int, seed: int, scale: float = 0.5) -> Term:
    rng = np.random.default_rng(seed)
    return Term(rng.standard_normal((rank, COLUMNS), np.float32), rng.standard_normal((rows, rank), np.float32), scale)


class Matrices:
    def __init__(self, **matrices) -> None:
        self.matrices = matrices

    def matrix(self, name: str):
        return self.matrices[name]


def dense(rows: int, seed: int) -> DenseMatrix:
    return DenseMatrix(values=np.random.default_rng(seed).standard_normal((rows, COLUMNS), np.float32), kind="f32")


def grouped(rows: int, seed: int) -> GroupedMatrix:
    rng = np.random.default_rng(seed)
    codes = rng.integers(-128, 128, (rows, COLUMNS)).astype(np.int8)
    scale = rng.uniform(0.005, 0.01, (rows, 2)).astype(np.float32)
    return GroupedMatrix(codes=codes, bits=8, scale=scale, offset=None, group=32)


ADAPTERS = Terms(
    [
        {"q": term(2, 32, 1), "k": term(3, 16, 2)},
        {"q": term(4, 32, 3, scale=2.0)},
        {"k": term(1, 16, 4), "other": term(2, 8, 5)},
    ]
)


def products(make, *, precision="f32", owners=OWNERS, names=("q", "k", "v")):
    """What the graph computes, and what it should, for three matrices with one input."""
    matrices = {name: make(rows, seed) for seed, (name, rows) in enumerate([("q", 32), ("k", 16), ("v", 16)])}
    weights = StackedWeights(Matrices(**matrices), is_narrow=precision == "bf16")
    x = np.random.default_rng(9).standard_normal((TOKENS, COLUMNS), np.float32)

    def write(graph, x):
        adapters = GatedTerms(graph, ADAPTERS, is_narrow=precision == "bf16")
        return linears(graph, weights, x, names, adapters)

    found = compute(write, {"x": x}, precision=precision, more={GATE: ADAPTERS.gate(owners)})
    expected = []
    for name in names:
        y = x.astype(np.float64) @ matrices[name].dequantised().T
        for row, owner in enumerate(owners):
            one = ADAPTERS._adapters[owner - 1].get(name) if owner else None
            if one is not None:
                y[row] += one.scale * one.b @ (one.a @ x[row])
        expected.append(y)
    return found, expected


@pytest.mark.parametrize("make", [dense, grouped])
def test_each_token_gets_the_terms_of_its_own_adapter(make):
    found, expected = products(make)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_narrow_terms_are_as_exact_as_bfloat16():
    found, expected = products(dense, precision="bf16")
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one - other).max() <= 2e-2 * np.abs(other).max()


def test_tokens_of_no_adapter_are_the_models_own_to_the_last_bit():
    found, _ = products(dense, owners=np.zeros(TOKENS, int))
    weights = StackedWeights(Matrices(q=dense(32, 0), k=dense(16, 1), v=dense(16, 2)), is_narrow=False)
    x = np.random.default_rng(9).standard_normal((TOKENS, COLUMNS), np.float32)
    plain = compute(lambda graph, x: linears(graph, weights, x, ("q", "k", "v")), {"x": x})
    for one, other in zip(found, plain, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_gate_has_one_column_an_adapter():
    np.testing.assert_array_equal(ADAPTERS.gate([2, 0, 3]), [[0, 1, 0], [0, 0, 0], [0, 0, 1]])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return open_checkpoint(write_safetensors(tmp_path_factory.mktemp("tiny"), kind="f32", vision=False))


def shape_of(model) -> Counter:
    return Counter(node.get_type_name() for node in model.get_ops())


def test_without_adapters_the_graph_is_the_models_alone(checkpoint):
    """The numbers were counted before there were adapters."""
    weights = StackedWeights(checkpoint, is_narrow=False)
    layers, _ = layers_graph(checkpoint.config.text, weights, range(4, 6))
    head, _ = head_graph(checkpoint.config.text, weights, "text.embedding")
    assert shape_of(layers) == LAYERS
    assert shape_of(head) == HEAD


def test_a_stage_that_no_adapter_changes_is_the_models_alone(checkpoint):
    weights = StackedWeights(checkpoint, is_narrow=False)
    terms = Terms([{"text.layers.6.query": Term(np.ones((2, 128), np.float32), np.ones((128, 2), np.float32), 1.0)}])
    layers, _ = layers_graph(checkpoint.config.text, weights, range(4, 6), terms)
    head, _ = head_graph(checkpoint.config.text, weights, "text.embedding", terms)
    changed, _ = layers_graph(checkpoint.config.text, weights, range(6, 7), terms)
    assert (shape_of(layers), shape_of(head)) == (LAYERS, HEAD)
    assert GATE in {name for port in changed.inputs for name in port.names}
