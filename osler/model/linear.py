"""y = x Wᵀ for dense and grouped matrices.

A grouped matrix W[n, g, j] = scale[n, g] · codes[n, g, j] + offset[n, g] is multiplied in two exact terms::

    y[t, n] = Σ_g scale[n, g] Σ_j codes[n, g, j] x[t, g, j]  +  Σ_g offset[n, g] Σ_j x[t, g, j]

OpenVINO fuses the first into one weight-compressed FullyConnected; the second is a product 1/group the
size, on group sums of x that matrices with the same input share.
"""

from collections.abc import Sequence

import numpy as np
from openvino import Type
from openvino import opset13 as op

from osler.model.graph import Graph, Node, integers
from osler.model.matrix import DenseMatrix, GroupedMatrix, Matrix

__all__ = ["linear", "linears"]

DENSE_KINDS = {"f32": Type.f32, "f16": Type.f16, "bf16": Type.bf16}


def linear(graph: Graph, x: Node, matrix: Matrix) -> Node:
    """[T, N] from x [T, K] and one matrix [N, K]."""
    return linears(graph, x, [matrix])[0]


def linears(graph: Graph, x: Node, matrices: Sequence[Matrix]) -> list[Node]:
    """[T, N_i] for each matrix [N_i, K]: those of one form are multiplied as one tall matrix, because a
    few wide products cost less than many narrow ones."""
    outputs: dict[int, Node] = {}
    sums: dict[int, Node] = {}
    for form in dict.fromkeys(_form(matrix) for matrix in matrices):
        members = [index for index, matrix in enumerate(matrices) if _form(matrix) == form]
        tall = _stacked([matrices[index] for index in members])
        pieces = _split(_product(graph, x, tall, sums), [matrices[index].shape[0] for index in members])
        outputs.update(zip(members, pieces, strict=True))
    return [outputs[index] for index in range(len(matrices))]


def _form(matrix: Matrix) -> tuple[str | int | bool, ...]:
    """Matrices of equal form can be stacked."""
    if isinstance(matrix, DenseMatrix):
        return (matrix.kind,)
    return (matrix.bits, matrix.group, matrix.offset is not None)


def _stacked(matrices: Sequence[Matrix]) -> Matrix:
    """Matrices of one form, one below the other."""
    if len(matrices) == 1:
        return matrices[0]
    first = matrices[0]
    if isinstance(first, DenseMatrix):
        return DenseMatrix(values=np.concatenate([matrix.values for matrix in matrices]), kind=first.kind)
    has_offset = first.offset is not None
    return GroupedMatrix(
        codes=np.concatenate([matrix.codes for matrix in matrices]),
        bits=first.bits,
        scale=np.concatenate([matrix.scale for matrix in matrices]),
        offset=np.concatenate([matrix.offset for matrix in matrices]) if has_offset else None,
        group=first.group,
    )


def _split(y: Node, heights: Sequence[int]) -> list[Node]:
    """Cut y [T, ΣN] into [T, N_i]."""
    if len(heights) == 1:
        return [y]
    return list(op.variadic_split(y, integers(-1), integers(*heights)).outputs())


def _product(graph: Graph, x: Node, matrix: Matrix, sums: dict[int, Node]) -> Node:
    if isinstance(matrix, DenseMatrix):
        return op.matmul(x, _dense(graph, matrix), False, True)
    product = op.matmul(x, _codes_times_scale(graph, matrix), False, True)
    if matrix.offset is None:
        return product
    if matrix.group not in sums:
        sums[matrix.group] = _group_sums(x, matrix.shape[1], matrix.group)
    return op.add(product, op.matmul(sums[matrix.group], graph.constant(matrix.offset), False, True))


def _dense(graph: Graph, matrix: DenseMatrix) -> Node:
    constant = graph.constant(matrix.values, DENSE_KINDS[matrix.kind], matrix.shape)
    return constant if matrix.kind == "f32" else op.convert(constant, Type.f32)


def _codes_times_scale(graph: Graph, matrix: GroupedMatrix) -> Node:
    """[N, K], in the pattern that OpenVINO recognises as compressed weights."""
    rows, columns = matrix.shape
    kind = Type.i4 if matrix.bits == 4 else Type.i8
    groups = [rows, columns // matrix.group, matrix.group]
    codes = op.convert(graph.constant(matrix.codes, kind, groups), Type.f32)
    weights = op.multiply(codes, graph.constant(matrix.scale[..., None]))
    return op.reshape(weights, integers(rows, columns), False)


def _group_sums(x: Node, columns: int, group: int) -> Node:
    """[T, K / group]: the sum of each group of neighbouring columns of x [T, K]."""
    return op.reduce_sum(op.reshape(x, integers(0, columns // group, group), True), integers(2), False)
