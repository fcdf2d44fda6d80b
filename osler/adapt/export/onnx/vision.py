"""MedGemma's image encoder as ONNX: pixels in, image vectors out."""

from osler.adapt.export.onnx.eight_bits import linear
from osler.adapt.export.onnx.graph import OnnxGraph
from osler.adapt.export.onnx.layers import reshaped, rms_norm
from osler.adapt.export.onnx.tower import patches, tower_layers
from osler.model.config import VisionConfig

__all__ = ["write_vision"]


def write_vision(graph: OnnxGraph, config: VisionConfig, text_width: int) -> None:
    """`pixel_values` [I, 3, N, N] float32 in -1..1 to `image_features` [I, M, D]."""
    pixels = graph.input("pixel_values", "f32", ["images", 3, config.image_px, config.image_px])
    tokens = config.patches_per_side**2
    x = tower_layers(graph, config, "vision", patches(graph, config, pixels), tokens, config.width)
    vectors = _project(graph, config, x, text_width)
    graph.output("image_features", vectors, ["images", config.image_tokens, text_width])


def _project(graph: OnnxGraph, config: VisionConfig, x: str, text_width: int) -> str:
    """Rows of patches [I·P, D_vision] to image vectors [I, M, D]: averaged over squares, normalised, mapped."""
    side = config.tokens_per_side
    pool = config.patches_per_side // side
    grid = reshaped(graph, x, -1, side, pool, side, pool, config.width)
    pooled = graph.node("ReduceMean", grid, graph.integers(2, 4), keepdims=0)
    normal = rms_norm(graph, reshaped(graph, pooled, -1, config.width), "projector.norm", config.projector_epsilon)
    return reshaped(graph, linear(graph, normal, "projector.weight"), -1, config.image_tokens, text_width)
