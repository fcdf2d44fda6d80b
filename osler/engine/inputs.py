"""The arrays that describe one step to the graphs."""

from collections.abc import Sequence

import numpy as np

from osler.engine.step import Chunk
from osler.model.config import TextConfig
from osler.model.low_rank import GATE, Terms
from osler.model.rope import rotation

__all__ = ["step_inputs"]


def step_inputs(config: TextConfig, chunks: Sequence[Chunk], terms: Terms | None = None) -> dict[str, np.ndarray]:
    """Inputs of the layers' graphs by name, with the chunks of a step one after the other."""
    lengths = [len(chunk.ids) for chunk in chunks]
    positions = np.concatenate([np.arange(chunk.past, chunk.past + len(chunk.ids)) for chunk in chunks])
    local = rotation(positions, config.head_width, config.rope_base_local, 1.0)
    whole = rotation(positions, config.head_width, config.rope_base_global, config.rope_factor)
    return {
        "token_begins": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
        "image_tokens": np.concatenate([_image_tokens(chunk) for chunk in chunks]),
        "local_cos": local[0],
        "local_sin": local[1],
        "global_cos": whole[0],
        "global_sin": whole[1],
        **_table("global", chunks, [chunk.global_blocks for chunk in chunks], [0] * len(chunks)),
        **_table("local", chunks, [chunk.local_blocks for chunk in chunks], [chunk.local_start for chunk in chunks]),
        **({} if terms is None else {GATE: terms.gate([chunk.adapter for chunk in chunks for _ in chunk.ids])}),
    }


def _table(
    prefix: str, chunks: Sequence[Chunk], blocks: Sequence[np.ndarray], starts: Sequence[int]
) -> dict[str, np.ndarray]:
    """A block table in which each sequence counts its tokens from `starts`."""
    past = np.array([chunk.past - start for chunk, start in zip(chunks, starts, strict=True)], np.int32)
    lengths = np.array([len(chunk.ids) for chunk in chunks], np.int32)
    return {
        f"{prefix}_past_lens": past,
        f"{prefix}_block_indices": np.concatenate(blocks).astype(np.int32),
        f"{prefix}_block_begins": np.concatenate([[0], np.cumsum([len(b) for b in blocks])]).astype(np.int32),
        f"{prefix}_longest": np.array((past + lengths).max(), np.int32),
    }


def _image_tokens(chunk: Chunk) -> np.ndarray:
    """[T] int32: 1 where an image's vectors stand."""
    marks = np.zeros(len(chunk.ids), np.int32)
    for offset, vectors in chunk.images:
        marks[offset : offset + len(vectors)] = 1
    return marks
