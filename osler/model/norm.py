"""RMS and layer normalisation over the last axis."""

import numpy as np
from openvino import opset13 as op

from osler.model.graph import Graph, Node, integers, number

__all__ = ["layer_norm", "rms_norm"]


def rms_norm(graph: Graph, x: Node, gain: np.ndarray, epsilon: float) -> Node:
    """x / √(mean(x²) + ε) · gain.

    Args:
        x: [..., D].
        gain: [D] float32, Gemma's (1 + w).
    """
    mean_square = op.reduce_mean(op.power(x, number(2)), integers(-1), True)
    inverse = op.divide(number(1), op.sqrt(op.add(mean_square, number(epsilon))))
    return op.multiply(op.multiply(x, inverse), graph.constant(gain.astype(np.float32)))


def layer_norm(graph: Graph, x: Node, weight: np.ndarray, bias: np.ndarray, epsilon: float) -> Node:
    """(x - mean) / √(variance + ε) · weight + bias, over the last axis of x [..., D]."""
    normal = op.mvn(x, integers(-1), True, epsilon, "INSIDE_SQRT")
    scaled = op.multiply(normal, graph.constant(weight.astype(np.float32)))
    return op.add(scaled, graph.constant(bias.astype(np.float32)))
