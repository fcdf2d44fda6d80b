"""Which tokens see which, as OpenVINO nodes; `osler.adapt.export.onnx.masks` draws it.

The order of the operations of the local mask is one that OpenVINO knows: its SDPAToPagedAttention reads the window out
of ``kv > q + (-window)`` below four BitwiseAnd, a Broadcast, a Select and a Slice (its pattern for gpt-oss), and would
forget a window that is written otherwise.
"""

from dataclasses import dataclass

import numpy as np
from openvino import Type
from openvino import opset13 as op

from osler.model.graph import Node, integers, number

__all__ = ["Masks", "masks", "size"]

HIDDEN = float(np.finfo(np.float32).min)


@dataclass(frozen=True, slots=True, kw_only=True)
class Masks:
    """What is added to scores [B, H, T, P + T] in global (`whole`) and in local layers: [B, 1, T, P + T]."""

    whole: Node
    local: Node


def masks(present: Node, types: Node | None, new: Node, window: int) -> Masks:
    """Both masks.

    Args:
        present: [B, P + T] int64, 1, or 0 for padding.
        types: [B, T] int64, 1 where an image stands; None where there are no images.
        new: T.
        window: tokens that a local layer sees.
    """
    total = size(present, 1)
    zero, one = op.constant(np.int64(0)), op.constant(np.int64(1))
    columns = op.unsqueeze(op.range(zero, total, one, Type.i64), integers(0, 1, 2))  # [1, 1, 1, P + T]
    rows = op.unsqueeze(op.range(op.subtract(total, new), total, one, Type.i64), integers(0, 1, 3))  # [1, 1, T, 1]
    seen = op.less_equal(columns, rows)
    if types is not None:
        seen = op.logical_or(seen, _same_image(types, total, new))  # [B, 1, T, P + T]
    real = op.unsqueeze(op.convert(present, Type.boolean), integers(1, 2))  # [B, 1, 1, P + T]
    near = op.greater(columns, op.add(rows, op.constant(np.int64(-window))))
    always = op.constant(np.array(True).reshape(1, 1, 1, 1))
    local = op.bitwise_and(op.bitwise_and(always, near), seen)
    local = op.bitwise_and(op.bitwise_and(real, local), always)
    return Masks(whole=_added(op.logical_and(seen, real)), local=_sliced(_added(local), total))


def size(value: Node, axis: int) -> Node:
    """How long a value is along an axis, a scalar."""
    return op.gather(op.shape_of(value), op.constant(np.int64(axis)), op.constant(np.int64(0)))


def _same_image(types: Node, total: Node, new: Node) -> Node:
    """[B, 1, T, P + T]: whether both tokens are new and of one image."""
    images = _images(types)  # [B, T]
    past = op.unsqueeze(op.subtract(total, new), integers(0))
    before = op.concat([integers(0), past], 0)
    columns = op.pad(images, before, integers(0, 0), "constant", op.constant(np.int64(0)))  # [B, P + T]
    rows = op.unsqueeze(images, integers(1, 3))
    same = op.equal(rows, op.unsqueeze(columns, integers(1, 2)))
    return op.logical_and(same, op.greater(rows, op.constant(np.int64(0))))


def _images(types: Node) -> Node:
    """[B, T]: the number, from 1, of the image that a token is part of, 0 for none."""
    shifted = op.pad(types, integers(0, 1), integers(0, -1), "constant", op.constant(np.int64(0)))
    begins = op.convert(op.greater(types, shifted), Type.i64)
    return op.multiply(op.cum_sum(begins, op.constant(np.int64(1))), types)


def _added(seen: Node) -> Node:
    """0 where something is seen and the least float32 where not."""
    whole = op.broadcast(seen, op.shape_of(seen))
    return op.select(whole, number(0), number(HIDDEN))


def _sliced(mask: Node, total: Node) -> Node:
    """All columns of a mask: nothing is cut off, but see above."""
    return op.slice(mask, integers(0), op.unsqueeze(total, integers(0)), integers(1), integers(3))
