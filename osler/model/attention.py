"""Attention: over paged key/value blocks in the decoder, over all patches in the vision tower."""

from dataclasses import dataclass

import numpy as np
from openvino import opset13 as op
from openvino.op import _PagedAttentionExtension

from osler.model.graph import Graph, Node, integers

__all__ = ["BlockTable", "PagedInputs", "full_attention", "paged_attention"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockTable:
    """Where the keys and values of each sequence lie: one table for global layers, one for local ones.

    Attributes:
        past_lens: [B] tokens of each sequence already in the cache.
        block_indices: [blocks] physical blocks of all sequences, one sequence after the other.
        block_begins: [B + 1] where each sequence's blocks begin in `block_indices`.
        longest: scalar, the longest sequence, its new tokens included.
    """

    past_lens: Node
    block_indices: Node
    block_begins: Node
    longest: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class PagedInputs:
    """What every layer of one step shares.

    Attributes:
        token_begins: [B + 1] where each sequence's new tokens begin among the T of the step.
        image_tokens: [T] 1 where a token is part of an image; consecutive ones are one image.
    """

    token_begins: Node
    image_tokens: Node


def paged_attention(
    query: Node,
    key: Node,
    value: Node,
    caches: tuple[Node, Node],
    shared: PagedInputs,
    table: BlockTable,
    *,
    scale: float,
    window: int,
    num_kv_heads: int,
    head_width: int,
) -> Node:
    """Causal attention [T, H·E] over cached and new tokens, where an image also sees itself whole.

    Keys and values of the new tokens are written to the caches first. The order of the inputs is that of
    OpenVINO 2026.4's PagedAttentionExtension, which is experimental: tests/contracts guards it.

    Args:
        query: [T, H·E]; key, value: [T, K·E].
        caches: key and value cache [blocks, K, 32, E], in the type the compiler chose.
        scale: factor on the scores.
        window: how many tokens back a token sees, itself included; 0 for all of them.
    """
    inputs = [
        *(query, key, value, *caches),
        *(table.past_lens, shared.token_begins, table.block_indices, table.block_begins),
        op.constant(np.float32(scale)),
        _int_scalar(window),
        _none(np.float32),  # alibi_slopes
        table.longest,
        _none(np.int32),  # score_aggregation_window
        *(_none(np.int32), _none(np.int32), _none(np.float32)),  # rotated blocks: indices, deltas, table
        *(_none(np.float32), _int_scalar(0), _int_scalar(0)),  # sparse attention: threshold, block size, stride
        _none(np.float32, rank=4),  # sinks
        *(_int_scalar(0), _none(np.int32), _none(np.int32), _none(np.int32)),  # cache eviction
        shared.image_tokens,
        *(_none(np.uint8), _none(np.int32)),  # query-query bias
    ]
    attention = _PagedAttentionExtension([node if hasattr(node, "get_node") else node.output(0) for node in inputs])
    info = attention.get_rt_info()
    info["num_k_heads"] = info["num_v_heads"] = num_kv_heads
    info["k_head_size"] = info["v_head_size"] = head_width
    return attention.output(0)


def full_attention(graph: Graph, query: Node, key: Node, value: Node, *, num_heads: int, head_width: int) -> Node:
    """Unmasked attention [I, P, H·E] of each image's patches among themselves; inputs [I, P, H·E]."""

    def heads(x: Node) -> Node:
        shaped = op.reshape(x, integers(0, 0, num_heads, head_width), True)  # [I, P, H, E]
        return op.transpose(shaped, integers(0, 2, 1, 3))  # [I, H, P, E]

    mixed = op.scaled_dot_product_attention(heads(query), heads(key), heads(value), causal=False)  # [I, H, P, E]
    return op.reshape(op.transpose(mixed, integers(0, 2, 1, 3)), integers(0, 0, num_heads * head_width), True)


def _int_scalar(value: int) -> Node:
    return op.constant(np.array(value, np.int32))


def _none(kind: type, rank: int = 1) -> Node:
    """An absent optional input."""
    return op.constant(np.zeros((0,) * rank, kind))
