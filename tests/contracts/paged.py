"""One layer of paged attention on its own, and the same in numpy."""

from dataclasses import dataclass

import numpy as np
import openvino as ov
from openvino import Type

from osler.engine.step import BLOCK
from osler.model.attention import BlockTable, PagedInputs, paged_attention
from osler.model.graph import Graph
from osler.testing.compiled import compiled

NUM_BLOCKS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """H query heads over K key/value heads of width E."""

    queries: int = 4
    keys: int = 2
    width: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """Random queries [T, H·E], keys and values [T, K·E] of T tokens, and which of them are parts of images [T]."""

    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    images: np.ndarray

    def __len__(self) -> int:
        return len(self.query)


def random_sequence(heads: Heads, tokens: int, *, images: tuple[tuple[int, int], ...] = (), seed: int = 0) -> Sequence:
    """Images are (first token, one past the last)."""
    rng = np.random.default_rng(seed)
    marks = np.zeros(tokens, np.int32)
    for begin, end in images:
        marks[begin:end] = 1
    return Sequence(
        query=rng.standard_normal((tokens, heads.queries * heads.width), np.float32) * 2,
        key=rng.standard_normal((tokens, heads.keys * heads.width), np.float32),
        value=rng.standard_normal((tokens, heads.keys * heads.width), np.float32),
        images=marks,
    )


def expected(heads: Heads, sequence: Sequence, window: int) -> np.ndarray:
    """[T, H·E] float64: causal inside the window, joined with full attention inside each image.

    ::

        tokens   t t I I I t        row: query, column: key
        t        x . . . . .
        t        x x . . . .
        I        x x x x x .
        I        x x x x x .
        I        x x x x x .
        t        x x x x x x
    """
    tokens = len(sequence)
    distance = np.arange(tokens)[:, None] - np.arange(tokens)[None]
    visible = (distance >= 0) & (distance < (window or tokens))
    starts = np.diff(sequence.images, prepend=0) == 1
    image = np.cumsum(starts) * sequence.images  # 0 for text, else the image's number
    visible |= (image[:, None] == image[None]) & (image[:, None] > 0)
    query = sequence.query.astype(np.float64).reshape(tokens, heads.keys, -1, heads.width)  # [T, K, H / K, E]
    key, value = (x.astype(np.float64).reshape(tokens, heads.keys, heads.width) for x in (sequence.key, sequence.value))
    scores = np.einsum("tkge,ske->kgts", query, key) * heads.width**-0.5
    weights = np.exp(np.where(visible, scores, -np.inf))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("kgts,ske->tkge", weights, value).reshape(tokens, -1)


class PagedLayer:
    """Runs `osler.model.attention.paged_attention` over a cache that starts as NaN.

    Attributes:
        caches: key and value cache, [NUM_BLOCKS, K, BLOCK, E].
    """

    def __init__(self, heads: Heads, window: int, precision: str = "f32") -> None:
        attention = compiled(
            _model(heads, window),
            {"INFERENCE_PRECISION_HINT": precision, "KV_CACHE_PRECISION": precision, "INFERENCE_NUM_THREADS": 2},
        )
        self._request = attention.create_infer_request()
        shape = [NUM_BLOCKS, heads.keys, BLOCK, heads.width]
        self.caches = [
            ov.Tensor(attention.input(name).get_element_type(), shape) for name in ("key_cache", "value_cache")
        ]
        self.forget()
        self._request.set_tensor("key_cache", self.caches[0])
        self._request.set_tensor("value_cache", self.caches[1])

    def forget(self) -> None:
        """Fill the caches with NaN."""
        for cache in self.caches:
            cache.data.view(np.uint8)[...] = 0xFF  # in every floating-point type

    def step(self, parts: list[tuple[Sequence, int, int, np.ndarray, int]]) -> np.ndarray:
        """[T, H·E] of parts of sequences: (sequence, first token, one past the last, table of blocks, local start)."""
        past = [start - local_start for _, start, _, _, local_start in parts]
        length = [stop - start for _, start, stop, _, _ in parts]
        tables = [table[: -(-(stop - local_start) // BLOCK)] for _, _, stop, table, local_start in parts]

        def joined(name: str) -> np.ndarray:
            return np.concatenate([getattr(sequence, name)[start:stop] for sequence, start, stop, _, _ in parts])

        self._request.infer(
            {
                **{name: joined(name) for name in ("query", "key", "value")},
                "image_tokens": joined("images"),
                "token_begins": np.cumsum([0, *length]).astype(np.int32),
                "past_lens": np.array(past, np.int32),
                "block_indices": np.concatenate(tables).astype(np.int32),
                "block_begins": np.cumsum([0, *map(len, tables)]).astype(np.int32),
                "longest": np.array(max(map(sum, zip(past, length, strict=True))), np.int32),
            }
        )
        return self._request.get_tensor("mixed").data.copy()


def _model(heads: Heads, window: int) -> ov.Model:
    graph = Graph()
    query = graph.parameter("query", [-1, heads.queries * heads.width], Type.f32)
    key, value = (graph.parameter(name, [-1, heads.keys * heads.width], Type.f32) for name in ("key", "value"))
    caches = graph.free_parameter("key_cache", 4), graph.free_parameter("value_cache", 4)
    shared = PagedInputs(
        token_begins=graph.parameter("token_begins", [-1], Type.i32),
        image_tokens=graph.parameter("image_tokens", [-1], Type.i32),
    )
    table = BlockTable(
        past_lens=graph.parameter("past_lens", [-1], Type.i32),
        block_indices=graph.parameter("block_indices", [-1], Type.i32),
        block_begins=graph.parameter("block_begins", [-1], Type.i32),
        longest=graph.parameter("longest", [], Type.i32),
    )
    mixed = paged_attention(
        query,
        key,
        value,
        caches,
        shared,
        table,
        scale=heads.width**-0.5,
        window=window,
        num_kv_heads=heads.keys,
        head_width=heads.width,
    )
    return graph.model({"mixed": mixed})
