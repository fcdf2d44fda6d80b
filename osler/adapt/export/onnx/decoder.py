"""Gemma 3's decoder as ONNX, with keys and values in and out: `osler.model.text` once more (docs/decisions/074).

Names of inputs and outputs are those that exports from Hugging Face's models have.
"""

from dataclasses import dataclass

import numpy as np

from osler.adapt.export.onnx.eight_bits import linear, rows_of
from osler.adapt.export.onnx.graph import OnnxGraph
from osler.adapt.export.onnx.layers import gelu, reshaped, rms_norm
from osler.adapt.export.onnx.masks import Masks, masks
from osler.model.config import TextConfig

__all__ = ["EMBEDDING_FILE", "write_decoder", "write_embedding"]

EMBEDDING_FILE = "embedding.data"
"""The embedding is also the output matrix, so that two models read this file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Angles:
    """Cosines and sines [B, 1, T, E] of the rotations in one kind of layers."""

    cos: str
    sin: str


def write_embedding(graph: OnnxGraph, config: TextConfig) -> None:
    """`input_ids` [B, T] to `inputs_embeds` [B, T, D], scaled by √D.

    An id outside the vocabulary (a placeholder of an image, of which some checkpoints have no row) gives row 0.
    """
    ids = graph.input("input_ids", "i64", ["batch", "tokens"])
    size = graph.constant(np.int64(config.vocabulary_size))
    known = graph.node("Where", graph.node("Less", ids, size), ids, graph.constant(np.int64(0)))
    rows = rows_of(graph, "text.embedding", known, file=EMBEDDING_FILE)
    scaled = graph.node("Mul", rows, graph.number(config.width**0.5))
    graph.output("inputs_embeds", scaled, ["batch", "tokens", config.width])


def write_decoder(graph: OnnxGraph, config: TextConfig) -> None:
    """Embedded tokens and what came before them to logits and what comes after.

    ==============================  =========================  ==================================================
    ``inputs_embeds``               [B, T, D] f32              rows of the embedding, image vectors where images stand
    ``attention_mask``              [B, P + T] i64             1, or 0 for padding on the left
    ``token_type_ids``              [B, T] i64                 1 where an image stands; neighbours are one image
    ``position_ids``                [B, T] i64                 from 0, padding not counted
    ``num_logits_to_keep``          [] i64                     how many of the last positions, 0 for all
    ``past_key_values.{i}.key``     [B, K, P, E] f32           and ``.value``; P = 0 at first
    ``logits``                      [B, N, V] f32
    ``present.{i}.key``             [B, K, P + T, E] f32       and ``.value``
    ==============================  =========================  ==================================================
    """
    x = graph.input("inputs_embeds", "f32", ["batch", "tokens", config.width])
    seen = masks(graph, config.window)
    positions = graph.input("position_ids", "i64", ["batch", "tokens"])
    kept = graph.input("num_logits_to_keep", "i64", [])
    angles = {
        True: _angles(graph, positions, config.head_width, config.rope_base_global, config.rope_factor),
        False: _angles(graph, positions, config.head_width, config.rope_base_local, 1.0),
    }
    batch = graph.node("Shape", x, start=0, end=1)
    x = reshaped(graph, x, -1, config.width)  # [R, D] with R = B·T
    for layer in range(config.num_layers):
        x = _layer(graph, config, layer, x, batch, angles[config.global_layers[layer]], seen)
    _head(graph, config, x, batch, kept)


def _head(graph: OnnxGraph, config: TextConfig, x: str, batch: str, kept: str) -> None:
    """The last norm and the output matrix, for the last `kept` positions."""
    x = graph.node("Reshape", x, graph.node("Concat", batch, graph.integers(-1, config.width), axis=0))
    first = graph.node("Reshape", graph.node("Neg", kept), graph.integers(1))
    last = graph.integers(np.iinfo(np.int64).max)
    x = graph.node("Slice", x, first, last, graph.integers(1))  # [B, N, D]
    normal = rms_norm(graph, reshaped(graph, x, -1, config.width), "text.norm", config.norm_epsilon)
    name, file = ("text.embedding", EMBEDDING_FILE) if config.tied_output else ("text.output", None)
    logits = linear(graph, normal, name, file=file)
    shape = graph.node("Concat", batch, graph.integers(-1, config.vocabulary_size), axis=0)
    logits = graph.node("Reshape", logits, shape)
    graph.output("logits", logits, ["batch", "kept", config.vocabulary_size], is_first=True)


def _angles(graph: OnnxGraph, positions: str, width: int, base: float, factor: float) -> Angles:
    """As `osler.model.rope.rotation`, within the graph, in float32."""
    exponents = np.arange(0, width, 2, dtype=np.float32) / np.float32(width)
    frequencies = (np.float32(1) / np.float32(base) ** exponents) / np.float32(factor)
    columns = graph.node("Unsqueeze", graph.cast(positions, "f32"), graph.integers(1, 3))  # [B, 1, T, 1]
    half = graph.node("Mul", columns, graph.constant(frequencies))
    angles = graph.node("Concat", half, half, axis=-1)
    return Angles(cos=graph.node("Cos", angles), sin=graph.node("Sin", angles))


def _layer(graph: OnnxGraph, config: TextConfig, layer: int, x: str, batch: str, angles: Angles, seen: Masks) -> str:
    prefix = f"text.layers.{layer}."

    def norm(y: str, name: str) -> str:
        return rms_norm(graph, y, prefix + name, config.norm_epsilon)

    mixed = _attention(graph, config, layer, norm(x, "attention_norm"), batch, angles, seen)
    x = graph.node("Add", x, norm(mixed, "post_attention_norm"))
    y = norm(x, "feed_forward_norm")
    wide = graph.node("Mul", gelu(graph, linear(graph, y, prefix + "gate")), linear(graph, y, prefix + "up"))
    return graph.node("Add", x, norm(linear(graph, wide, prefix + "down"), "post_feed_forward_norm"))


def _attention(
    graph: OnnxGraph, config: TextConfig, layer: int, x: str, batch: str, angles: Angles, seen: Masks
) -> str:
    """Rows [R, D] to rows [R, D]; the new keys and values are added to those of before."""
    prefix, num_heads, num_kv, width = f"text.layers.{layer}.", config.num_heads, config.num_kv_heads, config.head_width

    def heads(name: str, count: int) -> str:
        shape = graph.node("Concat", batch, graph.integers(-1, count, width), axis=0)
        return graph.node("Reshape", linear(graph, x, prefix + name), shape)  # [B, T, H, E]

    def turned(name: str, count: int) -> str:
        y = rms_norm(graph, heads(name, count), f"{prefix}{name}_norm", config.norm_epsilon)
        return _rotated(graph, graph.node("Transpose", y, perm=[0, 2, 1, 3]), angles, width)  # [B, H, T, E]

    query = graph.node("Mul", turned("query", num_heads), graph.number(config.query_scale))
    key = _grown(graph, config, f"{layer}.key", turned("key", num_kv))
    value = graph.node("Transpose", heads("value", num_kv), perm=[0, 2, 1, 3])
    value = _grown(graph, config, f"{layer}.value", value)
    mixed = _mixed(graph, config, query, key, value, seen.whole if config.global_layers[layer] else seen.local)
    rows = reshaped(graph, graph.node("Transpose", mixed, perm=[0, 2, 1, 3]), -1, num_heads * width)
    return linear(graph, rows, prefix + "attention_output")


def _rotated(graph: OnnxGraph, x: str, angles: Angles, width: int) -> str:
    """Heads x [B, H, T, E], their halves turned against each other."""
    first, second = graph.nodes(2, "Split", x, axis=-1, num_outputs=2)
    swapped = graph.node("Concat", graph.node("Neg", second), first, axis=-1)
    return graph.node("Add", graph.node("Mul", x, angles.cos), graph.node("Mul", swapped, angles.sin))


def _grown(graph: OnnxGraph, config: TextConfig, name: str, new: str) -> str:
    """What is cached under a name, and the new [B, K, T, E] behind it: [B, K, P + T, E]."""
    shape: list[int | str] = ["batch", config.num_kv_heads, "past", config.head_width]
    past = graph.input(f"past_key_values.{name}", "f32", shape)
    whole = graph.node("Concat", past, new, axis=2)
    graph.output(f"present.{name}", whole, ["batch", config.num_kv_heads, "total", config.head_width])
    return whole


def _mixed(graph: OnnxGraph, config: TextConfig, query: str, key: str, value: str, mask: str) -> str:
    """Attention [B, H, T, E]; the query heads that share a key head are rows of one product."""
    num_kv, width = config.num_kv_heads, config.head_width
    shape = graph.node("Shape", query)  # of [B, H, T, E]
    together = graph.node("Reshape", query, graph.integers(0, num_kv, -1, width))  # [B, K, H/K·T, E]
    scores = graph.node("MatMul", together, graph.node("Transpose", key, perm=[0, 1, 3, 2]))
    total = graph.node("Shape", key, start=2, end=3)
    front = graph.node("Slice", shape, graph.integers(0), graph.integers(3), graph.integers(0))
    by_head = graph.node("Reshape", scores, graph.node("Concat", front, total, axis=0))  # [B, H, T, P + T]
    shares = graph.node("Softmax", graph.node("Add", by_head, mask), axis=-1)
    rows = graph.node(
        "Reshape", shares, graph.node("Concat", graph.node("Shape", scores, start=0, end=3), total, axis=0)
    )
    return graph.node("Reshape", graph.node("MatMul", rows, value), shape)
