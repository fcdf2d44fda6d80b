"""The layers that SigLIP's towers share: MedGemma's image encoder, and both towers of MedSigLIP.

One layer, with L for a layer norm of its own weights::

    h = x + attention(L(x))
    y = h + down(gelu(up(L(h))))

Every patch (or token) sees every other.

Source: Hugging Face transformers, models/siglip.
"""

from collections.abc import Sequence
from typing import Protocol

from openvino import opset13 as op

from osler.model.attention import full_attention
from osler.model.config import VisionConfig
from osler.model.graph import Graph, Node, integers
from osler.model.linear import linears
from osler.model.norm import layer_norm
from osler.model.stack import Weights

__all__ = ["Tower", "biased", "feed_forward", "normal", "patches", "tower_layers"]


class Tower(Protocol):
    """The shape of a tower's layers."""

    @property
    def num_layers(self) -> int: ...

    @property
    def num_heads(self) -> int: ...

    @property
    def head_width(self) -> int: ...

    @property
    def norm_epsilon(self) -> float: ...


def patches(graph: Graph, config: VisionConfig, weights: Weights, pixels: Node) -> Node:
    """Each patch of pixels [I, 3, N, N] through one matrix, plus the learned embedding of its position: [I, P, D]."""
    kernel = weights.matrix("vision.patch.weight").dequantised()
    kernel = kernel.reshape(config.width, 3, config.patch_px, config.patch_px)
    side = [config.patch_px, config.patch_px]
    x = op.convolution(pixels, graph.constant(kernel), side, [0, 0], [0, 0], [1, 1])  # [I, D, rows, columns]
    x = op.reshape(x, integers(0, config.width, config.patches_per_side**2), True)
    x = op.add(op.transpose(x, integers(0, 2, 1)), graph.constant(weights.vector("vision.patch.bias")))
    return op.add(x, graph.constant(weights.matrix("vision.positions").dequantised()))


def tower_layers(graph: Graph, tower: Tower, weights: Weights, name: str, x: Node) -> Node:
    """All layers of a tower and the norm behind them: [I, P, D] to [I, P, D].

    Args:
        name: what the tower's weights are called, such as "vision".
    """
    for layer in range(tower.num_layers):
        x = _layer(graph, tower, weights, f"{name}.layers.{layer}.", x)
    return normal(graph, tower, weights, f"{name}.norm", x)


def _layer(graph: Graph, tower: Tower, weights: Weights, prefix: str, x: Node) -> Node:
    seen = normal(graph, tower, weights, prefix + "norm1", x)
    query, key, value = biased(graph, weights, [prefix + name for name in ("query", "key", "value")], seen)
    mixed = full_attention(graph, query, key, value, num_heads=tower.num_heads, head_width=tower.head_width)
    x = op.add(x, biased(graph, weights, [prefix + "attention_output"], mixed)[0])
    return op.add(x, feed_forward(graph, weights, prefix, normal(graph, tower, weights, prefix + "norm2", x)))


def feed_forward(graph: Graph, weights: Weights, prefix: str, x: Node) -> Node:
    """down(gelu(up(x)))."""
    (wide,) = biased(graph, weights, [prefix + "up"], x)
    return biased(graph, weights, [prefix + "down"], op.gelu(wide, "tanh"))[0]


def biased(graph: Graph, weights: Weights, names: Sequence[str], x: Node) -> list[Node]:
    """x Wᵀ + b for each named layer."""
    products = linears(graph, weights, x, [name + ".weight" for name in names])
    biases = [graph.constant(weights.vector(name + ".bias")) for name in names]
    return [op.add(product, bias) for product, bias in zip(products, biases, strict=True)]


def normal(graph: Graph, tower: Tower, weights: Weights, name: str, x: Node) -> Node:
    """The layer norm called `name`."""
    return layer_norm(graph, x, weights.vector(name + ".weight"), weights.vector(name + ".bias"), tower.norm_epsilon)
