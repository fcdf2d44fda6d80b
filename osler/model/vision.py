"""SigLIP's vision tower and Gemma 3's projector as one OpenVINO graph: pixels in, image tokens out.

The projector averages the patches over a square grid of image tokens, normalises them and maps them to the decoder's
width; they are not multiplied by its embedding scale.

Source: Hugging Face transformers, models/siglip and models/gemma3 (Gemma3MultiModalProjector).
"""

import openvino as ov
from openvino import Type
from openvino import opset13 as op

from osler.model.config import VisionConfig
from osler.model.graph import Graph, Node, integers
from osler.model.linear import linear
from osler.model.norm import rms_norm
from osler.model.siglip import patches, tower_layers
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
    x = patches(graph, config, weights, pixels)  # [I, P, D]
    x = tower_layers(graph, config, weights, "vision", x)
    return graph.model({"image_vectors": _project(graph, config, weights, x)}), graph


def _project(graph: Graph, config: VisionConfig, weights: Weights, x: Node) -> Node:
    """Patches [I, P, D_vision] to image tokens [I, M, D_text]."""
    side = config.tokens_per_side
    pool = config.patches_per_side // side
    grid = op.reshape(x, integers(0, side, pool, side, pool, config.width), True)
    pooled = op.reduce_mean(grid, integers(2, 4), False)  # [I, side, side, D_vision]
    tokens = op.reshape(pooled, integers(0, config.image_tokens, config.width), True)
    normal = rms_norm(graph, tokens, weights.vector("projector.norm"), config.projector_epsilon)
    return linear(graph, weights, normal, "projector.weight")
