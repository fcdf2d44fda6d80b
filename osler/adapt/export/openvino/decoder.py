"""Gemma 3's decoder as one OpenVINO model that holds its keys and values itself.

It is `osler.model.text` with another attention: OpenVINO's ScaledDotProductAttention over states, where Osler's engine
pages. Names of inputs, outputs and states are those that openvino-genai asks for.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import openvino as ov
from openvino import Type
from openvino import opset13 as op
from openvino.op.util import Variable, VariableInfo

from osler.adapt.export.openvino.masks import Masks, masks, size
from osler.adapt.export.openvino.output import embedded, output_product
from osler.model.config import TextConfig
from osler.model.graph import Graph, Node, integers, number
from osler.model.linear import linear, linears
from osler.model.norm import rms_norm
from osler.model.stack import Weights

__all__ = ["decoder_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all layers use.

    Attributes:
        batch: [1] int64, B.
        beams: [B] int32, whose keys and values each sequence goes on with.
        masks: what is seen.
        angles: cosines and sines [B, T, 1, E] by whether the layer is global.
        sinks: the assignments that end a step.
    """

    batch: Node
    beams: Node
    masks: Masks
    angles: dict[bool, tuple[Node, Node]]
    sinks: list[Node]


def decoder_model(
    config: TextConfig,
    weights: Weights,
    *,
    has_eyes: bool = True,
    after_layer: Callable[[int], None] = lambda layer: None,
) -> tuple[ov.Model, Graph]:
    """Embedded tokens to logits; what came before is kept as state.

    =================  ====================  =============================================================
    ``inputs_embeds``   [B, T, D] f32         rows of the embedding, image vectors where images stand
    ``attention_mask``  [B, P + T] i64        1, or 0 for padding on the left
    ``token_type_ids``  [B, T] i64            1 where an image stands; neighbours are one image
    ``position_ids``    [B, T] i64            growing by one; where they begin does not matter
    ``beam_idx``        [B] i32               0, 1, …, unless sequences are exchanged
    ``logits``          [B, T, V] f32
    =================  ====================  =============================================================

    Args:
        has_eyes: whether there are images. Without, ``input_ids`` [B, T] i64 stand in the place of ``inputs_embeds``
            and ``token_type_ids``, as models of text have it.
        after_layer: told of each layer whose numbers have been read.

    Returns:
        The model, and the graph whose arrays it borrows.
    """
    graph = Graph()
    if has_eyes:
        x: Node = graph.parameter("inputs_embeds", [-1, -1, config.width], Type.f32)
    else:
        ids = graph.parameter("input_ids", [-1, -1], Type.i64)
        x = embedded(graph, config, weights, ids)
    types = graph.parameter("token_type_ids", [-1, -1], Type.i64) if has_eyes else None
    shared = _shared(graph, config, x, types)
    rows = op.reshape(x, integers(-1, config.width), False)  # [R, D] with R = B·T
    for layer in range(config.num_layers):
        rows = _layer(graph, config, weights, layer, rows, shared)
        after_layer(layer)
    x = op.reshape(rows, op.concat([shared.batch, integers(-1, config.width)], 0), False)
    x = rms_norm(graph, x, weights.vector("text.norm"), config.norm_epsilon)
    logits = output_product(graph, weights, x, "text.embedding" if config.tied_output else "text.output")
    result = op.result(logits)
    result.output(0).set_names({"logits"})
    return ov.Model([result], shared.sinks, graph.parameters, "language_model"), graph


def _shared(graph: Graph, config: TextConfig, x: Node, types: Node | None) -> Shared:
    present = graph.parameter("attention_mask", [-1, -1], Type.i64)
    seen = masks(present, types, size(x, 1), config.window)
    positions = graph.parameter("position_ids", [-1, -1], Type.i64)
    return Shared(
        batch=op.unsqueeze(size(x, 0), integers(0)),
        beams=graph.parameter("beam_idx", [-1], Type.i32),
        masks=seen,
        angles={
            True: _angles(positions, config.head_width, config.rope_base_global, config.rope_factor),
            False: _angles(positions, config.head_width, config.rope_base_local, 1.0),
        },
        sinks=[],
    )


