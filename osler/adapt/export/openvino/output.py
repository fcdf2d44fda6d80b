"""The embedding and the output matrix in the forms that other programs expect of OpenVINO models."""

import numpy as np
import openvino as ov
from openvino import Type
from openvino import opset13 as op

from osler.model.config import TextConfig
from osler.model.graph import Graph, Node, integers, number
from osler.model.linear import DENSE_KINDS
from osler.model.matrix import DenseMatrix, GroupedMatrix
from osler.model.stack import Weights

__all__ = ["embedded", "embedding_model", "output_product"]


def output_product(graph: Graph, weights: Weights, x: Node, name: str) -> Node:
    """x Wᵀ [B, T, V] of x [B, T, D] as a single product.

    openvino-genai cuts the input of the last product down to the tokens whose logits it wants, which the two terms of
    `osler.model.linear` would not survive. So an offset becomes a zero point: (codes - zero) · scale.
    """
    matrix = weights.matrix(name)
    if isinstance(matrix, DenseMatrix):
        constant = graph.constant(matrix.values, DENSE_KINDS[matrix.kind], matrix.shape)
        wide = constant if matrix.kind == "f32" else op.convert(constant, Type.f32)
        return op.matmul(x, wide, False, True)
    rows, columns = matrix.shape
    codes, scale, zero = _with_zero_point(matrix)
    kind = Type.i4 if codes.dtype == np.uint8 else Type.i8
    wide = op.convert(graph.constant(codes, kind, [rows, columns // matrix.group, matrix.group]), Type.f32)
    if zero is not None:
        wide = op.subtract(wide, graph.constant(zero[..., None]))
    wide = op.multiply(wide, graph.constant(scale[..., None]))
    return op.matmul(x, op.reshape(wide, integers(rows, columns), False), False, True)


def _with_zero_point(matrix: GroupedMatrix) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Codes, scales and zero points of the same weights; groups whose scale is 0 get one weight's value as theirs."""
    if matrix.offset is None:
        return matrix.codes, matrix.scale, None
    flat = matrix.scale == 0
    if not flat.any():
        return matrix.codes, matrix.scale, -matrix.offset / matrix.scale
    codes = matrix.unpacked().reshape(matrix.shape[0], -1, matrix.group).copy()
    codes[flat] = 0
    scale = np.where(flat, matrix.offset, matrix.scale)
    zero = np.where(flat, np.float32(-1), -matrix.offset / np.where(flat, np.float32(1), matrix.scale))
    return codes.reshape(matrix.shape), scale, zero


def embedding_model(config: TextConfig, weights: Weights) -> tuple[ov.Model, Graph]:
    """`input_ids` [B, T] to `inputs_embeds` [B, T, D], scaled by √D; an id outside the vocabulary gives row 0.

    Returns:
        The model, and the graph whose arrays it borrows.
    """
    graph = Graph()
    ids = graph.parameter("input_ids", [-1, -1], Type.i64)
    return graph.model({"inputs_embeds": embedded(graph, config, weights, ids)}), graph


def embedded(graph: Graph, config: TextConfig, weights: Weights, ids: Node) -> Node:
    """Scaled rows of the embedding [B, T, D] of ids [B, T]."""
    size = op.constant(np.int64(config.vocabulary_size))
    known = op.select(op.less(ids, size), ids, op.constant(np.int64(0)))
    return op.multiply(_rows(graph, weights, known), number(config.width**0.5))


def _rows(graph: Graph, weights: Weights, ids: Node) -> Node:
    """Rows of the embedding [B, T, D], each decoded when it is looked up."""
    matrix = weights.matrix("text.embedding")

    def looked_up(values: np.ndarray, kind: Type | None = None) -> Node:
        constant = graph.constant(values, kind, values.shape)
        return op.convert(op.gather(constant, ids, op.constant(np.int64(0))), Type.f32)

    if isinstance(matrix, DenseMatrix):
        return looked_up(matrix.values, DENSE_KINDS[matrix.kind])
    groups = matrix.shape[1] // matrix.group
    codes = op.reshape(looked_up(matrix.unpacked()), integers(0, 0, groups, matrix.group), True)
    rows = op.multiply(codes, op.unsqueeze(looked_up(matrix.scale), integers(-1)))
    if matrix.offset is not None:
        rows = op.add(rows, op.unsqueeze(looked_up(matrix.offset), integers(-1)))
    return op.reshape(rows, integers(0, 0, matrix.shape[1]), True)
