"""Matrices of 8 bits in ONNX, for which onnxruntime has an operation of its own: MatMulNBits.

W[n, g, j] = scale[n, g] · (codes[n, g, j] - 128), in groups of 32 weights.
"""

import numpy as np

from osler.adapt.export.onnx.graph import OnnxGraph
from osler.adapt.export.onnx.layers import reshaped
from osler.adapt.export.onnx.numbers import GROUP

__all__ = ["linear", "rows_of"]

ONNXRUNTIME = "com.microsoft"
"""The domain of onnxruntime's own operations."""

ACCURACY = 4
"""Inputs become 8-bit integers in groups of 32, too. At 0, in float32, a token takes 500 times as long
(onnxruntime 1.32: 0.12 ms against 60 ms for 512 x 2048 on two busy cores), because the matrix is widened each time."""


def linear(graph: OnnxGraph, x: str, name: str, *, file: str | None = None) -> str:
    """x Wᵀ [R, N] of rows x [R, K] and the matrix `name` [N, K], in 8 bits where the export has it so."""
    found = graph.in_eight_bits(name, file=file)
    if found is None:
        return graph.node("Gemm", x, graph.matrix(name, file=file), transB=1)
    codes, scale, (rows, columns) = found
    sizes = {"N": rows, "K": columns, "bits": 8, "block_size": GROUP, "accuracy_level": ACCURACY}
    return graph.node("MatMulNBits", x, codes, scale, domain=ONNXRUNTIME, **sizes)


def rows_of(graph: OnnxGraph, name: str, ids: str, *, file: str | None = None) -> str:
    """Rows [B, T, K] of a matrix [N, K] by ids [B, T], float32."""
    found = graph.in_eight_bits(name, file=file)
    if found is None:
        return graph.widened(graph.node("Gather", graph.table(name, file=file), ids, axis=0))
    codes, scale, (_, columns) = found
    looked_up = graph.cast(graph.node("Gather", codes, ids, axis=0), "f32")  # [B, T, K / 32, 32]
    centred = graph.node("Sub", looked_up, graph.constant(np.float32(128)))
    factor = graph.node("Unsqueeze", graph.node("Gather", scale, ids, axis=0), graph.integers(3))
    return reshaped(graph, graph.node("Mul", centred, factor), 0, 0, columns)