def _angles(positions: Node, width: int, base: float, factor: float) -> tuple[Node, Node]:
    """As `osler.model.rope.rotation`, within the graph: cosines and sines [B, T, 1, E]."""
    exponents = np.arange(0, width, 2, dtype=np.float32) / np.float32(width)
    frequencies = (np.float32(1) / np.float32(base) ** exponents) / np.float32(factor)
    columns = op.unsqueeze(op.convert(positions, Type.f32), integers(2, 3))
    half = op.multiply(columns, op.constant(frequencies))
    angles = op.concat([half, half], 3)
    return op.cos(angles), op.sin(angles)


def _layer(graph: Graph, config: TextConfig, weights: Weights, layer: int, x: Node, shared: Shared) -> Node:
    prefix = f"text.layers.{layer}."

    def norm(y: Node, name: str) -> Node:
        return rms_norm(graph, y, weights.vector(prefix + name), config.norm_epsilon)

    mixed = _attention(graph, config, weights, layer, norm(x, "attention_norm"), shared)
    x = op.add(x, norm(mixed, "post_attention_norm"))
    gate, up = linears(graph, weights, norm(x, "feed_forward_norm"), [prefix + "gate", prefix + "up"])
    moved = linear(graph, weights, op.multiply(op.gelu(gate, "tanh"), up), prefix + "down")
    return op.add(x, norm(moved, "post_feed_forward_norm"))


def _attention(graph: Graph, config: TextConfig, weights: Weights, layer: int, x: Node, shared: Shared) -> Node:
    """Rows [R, D] to rows [R, D]."""
    prefix, width = f"text.layers.{layer}.", config.head_width
    is_global = config.global_layers[layer]
    query, key, value = linears(graph, weights, x, [prefix + name for name in ("query", "key", "value")])

    def heads(y: Node, num_heads: int, norm: str | None = None) -> Node:
        shape = op.concat([shared.batch, integers(-1, num_heads, width)], 0)
        y = op.reshape(y, shape, False)  # [B, T, H, E]
        if norm is not None:
            y = rms_norm(graph, y, weights.vector(prefix + norm), config.norm_epsilon)
            y = _turned(y, shared.angles[is_global], width)
        return op.transpose(y, integers(0, 2, 1, 3))  # [B, H, T, E]

    grown = [
        _grown(config, f"{layer}.{name}", new, shared)
        for name, new in (
            ("key", heads(key, config.num_kv_heads, "key_norm")),
            ("value", heads(value, config.num_kv_heads)),
        )
    ]
    mixed = op.scaled_dot_product_attention(
        heads(query, config.num_heads, "query_norm"),
        *(_repeated(config, one) for one in grown),
        shared.masks.whole if is_global else shared.masks.local,
        number(config.query_scale),
        causal=False,
    )
    rows = op.reshape(op.transpose(mixed, integers(0, 2, 1, 3)), integers(-1, config.num_heads * width), False)
    return linear(graph, weights, rows, prefix + "attention_output")


def _turned(x: Node, angles: tuple[Node, Node], width: int) -> Node:
    """Heads x [B, T, H, E] rotated."""
    half = width // 2
    first, second = op.variadic_split(x, op.constant(np.int64(3)), integers(half, half)).outputs()
    swapped = op.concat([op.multiply(second, number(-1)), first], 3)
    return op.add(op.multiply(x, angles[0]), op.multiply(swapped, angles[1]))


def _grown(config: TextConfig, name: str, new: Node, shared: Shared) -> Node:
    """What the state `name` holds, and the new [B, K, T, E] behind it; the state takes both."""
    info = VariableInfo()
    info.data_shape = ov.PartialShape([-1, config.num_kv_heads, -1, config.head_width])
    info.data_type = Type.f32
    info.variable_id = f"past_key_values.{name}present.{name}"  # as openvino-genai's other models call theirs
    variable = Variable(info)
    empty = op.broadcast(number(0), op.concat([shared.batch, integers(config.num_kv_heads, 0, config.head_width)], 0))
    past = op.gather(op.read_value(empty, variable), shared.beams, op.constant(np.int64(0)))
    whole = op.concat([past, new], 2)
    shared.sinks.append(op.assign(whole, variable))
    return whole


def _repeated(config: TextConfig, x: Node) -> Node:
    """Each of the heads x [B, K, S, E] for all the query heads that share it: [B, H, S, E]."""
    shared = config.num_heads // config.num_kv_heads
    if shared == 1:
        return x
    ones = op.constant(np.array([1, 1, shared, 1, 1], np.int64))
    wide = op.broadcast(op.unsqueeze(x, integers(2)), ones, broadcast_spec="BIDIRECTIONAL")
    return op.reshape(wide, integers(0, config.num_heads, -1, config.head_width), True)
