"""SigLIP's vision tower and Gemma 3's projector as one OpenVINO graph: pixels in, image tokens out.

One layer, with L for a layer norm of its own weights::

    h = x + attention(L(x))
    y = h + down(gelu(up(L(h))))

Every patch sees every other. The projector averages the patches over a square grid of image tokens,
normalises them and maps them to the decoder's width; they are not multiplied by its embedding scale.

Source: Hugging Face transformers, models/siglip and models/gemma3 (Gemma3MultiModalProjector).
"""

from collections.abc import Sequence

import openvino as ov
from openvino import Type
from openvino import opset13 as op

from osler.model.attention import full_attention
from osler.model.config import VisionConfig
from osler.model.graph import Graph, Node, integers
from osler.model.linear import linear, linears
from osler.model.norm import layer_norm, rms_norm
from osler.model.stack import Weights

__all__ = ["vision_graph"]


def vision_graph(config: VisionConfig, weights: Weights) -> tuple[ov.Model, Graph]:
    """Pixel values [1, 3, N, N] float32 in -1..1 to image vectors [1, M, D].

    One image at a time: several together are no faster, and fixed shapes are planned once.

    Returns:
        The model, and the graph whose arrays it borrows (keep it with the compiled model).
    """
    graph = Graph()
    pixels = graph.parameter("pixels", [1, 3, config.image_px, config.image_px], Type.f32)
    x = _patches(graph, config, weights, pixels)  # [I, P, D]
    for layer in range(config.num_layers):
        x = _layer(graph, config, weights, f"vision.layers.{layer}.", x)
    x = _layer_norm(graph, config, weights, "vision.norm", x)
    return graph.model({"image_vectors": _project(graph, config, weights, x)}), graph


def _patches(graph: Graph, config: VisionConfig, weights: Weights, pixels: Node) -> Node:
    """Each patch of pixels through one matrix, plus the learned embedding of its position: [I, P, D]."""
    kernel = weights.matrix("vision.patch.weight").dequantised()
    kernel = kernel.reshape(config.width, 3, config.patch_px, config.patch_px)
    side = [config.patch_px, config.patch_px]
    x = op.convolution(pixels, graph.constant(kernel), side, [0, 0], [0, 0], [1, 1])  # [I, D, rows, columns]
    x = op.reshape(x, integers(0, config.width, config.patches_per_side**2), True)
    x = op.add(op.transpose(x, integers(0, 2, 1)), graph.constant(weights.vector("vision.patch.bias")))
    return op.add(x, graph.constant(weights.matrix("vision.positions").dequantised()))


def _layer(graph: Graph, config: VisionConfig, weights: Weights, prefix: str, x: Node) -> Node:
    normal = _layer_norm(graph, config, weights, prefix + "norm1", x)
    query, key, value = _biased(graph, weights, [prefix + name for name in ("query", "key", "value")], normal)
    mixed = full_attention(graph, query, key, value, num_heads=config.num_heads, head_width=config.head_width)
    x = op.add(x, _biased(graph, weights, [prefix + "attention_output"], mixed)[0])
    (wide,) = _biased(graph, weights, [prefix + "up"], _layer_norm(graph, config, weights, prefix + "norm2", x))
    return op.add(x, _biased(graph, weights, [prefix + "down"], op.gelu(wide, "tanh"))[0])


def _biased(graph: Graph, weights: Weights, names: Sequence[str], x: Node) -> list[Node]:
    """x Wᵀ + b for each named layer."""
    products = linears(graph, weights, x, [name + ".weight" for name in names])
    biases = [graph.constant(weights.vector(name + ".bias")) for name in names]
    return [op.add(product, bias) for product, bias in zip(products, biases, strict=True)]


def _layer_norm(graph: Graph, config: VisionConfig, weights: Weights, name: str, x: Node) -> Node:
    return layer_norm(graph, x, weights.vector(name + ".weight"), weights.vector(name + ".bias"), config.norm_epsilon)


def _project(graph: Graph, config: VisionConfig, weights: Weights, x: Node) -> Node:
    """Patches [I, P, D_vision] to image tokens [I, M, D_text]."""
    side = config.tokens_per_side
    pool = config.patches_per_side // side
    grid = op.reshape(x, integers(0, side, pool, side, pool, config.width), True)
    pooled = op.reduce_mean(grid, integers(2, 4), False)  # [I, side, side, D_vision]
    tokens = op.reshape(pooled, integers(0, config.image_tokens, config.width), True)
    normal = rms_norm(graph, tokens, weights.vector("projector.norm"), config.projector_epsilon)
    return linear(graph, weights, normal, "projector.weight")
