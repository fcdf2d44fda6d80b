"""Parameters and constants of a graph, and who owns their memory.

Constants share their numpy arrays' memory instead of copying gigabytes of weights. OpenVINO reads it when
it compiles, when it first infers and maybe later, so a `Graph` must live as long as the compiled model.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import openvino as ov
from openvino import PartialShape, Type
from openvino import opset13 as op
from openvino.op import Constant

__all__ = ["Graph", "Node", "integers", "number"]

Node: TypeAlias = Any
"""An ov.Node or one of its outputs: OpenVINO takes either, but its type hints do not say so."""


class Graph:
    """Collects the parameters and constants of one OpenVINO model while it is being written."""

    def __init__(self) -> None:
        self.parameters: list[ov.Node] = []
        self._arrays: list[np.ndarray] = []

    def parameter(self, name: str, shape: Sequence[int], kind: Type) -> ov.Node:
        """An input called `name`; -1 stands for a free dimension."""
        return self._add(name, op.parameter(PartialShape(list(shape)), kind))

    def free_parameter(self, name: str, rank: int) -> ov.Node:
        """An input whose type and shape the compiler chooses (key/value caches)."""
        return self._add(name, op.parameter(PartialShape.dynamic(rank), Type.dynamic))

    def _add(self, name: str, node: ov.Node) -> ov.Node:
        node.set_friendly_name(name)
        node.output(0).set_names({name})
        self.parameters.append(node)
        return node

    def constant(self, values: np.ndarray, kind: Type | None = None, shape: Sequence[int] | None = None) -> ov.Node:
        """A constant that shares the memory of `values`; `kind` and `shape` reinterpret packed numbers."""
        values = np.ascontiguousarray(values)
        self._arrays.append(values)
        tensor = ov.Tensor(values, list(shape or values.shape), kind or Type(values.dtype))  # may be read-only
        return Constant(tensor, shared_memory=True)

    def model(self, outputs: dict[str, Node]) -> ov.Model:
        """The finished model with named outputs. It borrows this object's memory: keep the graph with it."""
        results = []
        for name, node in outputs.items():
            result = op.result(node)
            result.output(0).set_names({name})
            results.append(result)
        return ov.Model(results, self.parameters)


def integers(*values: int) -> ov.Node:
    """A small int64 vector constant: axes, shapes and slice bounds."""
    return op.constant(np.array(values, np.int64))


def number(value: float) -> ov.Node:
    """A float32 scalar constant."""
    return op.constant(np.float32(value))
