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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The graph that is being written and where its numbers come from: what all of its layers share.

    Attributes:
        inputs: of attention, the same in every layer.
        adapters: what they add to products, None where there are none.
    """

    graph: Graph
    config: TextConfig
    weights: Weights
    inputs: PagedInputs
    adapters: GatedTerms | None

    def norm(self, x: Node, name: str) -> Node:
        """The RMS norm with the factor `name`."""
        return rms_norm(self.graph, x, self.weights.vector(name), self.config.norm_epsilon)

    def products(self, x: Node, *names: str) -> list[Node]:
        """[T, N_i] from x [T, K] for each named matrix [N_i, K]."""
        return linears(self.graph, self.weights, x, names, self.adapters)


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
    inputs = PagedInputs(
        token_begins=graph.parameter("token_begins", [-1], Type.i32),
        image_tokens=graph.parameter("image_tokens", [-1], Type.i32),
    )
    kinds = {
        is_global: _layer_kind(graph, config, is_global)
        for is_global in sorted({config.global_layers[layer] for layer in layers})
    }
    adapters = None if terms is None else GatedTerms(graph, terms, is_narrow=weights.is_narrow)
    stage = Stage(graph=graph, config=config, weights=weights, inputs=inputs, adapters=adapters)
    for layer in layers:
        x = _layer(stage, layer, x, kinds[config.global_layers[layer]])
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


def _layer(stage: Stage, layer: int, x: Node, kind: LayerKind) -> Node:
    prefix = f"text.layers.{layer}."
    mixed = _attention(stage, layer, stage.norm(x, prefix + "attention_norm"), kind)
    x = op.add(x, stage.norm(mixed, prefix + "post_attention_norm"))
    moved = _feed_forward(stage, prefix, stage.norm(x, prefix + "feed_forward_norm"))
    return op.add(x, stage.norm(moved, prefix + "post_feed_forward_norm"))


def _attention(stage: Stage, layer: int, x: Node, kind: LayerKind) -> Node:
    """x [T, D] to [T, D]."""
    graph, config = stage.graph, stage.config
    prefix, width = f"text.layers.{layer}.", config.head_width
    query, key, value = stage.products(x, *(prefix + name for name in ("query", "key", "value")))

    def heads(y: Node, num_heads: int, norm: str) -> Node:
        y = op.reshape(y, integers(0, num_heads, width), True)  # [T, H, E]
        y = stage.norm(y, prefix + norm)
        y = rotate(y, kind.cos, kind.sin, width)
        return op.reshape(y, integers(0, num_heads * width), True)  # [T, H·E]

    caches = (graph.free_parameter(f"key_cache.{layer}", 4), graph.free_parameter(f"value_cache.{layer}", 4))
    mixed = paged_attention(
        heads(query, config.num_heads, "query_norm"),
        heads(key, config.num_kv_heads, "key_norm"),
        value,
        caches,
        stage.inputs,
        kind.table,
        scale=config.query_scale,
        window=kind.window,
        num_kv_heads=config.num_kv_heads,
        head_width=width,
    )
    mixed = op.reshape(op.convert(mixed, Type.f32), integers(-1, config.num_heads * width), False)
    return stage.products(mixed, prefix + "attention_output")[0]


def _feed_forward(stage: Stage, prefix: str, x: Node) -> Node:
    """x [T, D] to [T, D]: down(gelu(gate(x)) · up(x)), gelu in its tanh form."""
    gate, up = stage.products(x, prefix + "gate", prefix + "up")
    return stage.products(op.multiply(op.gelu(gate, "tanh"), up), prefix + "down")[0]
