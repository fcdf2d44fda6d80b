"""SigLIP's towers as ONNX nodes: `osler.model.siglip` once more (docs/decisions/074 says why)."""

from collections.abc import Sequence

from osler.adapt.export.onnx.graph import OnnxGraph
from osler.adapt.export.onnx.layers import biased, gelu, layer_norm, reshaped
from osler.model.config import VisionConfig
from osler.model.siglip import Tower

__all__ = ["attend", "feed_forward", "patches", "tower_layers"]

SCORE_BYTES = 256 << 20
"""Attention scores that are held at a time: those of all 4,096 patches of MedGemma in 16 heads would take 1 GiB."""


def patches(graph: OnnxGraph, config: VisionConfig, pixels: str) -> str:
    """Pixels [I, 3, N, N] to patches [I, P, D], with the learned embedding of their positions."""
    kernel = graph.matrix("vision.patch.weight", shape=(config.width, 3, config.patch_px, config.patch_px))
    x = graph.node("Conv", pixels, kernel, graph.vector("vision.patch.bias"), strides=[config.patch_px] * 2)
    x = graph.node("Transpose", reshaped(graph, x, 0, config.width, -1), perm=[0, 2, 1])  # [I, P, D]
    return graph.node("Add", x, graph.matrix("vision.positions"))


def tower_layers(graph: OnnxGraph, tower: Tower, name: str, x: str, tokens: int, width: int) -> str:
    """All layers of a tower and the norm behind them.

    Args:
        name: what the tower's weights are called, such as "vision".
        x: [I, P, D].
        tokens, width: P and D.

    Returns:
        Rows [I·P, D].
    """
    x = reshaped(graph, x, -1, width)
    for layer in range(tower.num_layers):
        x = _layer(graph, tower, f"{name}.layers.{layer}.", x, tokens)
    return layer_norm(graph, x, f"{name}.norm", tower.norm_epsilon)


def _layer(graph: OnnxGraph, tower: Tower, prefix: str, x: str, tokens: int) -> str:
    seen = layer_norm(graph, x, prefix + "norm1", tower.norm_epsilon)
    heads = [biased(graph, seen, prefix + name) for name in ("query", "key", "value")]
    mixed = attend(graph, tower, heads, [tokens, tokens, tokens])
    x = graph.node("Add", x, biased(graph, mixed, prefix + "attention_output"))
    wide = feed_forward(graph, prefix, layer_norm(graph, x, prefix + "norm2", tower.norm_epsilon))
    return graph.node("Add", x, wide)


def feed_forward(graph: OnnxGraph, prefix: str, x: str) -> str:
    """down(gelu(up(x)))."""
    return biased(graph, gelu(graph, biased(graph, x, prefix + "up")), prefix + "down")


def attend(graph: OnnxGraph, tower: Tower, rows: Sequence[str], tokens: Sequence[int]) -> str:
    """Unmasked attention of queries over keys and values.

    Args:
        rows: query, key and value as rows [I·P, H·E]; P may differ for the query.
        tokens: their P.

    Returns:
        Rows [I·P, H·E] of the queries.
    """
    orders = ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])  # the keys are turned for the product: [I, H, E, P]
    query, key, value = (
        graph.node("Transpose", reshaped(graph, x, -1, size, tower.num_heads, tower.head_width), perm=order)
        for x, size, order in zip(rows, tokens, orders, strict=True)
    )
    query = graph.node("Mul", query, graph.number(tower.head_width**-0.5))
    pieces = num_pieces(tower.num_heads, tokens[0], tokens[1])
    parts = graph.nodes(pieces, "Split", query, axis=2, num_outputs=pieces) if pieces > 1 else [query]
    mixed = [
        graph.node("MatMul", graph.node("Softmax", graph.node("MatMul", part, key), axis=-1), value) for part in parts
    ]
    whole = graph.node("Concat", *mixed, axis=2) if pieces > 1 else mixed[0]  # [I, H, P, E]
    turned = graph.node("Transpose", whole, perm=[0, 2, 1, 3])
    return reshaped(graph, turned, -1, tower.num_heads * tower.head_width)


def num_pieces(heads: int, queries: int, keys: int) -> int:
    """Into how many pieces queries are cut, so that the scores of one fit into `SCORE_BYTES`.

    >>> num_pieces(16, 4096, 4096)
    4
    """
    return min(queries, -(-4 * heads * queries * keys // SCORE_BYTES))
