"""What the towers and the decoder are made of, as ONNX nodes. Hidden states are rows: [R, D]."""

from osler.adapt.export.onnx.graph import OnnxGraph

__all__ = ["biased", "gelu", "layer_norm", "reshaped", "rms_norm"]


def biased(graph: OnnxGraph, x: str, name: str) -> str:
    """x Wᵀ + b [R, N] of the layer `name`."""
    return graph.node("Gemm", x, graph.matrix(name + ".weight"), graph.vector(name + ".bias"), transB=1)


def rms_norm(graph: OnnxGraph, x: str, name: str, epsilon: float) -> str:
    """x / √(mean(x²) + ε) · gain over the last axis; the gain `name` is the whole factor."""
    squares = graph.node("Pow", x, graph.number(2))
    mean = graph.node("ReduceMean", squares, graph.integers(-1), keepdims=1)
    root = graph.node("Sqrt", graph.node("Add", mean, graph.number(epsilon)))
    return graph.node("Mul", graph.node("Div", x, root), graph.vector(name))


def layer_norm(graph: OnnxGraph, x: str, name: str, epsilon: float) -> str:
    """The layer norm `name` over the last axis."""
    weight, bias = graph.vector(name + ".weight"), graph.vector(name + ".bias")
    return graph.node("LayerNormalization", x, weight, bias, axis=-1, epsilon=epsilon)


def gelu(graph: OnnxGraph, x: str) -> str:
    """GELU in its tanh form."""
    return graph.node("Gelu", x, approximate="tanh")


def reshaped(graph: OnnxGraph, x: str, *sizes: int) -> str:
    """x in another shape; 0 keeps a dimension, -1 takes the rest."""
    return graph.node("Reshape", x, graph.integers(*sizes))
