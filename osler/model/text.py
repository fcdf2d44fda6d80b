"""Gemma 3's decoder as OpenVINO graphs.

One layer, with N for an RMS norm of its own weights::

    h = x + N(attention(N(x)))
    y = h + N(down(gelu(gate(N(h))) · up(N(h))))

Queries and keys are normalised head by head, then rotated. Every sixth layer sees the whole context with
rope base 1,000,000; the others see a window with base 10,000. The decoder is cut into stages of a few
layers, each a graph of its own, so that a stage's weights can be let go before the next stage's are read.

Source: Hugging Face transformers, models/gemma3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import openvino as ov
from openvino import Type
from openvino import opset13 as op

from osler.model.attention import BlockTable, PagedInputs, paged_attention
from osler.model.config import TextConfig
from osler.model.graph import Graph, Node, integers
from osler.model.linear import linear, linears
from osler.model.low_rank import GatedTerms, Terms
from osler.model.norm import rms_norm
from osler.model.rope import rotate
from osler.model.stack import Weights

__all__ = ["head_graph", "layers_graph"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerKind:
    """What local layers share among themselves, and global ones among theirs."""

    table: BlockTable
    cos: Node
    sin: Node
    window: int


def layers_graph(
    config: TextConfig, weights: Weights, layers: Sequence[int], terms: Terms | None = None
) -> tuple[ov.Model, Graph]:
    """Decoder layers `layers`: hidden states [T, D] in, hidden states [T, D] out.

    Args:
        terms: of adapters; without, the graph is the model's alone.

    Returns:
        The model, and the graph whose arrays it borrows (keep it with the compiled model).
    """
    graph = Graph()
    x: Node = graph.parameter("hidden", [-1, config.width], Type.f32)
    shared = PagedInputs(
        token_begins=graph.parameter("token_begins", [-1], Type.i32),
        image_tokens=graph.parameter("image_tokens", [-1], Type.i32),
    )
    kinds = {
        is_global: _layer_kind(graph, config, is_global)
        for is_global in sorted({config.global_layers[layer] for layer in layers})
    }
    adapters = None if terms is None else GatedTerms(graph, terms, is_narrow=weights.is_narrow)
    for layer in layers:
        x = _layer(graph, config, weights, layer, x, shared, kinds[config.global_layers[layer]], adapters)
    return graph.model({"hidden_out": x}), graph


def head_graph(config: TextConfig, weights: Weights, name: str, terms: Terms | None = None) -> tuple[ov.Model, Graph]:
    """The last norm and the output matrix `name`: hidden states [S, D] to their norm [S, D] and logits [S, V].

    Adapters call the output matrix "text.output" also where it is the embedding, which they leave alone.
    """
    graph = Graph()
    x = graph.parameter("hidden", [-1, config.width], Type.f32)
    normal = rms_norm(graph, x, weights.vector("text.norm"), config.norm_epsilon)
    logits = [linear(graph, weights, normal, name)]
    if terms is not None:
        logits = GatedTerms(graph, terms, is_narrow=weights.is_narrow).added(normal, logits, ["text.output"])
    return graph.model({"logits": logits[0], "normal": normal}), graph


def _layer_kind(graph: Graph, config: TextConfig, is_global: bool) -> LayerKind:
    prefix = "global" if is_global else "local"
    table = BlockTable(
        past_lens=graph.parameter(f"{prefix}_past_lens", [-1], Type.i32),
        block_indices=graph.parameter(f"{prefix}_block_indices", [-1], Type.i32),
        block_begins=graph.parameter(f"{prefix}_block_begins", [-1], Type.i32),
        longest=graph.parameter(f"{prefix}_longest", [], Type.i32),
    )
    return LayerKind(
        table=table,
        cos=graph.parameter(f"{prefix}_cos", [-1, 1, config.head_width], Type.f32),
        sin=graph.parameter(f"{prefix}_sin", [-1, 1, config.head_width], Type.f32),
        window=0 if is_global else config.window,
    )


def _layer(
    graph: Graph,
    config: TextConfig,
    weights: Weights,
    layer: int,
    x: Node,
    shared: PagedInputs,
    kind: LayerKind,
    adapters: GatedTerms | None,
) -> Node:
    prefix = f"text.layers.{layer}."

    def norm(y: Node, name: str) -> Node:
        return rms_norm(graph, y, weights.vector(prefix + name), config.norm_epsilon)

    mixed = _attention(graph, config, weights, layer, norm(x, "attention_norm"), shared, kind, adapters)
    x = op.add(x, norm(mixed, "post_attention_norm"))
    moved = _feed_forward(graph, weights, prefix, norm(x, "feed_forward_norm"), adapters)
    return op.add(x, norm(moved, "post_feed_forward_norm"))


def _attention(
    graph: Graph,
    config: TextConfig,
    weights: Weights,
    layer: int,
    x: Node,
    shared: PagedInputs,
    kind: LayerKind,
    adapters: GatedTerms | None,
) -> Node:
    """x [T, D] to [T, D]."""
    prefix, width = f"text.layers.{layer}.", config.head_width
    names = ("query", "key", "value")
    query, key, value = linears(graph, weights, x, [prefix + name for name in names], adapters)

    def heads(y: Node, num_heads: int, norm: str) -> Node:
        y = op.reshape(y, integers(0, num_heads, width), True)  # [T, H, E]
        y = rms_norm(graph, y, weights.vector(prefix + norm), config.norm_epsilon)
        y = rotate(y, kind.cos, kind.sin, width)
        return op.reshape(y, integers(0, num_heads * width), True)  # [T, H·E]

    caches = (graph.free_parameter(f"key_cache.{layer}", 4), graph.free_parameter(f"value_cache.{layer}", 4))
    mixed = paged_attention(
        heads(query, config.num_heads, "query_norm"),
        heads(key, config.num_kv_heads, "key_norm"),
        value,
        caches,
        shared,
        kind.table,
        scale=config.query_scale,
        window=kind.window,
        num_kv_heads=config.num_kv_heads,
        head_width=width,
    )
    mixed = op.reshape(op.convert(mixed, Type.f32), integers(-1, config.num_heads * width), False)
    return linear(graph, weights, mixed, prefix + "attention_output", adapters)


def _feed_forward(graph: Graph, weights: Weights, prefix: str, x: Node, adapters: GatedTerms | None) -> Node:
    """x [T, D] to [T, D]: down(gelu(gate(x)) · up(x)), gelu in its tanh form."""
    gate, up = linears(graph, weights, x, [prefix + "gate", prefix + "up"], adapters)
    return linear(graph, weights, op.multiply(op.gelu(gate, "tanh"), up), prefix + "down", adapters)
