"""One layer of the decoder whose weights are inputs, so that one compiled graph serves all layers of a kind.

`osler.model.text.layers_graph` writes a layer with constants. Here it is given marked ones in place of weights, and
each of them is then exchanged for a parameter: the network stays the one that answers questions, and a matrix can be
replaced without compiling anything again.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import openvino as ov
from openvino import PartialShape, Type
from openvino import opset13 as op

from osler.engine.caches import LayerCaches
from osler.engine.compilation import Compilation
from osler.engine.inference import infer
from osler.model.config import TextConfig
from osler.model.graph import integers
from osler.model.matrix import DenseMatrix, Matrix
from osler.model.stack import Stack
from osler.model.text import layers_graph
from osler.weights.names import TEXT_LAYER_MATRICES, Shape

__all__ = ["LayerProgram"]

FIRST_MARK = 4096
"""Marks count up from here: no constant of the network's own is as large."""

SUM = "sum_of_squares."


class LayerProgram:
    """Layers of one kind, local or global, in float32.

    Args:
        config: the decoder's shape.
        shapes: of a layer's weights, by their last name ("query", "attention_norm").
        layer: one of its kind, for the names in the graph.
        blocks: of cached tokens that a step needs.
        with_sums: whether `run` also sums the squares of what each matrix is multiplied with.
        threads: processor threads; None for all.
    """

    def __init__(
        self,
        config: TextConfig,
        shapes: Mapping[str, Shape],
        layer: int,
        *,
        blocks: int,
        with_sums: bool,
        threads: int | None,
    ) -> None:
        marked = MarkedWeights(shapes)
        model, self._graph = layers_graph(config, marked, [layer])  # the graph owns what the compiled model reads
        products = self._expose(model, marked)
        self._summed = _add_sums(model, products) if with_sums else {}
        model.validate_nodes_and_infer_types()
        compiled = Compilation(precision="f32", threads=threads).compile(model)
        self._request = compiled.create_infer_request()
        self._caches = LayerCaches(compiled, self._request, layer, blocks)
        self._inputs = {name for port in compiled.inputs for name in port.names}

    @staticmethod
    def _expose(model: ov.Model, marked: "MarkedWeights") -> dict[str, ov.Node]:
        """Exchange marked constants for parameters; the products by the name of their matrix."""
        products: dict[str, ov.Node] = {}
        parameters = []
        for node in model.get_ops():
            name = marked.name_of(node)
            if name is None:
                continue
            parameter = op.parameter(PartialShape(list(node.get_output_shape(0))), Type.f32)
            parameter.set_friendly_name(name)
            parameter.output(0).set_names({name})
            for target in node.output(0).get_target_inputs():
                if target.get_node().get_type_name() == "MatMul":
                    products[name] = target.get_node()
                target.replace_source_output(parameter.output(0))
            parameters.append(parameter)
        model.add_parameters(parameters)
        return products

    def run(
        self, weights: Mapping[str, np.ndarray], hidden: np.ndarray, inputs: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Hidden states [T, D] through a layer.

        Args:
            weights: the layer's, by their last names, float32.
            hidden: [T, D] float32.
            inputs: of the step, as `osler.engine.inputs.step_inputs` makes them.

        Returns:
            Hidden states [T, D], and for each matrix [N, K] the sum [K] of its inputs' squares where asked for.
        """
        given = {name: array for name, array in {**inputs, **weights}.items() if name in self._inputs}
        infer(self._request, {**given, "hidden": hidden})
        sums = {
            name: self._request.get_tensor(SUM + first).data.copy()
            for first, names in self._summed.items()
            for name in names
        }
        return self._request.get_tensor("hidden_out").data.copy(), sums


class MarkedWeights:
    """Stands in for a layer's weights while its graph is written: arrays known by their first number."""

    is_narrow = False

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes
        self._names: dict[float, str] = {}

    def matrix(self, name: str) -> Matrix:
        return DenseMatrix(values=self.vector(name), kind="f32")

    def vector(self, name: str) -> np.ndarray:
        last = name.rsplit(".", 1)[1]
        values = np.zeros(self._shapes[last], np.float32)
        mark = float(FIRST_MARK + len(self._names))
        values.flat[0] = mark
        self._names[mark] = last
        return values

    def stacks(self, names: Sequence[str]) -> list[Stack]:
        found = {name: self.matrix(name) for name in names}
        return [Stack(names=(name,), heights=(matrix.shape[0],), matrix=matrix) for name, matrix in found.items()]

    def name_of(self, node: ov.Node) -> str | None:
        """The weight that a node of the graph stands for, None where it stands for none."""
        if node.get_type_name() != "Constant" or node.get_output_element_type(0) != Type.f32:
            return None
        name = self._names.get(float(node.data.flat[0])) if node.data.size > 1 else None
        return name if name and tuple(node.get_output_shape(0)) == tuple(self._shapes[name]) else None


def _add_sums(model: ov.Model, products: Mapping[str, ov.Node]) -> dict[str, list[str]]:
    """An output [K] for each different input of the products, named after the first matrix that it meets."""
    by_input: dict[str, list[str]] = {}
    for name in TEXT_LAYER_MATRICES:
        source = products[name].input_value(0)
        key = f"{source.get_node().get_friendly_name()}:{source.get_index()}"
        by_input.setdefault(key, []).append(name)
    for names in by_input.values():
        x = products[names[0]].input_value(0)
        result = op.result(op.reduce_sum(op.multiply(x, x), integers(0), False))
        result.output(0).set_names({SUM + names[0]})
        model.add_results([result])
    return {names[0]: names for names in by_input.values()}
