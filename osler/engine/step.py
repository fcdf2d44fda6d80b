"""What the engine hands to the model in one step, and what the model gives back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from osler.model.config import TextConfig

__all__ = ["BLOCK", "Chunk", "Runner"]

BLOCK = 32
"""Tokens in one block of cached keys and values: the block size of OpenVINO's PagedAttention on CPUs."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chunk:
    """One sequence's share of a step: `T` tokens that follow the `past` ones already in the cache.

    Keys and values of the token at position `p` live in slot `p % BLOCK` of block `global_blocks[p // BLOCK]`
    in the global layers, and of block `local_blocks[(p - local_start) // BLOCK]` in the local ones.
    The step writes those of its own tokens and reads everything before; the arrays are read-only to the runner
    and may be views that the engine changes after the step.

    Attributes:
        ids: [T] int32, T >= 1; what stands under an image's vectors is of no account.
        images: (offset in the chunk, [M, D] float32 vectors that stand at offset .. offset + M), in order.
            An image is never split between chunks, and at least one token stands between two images.
        past: tokens of this sequence already in the cache.
        global_blocks: [ceil((past + T) / BLOCK)] int32.
        local_blocks: [ceil((past + T - local_start) / BLOCK)] int32.
        local_start: a multiple of BLOCK, at most `max(0, past - window + 1)`: tokens before it have left the
            window of every query in the chunk.
        num_logits: how many of the last positions need logits, 0 to T.
        only_best: whether nothing but the most probable token (of those allowed) matters; the other logits may then
            be inexact, though below the greatest (of those allowed).
        allowed: [V] bool, the tokens that may come next; None for all. It changes no logit that matters.
        adapter: which of the runner's adapters computes it, counted from 1; 0 for the model alone.
    """

    ids: np.ndarray
    images: tuple[tuple[int, np.ndarray], ...]
    past: int
    global_blocks: np.ndarray
    local_blocks: np.ndarray
    local_start: int
    num_logits: int
    only_best: bool = False
    allowed: np.ndarray | None = None
    adapter: int = 0


class Runner(Protocol):
    """Something that computes a decoder over paged keys and values; it owns the cache, the engine the tables.

    A step that was interrupted may be given again: it writes the same slots.
    """

    config: TextConfig

    def step(self, chunks: Sequence[Chunk]) -> np.ndarray:
        """Compute the chunks of one or more sequences, no sequence twice.

        Returns:
            [R, V] float32 with R the sum of `num_logits` (which may be 0), chunk after chunk, each in the order of
            its positions. The engine is done with it before the next step, so a runner may reuse the memory.
        """
        ...

    def copy(self, sources: np.ndarray, targets: np.ndarray, *, is_global: bool) -> None:
        """Copy cached blocks of all global or of all local layers, one by one; no block is a source and a target."""
        ...
