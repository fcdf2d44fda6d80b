"""The embedding and the output matrix as IR."""

import numpy as np
import openvino as ov
import pytest

from osler.adapt.export.openvino.output import output_product
from osler.model.graph import Graph
from osler.model.matrix import GroupedMatrix
from osler.testing.compiled import compiled


class OneMatrix:
    """Weights of which there is one."""

    def __init__(self, matrix: GroupedMatrix) -> None:
        self._matrix = matrix

    def matrix(self, name: str) -> GroupedMatrix:
        return self._matrix


@pytest.fixture
def grouped():
    """[6, 64] in groups of 32, two of which have a scale of 0."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 256, (6, 32)).astype(np.uint8)
    scale = rng.uniform(0.01, 0.1, (6, 2)).astype(np.float32)
    scale[1, 0] = scale[4, 1] = 0
    offset = rng.uniform(-1, 1, (6, 2)).astype(np.float32)
    offset[4, 1] = 0
    return GroupedMatrix(codes=codes, bits=4, scale=scale, offset=offset, group=32)


def test_a_zero_point_says_the_same_as_an_offset_also_where_the_scale_is_zero(grouped):
    graph = Graph()
    x = graph.parameter("x", [1, -1, 64], ov.Type.f32)
    model = graph.model({"y": output_product(graph, OneMatrix(grouped), x, "any")})
    values = np.random.default_rng(1).standard_normal((1, 3, 64)).astype(np.float32)
    found = compiled(model, {"INFERENCE_PRECISION_HINT": "f32"})([values])[0]
    assert np.abs(found - values @ grouped.dequantised().T).max() < 1e-4


def test_the_output_is_a_single_product_that_others_can_cut(grouped):
    graph = Graph()
    x = graph.parameter("x", [1, -1, 64], ov.Type.f32)
    last = output_product(graph, OneMatrix(grouped), x, "any")
    assert last.get_type_name() == "MatMul"
    assert last.input_value(0).get_node() == x


def test_rows_of_the_embedding_are_the_checkpoints_scaled(quantised, exported_quantised):
    ids = np.array([[3, 200, 7, 200]])
    wanted = quantised.checkpoint.embedding_rows(ids[0]) * np.float32(quantised.runner.config.width**0.5)
    assert np.abs(exported_quantised.embedded(ids)[0] - wanted).max() < 1e-5


def test_an_id_without_a_row_in_the_table_gives_the_row_of_padding(ours, exported):
    size = ours.runner.config.vocabulary_size
    rows = exported.embedded(np.array([[0, size, size + 3]]))[0]
    assert (rows[1:] == rows[0]).all()
