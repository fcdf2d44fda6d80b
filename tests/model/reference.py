"""Gemma 3's decoder in numpy, float64, one sequence and no cache: what the graphs must give for any weights.

tests/golden holds it against transformers.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from osler.model.config import TextConfig
from osler.weights.checkpoint import Checkpoint, open_checkpoint
from osler.weights.gguf_names import text_names

__all__ = ["CheckpointNumbers", "GgufNumbers", "Numbers", "reference_logits"]

Images = Sequence[tuple[int, np.ndarray]]


class Numbers(Protocol):
    """Weights by canonical name as plain numbers."""

    def get(self, name: str) -> np.ndarray: ...

    def embedding_rows(self, ids: np.ndarray) -> np.ndarray: ...


class CheckpointNumbers:
    """Those of a checkpoint, as its matrices say what they mean."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def get(self, name: str) -> np.ndarray:
        if name.endswith("norm"):
            return self._checkpoint.vector(name).astype(np.float64)
        return self._checkpoint.matrix(name).dequantised().astype(np.float64)

    def embedding_rows(self, ids: np.ndarray) -> np.ndarray:
        return self._checkpoint.embedding_rows(ids).astype(np.float64)


class GgufNumbers:
    """Those of a GGUF file as the gguf package reads them, without any of Osler's decoding."""

    def __init__(self, path: Path) -> None:
        import gguf

        self._names = text_names(open_checkpoint(path).config.text.num_layers)
        self._dequantize = gguf.dequantize
        self._tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}

    def get(self, name: str) -> np.ndarray:
        tensor = self._tensors[self._names[name]]
        rows = len(tensor.data)  # as one long row: the package takes few rows at a time
        numbers = self._dequantize(np.asarray(tensor.data).reshape(1, -1), tensor.tensor_type).astype(np.float64)
        return numbers.reshape(-1) if tensor.data.ndim == 1 else numbers.reshape(rows, -1)

    def embedding_rows(self, ids: np.ndarray) -> np.ndarray:
        return self.get("text.embedding")[ids]


def reference_logits(config: TextConfig, numbers: Numbers, ids: np.ndarray, images: Images = ()) -> np.ndarray:
    """[T, V] float64 of the ids, with image vectors [M, D] standing at the given offsets."""
    x = numbers.embedding_rows(ids) * config.width**0.5
    for offset, vectors in images:
        x[offset : offset + len(vectors)] = vectors
    for layer, is_global in enumerate(config.global_layers):
        prefix = f"text.layers.{layer}."
        mixed = _attention(
            config, numbers, prefix, is_global, _norm(config, numbers, prefix + "attention_norm", x), images
        )
        x = x + _norm(config, numbers, prefix + "post_attention_norm", mixed)
        moved = _feed_forward(numbers, prefix, _norm(config, numbers, prefix + "feed_forward_norm", x))
        x = x + _norm(config, numbers, prefix + "post_feed_forward_norm", moved)
    output = numbers.get("text.embedding" if config.tied_output else "text.output")
    return _norm(config, numbers, "text.norm", x) @ output.T


def _norm(config: TextConfig, numbers: Numbers, name: str, x: np.ndarray) -> np.ndarray:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + config.norm_epsilon) * numbers.get(name)


def _feed_forward(numbers: Numbers, prefix: str, x: np.ndarray) -> np.ndarray:
    gate, up = x @ numbers.get(prefix + "gate").T, x @ numbers.get(prefix + "up").T
    gelu = 0.5 * gate * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
    return (gelu * up) @ numbers.get(prefix + "down").T


def _attention(
    config: TextConfig, numbers: Numbers, prefix: str, is_global: bool, x: np.ndarray, images: Images
) -> np.ndarray:
    tokens, groups = len(x), config.num_heads // config.num_kv_heads

    def heads(name: str, count: int) -> np.ndarray:
        return (x @ numbers.get(prefix + name).T).reshape(tokens, count, config.head_width)

    query = _norm(config, numbers, prefix + "query_norm", heads("query", config.num_heads))
    key = _norm(config, numbers, prefix + "key_norm", heads("key", config.num_kv_heads))
    query, key = (_rotate(config, is_global, y) for y in (query, key))
    key, value = (np.repeat(y, groups, axis=1) for y in (key, heads("value", config.num_kv_heads)))  # [T, H, E]
    query, key, value = (y.transpose(1, 0, 2) for y in (query, key, value))  # [H, T, E]
    scores = query @ key.transpose(0, 2, 1) * config.query_scale
    scores = np.where(_visible(config, is_global, tokens, images), scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    mixed = (weights @ value).transpose(1, 0, 2).reshape(tokens, -1)
    return mixed @ numbers.get(prefix + "attention_output").T


def _rotate(config: TextConfig, is_global: bool, x: np.ndarray) -> np.ndarray:
    """Heads [T, H, E] as complex numbers (x[j], x[j + E / 2]), turned by position · base^(-2j / E)."""
    half = config.head_width // 2
    base, factor = (config.rope_base_global, config.rope_factor) if is_global else (config.rope_base_local, 1.0)
    angles = np.arange(len(x))[:, None] / factor * base ** (-np.arange(half) / half)
    turned = (x[..., :half] + 1j * x[..., half:]) * np.exp(1j * angles)[:, None]
    return np.concatenate([turned.real, turned.imag], axis=-1)


def _visible(config: TextConfig, is_global: bool, tokens: int, images: Images) -> np.ndarray:
    distance = np.arange(tokens)[:, None] - np.arange(tokens)[None]
    visible = (distance >= 0) & (distance < (tokens if is_global else config.window))
    for begin, end in _spans(images):
        visible[begin:end, begin:end] = True
    return visible


def _spans(images: Images) -> Iterator[tuple[int, int]]:
    return ((offset, offset + len(vectors)) for offset, vectors in images)
