"""Small models for tests of the engine: one that truly attends over paged blocks, one that follows a table."""

from collections.abc import Sequence

import numpy as np

from osler.engine.blocks import blocks_for
from osler.engine.step import BLOCK, Chunk
from osler.model.config import TextConfig

__all__ = ["PagedRunner", "TableRunner", "tiny_config"]


def tiny_config(*, window: int = 64, context_length: int = 4096, vocabulary_size: int = 64) -> TextConfig:
    """A decoder of three layers, the last one global."""
    return TextConfig(
        vocabulary_size=vocabulary_size,
        width=16,
        feed_forward_width=32,
        num_layers=3,
        num_heads=2,
        num_kv_heads=2,
        head_width=8,
        query_scale=8**-0.5,
        window=window,
        global_layers=(False, False, True),
        context_length=context_length,
    )


class PagedRunner:
    """Attention layers in numpy, float64, with random weights, over a paged cache that starts as NaN.

    It believes the block tables: a slot that was never written gives NaN, one that another sequence has written
    gives wrong logits, and so does a token that is missing from the window.

    Attributes:
        chunks: every chunk it was given, step by step, for tests to look at.
    """

    def __init__(self, config: TextConfig, *, global_blocks: int, local_blocks: int, seed: int = 0) -> None:
        self.config = config
        self.chunks: list[list[Chunk]] = []
        rng = np.random.default_rng(seed)
        width, heads = config.width, config.num_heads * config.head_width
        self._embedding = rng.standard_normal((config.vocabulary_size, width))
        self._output = rng.standard_normal((width, config.vocabulary_size))
        self._positions = rng.standard_normal((config.context_length, width)) * 0.5
        self._adapted = np.random.default_rng([seed, 1]).standard_normal(width)
        self._layers = [
            {name: rng.standard_normal((heads, width)) / width**0.5 for name in ("query", "key", "value", "output")}
            for _ in range(config.num_layers)
        ]
        num_blocks = [global_blocks if is_global else local_blocks for is_global in config.global_layers]
        self._keys = [np.full((num * BLOCK, heads), np.nan) for num in num_blocks]
        self._values = [np.full((num * BLOCK, heads), np.nan) for num in num_blocks]

    def step(self, chunks: Sequence[Chunk]) -> np.ndarray:
        self.chunks.append(list(chunks))
        rows = [self._chunk(chunk) for chunk in chunks]
        return np.concatenate([*rows, np.zeros((0, self.config.vocabulary_size))]).astype(np.float32)

    def copy(self, sources: np.ndarray, targets: np.ndarray, *, is_global: bool) -> None:
        for layer, of_global in enumerate(self.config.global_layers):
            if of_global == is_global:
                for cache in (self._keys[layer], self._values[layer]):
                    blocks = cache.reshape(-1, BLOCK, cache.shape[1])
                    blocks[targets] = blocks[sources]

    def _chunk(self, chunk: Chunk) -> np.ndarray:
        """[num_logits, V]."""
        tokens = len(chunk.ids)
        hidden = self._embedding[chunk.ids % self.config.vocabulary_size]  # [T, D]
        image = np.zeros(tokens, int)
        for number, (at, vectors) in enumerate(chunk.images, start=1):
            hidden[at : at + len(vectors)] = vectors
            image[at : at + len(vectors)] = number
        hidden = hidden + self._positions[chunk.past : chunk.past + tokens] + chunk.adapter * self._adapted
        for layer in range(self.config.num_layers):
            hidden = hidden + self._attention(layer, hidden, chunk, image)
            hidden = hidden / np.sqrt((hidden**2).mean(-1, keepdims=True))
        return hidden[tokens - chunk.num_logits :] @ self._output

    def _attention(self, layer: int, hidden: np.ndarray, chunk: Chunk, image: np.ndarray) -> np.ndarray:
        """[T, D]: write the chunk's keys and values where the table says, then read all that the table names."""
        weights, is_global = self._layers[layer], self.config.global_layers[layer]
        table, start = (chunk.global_blocks, 0) if is_global else (chunk.local_blocks, chunk.local_start)
        stop = chunk.past + len(hidden)
        if len(table) != blocks_for(stop - start):
            raise ValueError(f"expected a table for {stop - start} tokens, got {len(table)} blocks")
        slots = (table[:, None] * BLOCK + np.arange(BLOCK)).reshape(-1)[: stop - start]
        keys, values = self._keys[layer], self._values[layer]
        keys[slots[chunk.past - start :]] = hidden @ weights["key"].T
        values[slots[chunk.past - start :]] = hidden @ weights["value"].T
        visible = self._visible(chunk.past, np.arange(start, stop), image, is_global)
        split = (-1, self.config.num_heads, self.config.head_width)
        query = (hidden @ weights["query"].T).reshape(split)
        scores = np.einsum("thd,shd->hts", query, keys[slots].reshape(split)) * self.config.query_scale * 4
        scores = np.where(visible, scores, -np.inf)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)  # [H, T, S]
        mixed = np.einsum("hts,shd->thd", scores, values[slots].reshape(split))
        return mixed.reshape(len(hidden), -1) @ weights["output"]

    def _visible(self, past: int, keys: np.ndarray, image: np.ndarray, is_global: bool) -> np.ndarray:
        """[T, S]: causal and, in local layers, inside the window; an image sees all of itself."""
        queries = past + np.arange(len(image))
        distance = queries[:, None] - keys[None]
        visible: np.ndarray = distance >= 0
        if not is_global:
            visible = visible & (distance < self.config.window)
        inside = np.concatenate([np.zeros(len(keys) - len(image), int), image])
        return visible | ((image[:, None] == inside[None]) & (image[:, None] > 0))


class TableRunner:
    """Whatever came before, the token after `t` is `following[t]`; the answers of tests can be read off."""

    def __init__(self, following: dict[int, int], *, vocabulary_size: int = 64, context_length: int = 4096) -> None:
        self.config = tiny_config(vocabulary_size=vocabulary_size, context_length=context_length)
        self.following = following

    def step(self, chunks: Sequence[Chunk]) -> np.ndarray:
        rows = [token for chunk in chunks for token in chunk.ids[len(chunk.ids) - chunk.num_logits :]]
        logits = np.zeros((len(rows), self.config.vocabulary_size), np.float32)
        for row, token in zip(logits, rows, strict=True):
            row[self.following[int(token)]] = 10
        return logits

    def copy(self, sources: np.ndarray, targets: np.ndarray, *, is_global: bool) -> None:
        """It looks at nothing but the last token, so it has no cache."""
