"""MedSigLIP's towers as ONNX: `osler.model.medsiglip` once more. Their vectors have length 1."""

import numpy as np

from osler.adapt.export.onnx.graph import OnnxGraph
from osler.adapt.export.onnx.layers import biased, layer_norm, reshaped
from osler.adapt.export.onnx.tower import attend, feed_forward, patches, tower_layers
from osler.model.config import VisionConfig
from osler.model.medsiglip import WordsConfig

__all__ = ["write_pictures", "write_words"]


def write_pictures(graph: OnnxGraph, config: VisionConfig) -> None:
    """`pixel_values` [I, 3, N, N] float32 in -1..1 to `image_embeds` [I, D]."""
    pixels = graph.input("pixel_values", "f32", ["images", 3, config.image_px, config.image_px])
    tokens = config.patches_per_side**2
    x = tower_layers(graph, config, "vision", patches(graph, config, pixels), tokens, config.width)
    graph.output("image_embeds", _unit(graph, _pooled(graph, config, x, pixels, tokens)), ["images", config.width])


def write_words(graph: OnnxGraph, config: WordsConfig, width: int) -> None:
    """`input_ids` [B, T], filled up with </s>, to `text_embeds` [B, D]; nothing is masked."""
    ids = graph.input("input_ids", "i64", ["texts", config.num_tokens])
    rows = graph.widened(graph.node("Gather", graph.table("words.embedding"), ids, axis=0))
    x = graph.node("Add", rows, graph.matrix("words.positions"))
    x = tower_layers(graph, config, "words", x, config.num_tokens, config.width)
    grid = reshaped(graph, x, -1, config.num_tokens, config.width)
    last = graph.node("Gather", grid, graph.constant(np.int64(config.num_tokens - 1)), axis=1)
    graph.output("text_embeds", _unit(graph, biased(graph, last, "words.head")), ["texts", width])


def _pooled(graph: OnnxGraph, config: VisionConfig, x: str, pixels: str, tokens: int) -> str:
    """Rows of patches [I·P, D] to [I, D]: one learned query looks at all patches of a picture."""
    count = graph.node("Shape", pixels, start=0, end=1)
    probe = biased(graph, graph.matrix("pool.probe"), "pool.query")  # [1, D]
    queries = graph.node("Expand", probe, graph.node("Concat", count, graph.integers(config.width), axis=0))
    rows = [queries, biased(graph, x, "pool.key"), biased(graph, x, "pool.value")]
    seen = biased(graph, attend(graph, config, rows, [1, tokens, tokens]), "pool.attention_output")  # [I, D]
    wide = feed_forward(graph, "pool.", layer_norm(graph, seen, "pool.norm", config.norm_epsilon))
    return graph.node("Add", seen, wide)


def _unit(graph: OnnxGraph, x: str) -> str:
    """Each row of x [R, D], divided by its length."""
    return graph.node("LpNormalization", x, axis=-1, p=2)
