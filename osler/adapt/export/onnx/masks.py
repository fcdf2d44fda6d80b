"""Which tokens see which, as ONNX nodes.

A query sees what stands before it and itself; a token of an image also sees the rest of that image. In local layers
only the last `window` tokens are seen::

    text  image  text           a picture of 3 tokens, global layer
    1 . . . . .                 (rows: who looks; columns: what is seen)
    1 1 1 1 . .
    1 1 1 1 . .
    1 1 1 1 . .
    1 1 1 1 1 .
    1 1 1 1 1 1

An image is never longer than the window, so the window takes nothing of it away.
"""

from dataclasses import dataclass

import numpy as np

from osler.adapt.export.onnx.graph import OnnxGraph

__all__ = ["Masks", "masks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Masks:
    """What is added to scores [B, H, T, P + T] in global (`whole`) and in local layers: [B, 1, T, P + T]."""

    whole: str
    local: str


def masks(graph: OnnxGraph, window: int) -> Masks:
    """Both masks, of two inputs of the graph: `attention_mask` [B, P + T] and `token_type_ids` [B, T]."""
    present = graph.input("attention_mask", "i64", ["batch", "total"])
    types = graph.input("token_type_ids", "i64", ["batch", "tokens"])
    total, new = (_scalar(graph, graph.node("Shape", value, start=1, end=2)) for value in (present, types))
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    columns = graph.node("Range", zero, total, one)  # [P + T]
    rows = graph.node("Unsqueeze", graph.node("Range", graph.node("Sub", total, new), total, one), graph.integers(1))
    causal = graph.node("LessOrEqual", columns, rows)  # [T, P + T]
    near = graph.node("Greater", columns, graph.node("Sub", rows, graph.constant(np.int64(window))))
    real = graph.node("Unsqueeze", graph.cast(present, "bool"), graph.integers(1))  # [B, 1, P + T]
    seen = graph.node("And", graph.node("Or", causal, _same_image(graph, types, total, new)), real)
    return Masks(whole=_added(graph, seen), local=_added(graph, graph.node("And", seen, near)))


def _same_image(graph: OnnxGraph, types: str, total: str, new: str) -> str:
    """[B, T, P + T]: whether both tokens are new and of one image."""
    images = _images(graph, types)  # [B, T]
    past = graph.node("Reshape", graph.node("Sub", total, new), graph.integers(1))
    padding = graph.node("Concat", graph.integers(0), past, graph.integers(0, 0), axis=0)  # before the second axis
    columns = graph.node("Pad", images, padding, graph.constant(np.int64(0)))  # [B, P + T], 0 for what came before
    rows = graph.node("Unsqueeze", images, graph.integers(2))
    same = graph.node("Equal", rows, graph.node("Unsqueeze", columns, graph.integers(1)))
    return graph.node("And", same, graph.node("Greater", rows, graph.constant(np.int64(0))))


def _images(graph: OnnxGraph, types: str) -> str:
    """[B, T]: the number, from 1, of the image that a token is part of, 0 for none."""
    shifted = graph.node("Pad", types, graph.integers(0, 1, 0, -1), graph.constant(np.int64(0)))  # one to the right
    begins = graph.node("Greater", types, shifted)
    number = graph.node("CumSum", graph.cast(begins, "i64"), graph.constant(np.int64(1)))
    return graph.node("Mul", number, types)


def _added(graph: OnnxGraph, seen: str) -> str:
    """0 where something is seen and the least float32 where not: [B, T, P + T] to [B, 1, T, P + T]."""
    hidden = graph.number(float(np.finfo(np.float32).min))
    return graph.node("Unsqueeze", graph.node("Where", seen, graph.number(0), hidden), graph.integers(1))


def _scalar(graph: OnnxGraph, vector: str) -> str:
    return graph.node("Squeeze", vector, graph.integers(0))
