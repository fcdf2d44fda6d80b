"""y = x Wᵀ for dense and grouped matrices.

A grouped matrix W[n, g, j] = scale[n, g] · codes[n, g, j] + offset[n, g] is multiplied in two exact terms::

    y[t, n] = Σ_g scale[n, g] Σ_j codes[n, g, j] x[t, g, j]  +  Σ_g offset[n, g] Σ_j x[t, g, j]

OpenVINO fuses the first into one weight-compressed FullyConnected; the second is a product 1/group the
size, on group sums of x that matrices with the same input share.
"""

from collections.abc import Sequence

from openvino import Type
from openvino import opset13 as op

from osler.model.graph import Graph, Node, integers
from osler.model.low_rank import GatedTerms
from osler.model.matrix import DenseMatrix, GroupedMatrix
from osler.model.stack import Weights

__all__ = ["linear", "linears"]

DENSE_KINDS = {"f32": Type.f32, "f16": Type.f16, "bf16": Type.bf16}


def linear(graph: Graph, weights: Weights, x: Node, name: str) -> Node:
    """[T, N] from x [T, K] and the matrix `name` [N, K]."""
    return linears(graph, weights, x, [name])[0]


def linears(
    graph: Graph, weights: Weights, x: Node, names: Sequence[str], adapters: GatedTerms | None = None
) -> list[Node]:
    """[T, N_i] from x [T, K] for each named matrix [N_i, K], with what adapters add to it."""
    outputs: dict[str, Node] = {}
    sums: dict[int, Node] = {}
    for stack in weights.stacks(names):
        if isinstance(stack.matrix, DenseMatrix):
            product = _dense_product(graph, x, stack.matrix, weights.is_narrow)
        else:
            product = _grouped_product(graph, x, stack.matrix, sums)
        pieces = _split(product, stack.heights)
        outputs.update(zip(stack.names, pieces, strict=True))
    products = [outputs[name] for name in names]
    return products if adapters is None else adapters.added(x, products, names)


def _split(y: Node, heights: Sequence[int]) -> list[Node]:
    """Cut y [T, ΣN] into [T, N_i]."""
    if len(heights) == 1:
        return [y]
    return list(op.variadic_split(y, integers(-1), integers(*heights)).outputs())


def _dense_product(graph: Graph, x: Node, matrix: DenseMatrix, is_narrow: bool) -> Node:
    """A product in bfloat16 says so: given as float32, OpenVINO would widen the weights and keep both."""
    constant = graph.constant(matrix.values, DENSE_KINDS[matrix.kind], matrix.shape)
    if is_narrow:
        return op.convert(op.matmul(op.convert(x, Type.bf16), constant, False, True), Type.f32)
    wide = constant if matrix.kind == "f32" else op.convert(constant, Type.f32)
    return op.matmul(x, wide, False, True)


def _grouped_product(graph: Graph, x: Node, matrix: GroupedMatrix, sums: dict[int, Node]) -> Node:
    """Both terms; `sums` holds the group sums of x by group, for matrices with the same input."""
    product = op.matmul(x, _codes_times_scale(graph, matrix), False, True)
    if matrix.offset is None:
        return product
    if matrix.group not in sums:
        sums[matrix.group] = _group_sums(x, matrix.shape[1], matrix.group)
    return op.add(product, op.matmul(sums[matrix.group], graph.constant(matrix.offset), False, True))


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
