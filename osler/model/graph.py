"""Parameters and constants of a graph, and who owns their memory.

OpenVINO constants may share a numpy array's memory instead of copying it; the array must then outlive
the graph. `Graph` keeps those arrays, so that gigabytes of weights are never copied before compilation.
"""

from collections.abc import Sequence

import numpy as np
import openvino as ov
from openvino import PartialShape, Type
from openvino import opset13 as op
from openvino.op import Constant

__all__ = ["Graph", "Node", "integers", "number"]

Node = ov.Node | ov.Output


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
        """A constant in memory that OpenVINO owns; `kind` and `shape` reinterpret packed numbers."""
        if kind is None:
            tensor = ov.Tensor(np.ascontiguousarray(values), shared_memory=False)
        else:
            tensor = ov.Tensor(kind, list(shape or values.shape))
            tensor.data.reshape(-1).view(np.uint8)[:] = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
        return Constant(tensor, shared_memory=True)
    def model(self, outputs: dict[str, Node]) -> ov.Model:
        """The finished model with named outputs. It borrows memory from this object: keep both."""
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
