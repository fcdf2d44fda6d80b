"""Running a few nodes of a graph on their own."""

from collections.abc import Callable, Mapping

import numpy as np
import openvino as ov
from openvino import Type

from osler.engine.compilation import Compilation
from osler.model.graph import Graph, Node

__all__ = ["compute"]


def compute(
    write: Callable[..., Node | list[Node]],
    inputs: Mapping[str, np.ndarray],
    *,
    precision: str = "f32",
    more: Mapping[str, np.ndarray] | None = None,
) -> list[np.ndarray]:
    """The values of the nodes that `write(graph, *parameters)` gives for some float32 inputs.

    Args:
        inputs: arrays by name; their first axis is free in the graph.
        more: inputs that the nodes make parameters of themselves.
    """
    graph = Graph()
    parameters = [graph.parameter(name, [-1, *array.shape[1:]], Type.f32) for name, array in inputs.items()]
    nodes = write(graph, *parameters)
    nodes = nodes if isinstance(nodes, list) else [nodes]
    model = graph.model({f"out{index}": node for index, node in enumerate(nodes)})
    request = Compilation(precision=precision, threads=2).compile(model).create_infer_request()
    request.infer(
        {name: ov.Tensor(np.ascontiguousarray(array, np.float32)) for name, array in {**inputs, **(more or {})}.items()}
    )
    return [request.get_tensor(f"out{index}").data.copy() for index in range(len(nodes))]
