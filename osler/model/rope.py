"""Rotary position embedding in the half-split form: x cos θ + rotate_half(x) sin θ.

The angles are computed outside the graph, in float32, because a graph that computes in bf16
could not tell position 4,097 from 4,096.
"""

import numpy as np
from openvino import opset13 as op

from osler.model.graph import Node, integers, number

__all__ = ["rotate", "rotation"]


def rotation(positions: np.ndarray, width: int, base: float, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """cos θ and sin θ of θ[t, j] = position[t] / factor · base^(-2j / E), each half repeated.

    Args:
        positions: [T] integers.
        width: E, the head's width.
        base: 1,000,000 in Gemma 3's global layers, 10,000 in its local ones.
        factor: linear scaling of the positions (8 in the global layers from 4B up, else 1).

    Returns:
        Two arrays [T, 1, E] float32.
    """
    exponents = np.arange(0, width, 2, dtype=np.float32) / np.float32(width)
    frequencies = (np.float32(1) / np.float32(base) ** exponents) / np.float32(factor)
    angles = positions.astype(np.float32)[:, None] * frequencies[None]
    angles = np.concatenate([angles, angles], axis=-1)[:, None, :]
    return np.cos(angles), np.sin(angles)


def rotate(x: Node, cos: Node, sin: Node, width: int) -> Node:
    """Rotate heads x [T, H, E] by the angles whose cosines and sines are [T, 1, E]."""
    half = width // 2
    first = op.slice(x, integers(0), integers(half), integers(1), integers(2))
    second = op.slice(x, integers(half), integers(width), integers(1), integers(2))
    turned = op.concat([op.multiply(second, number(-1)), first], 2)
    return op.add(op.multiply(x, cos), op.multiply(turned, sin))
