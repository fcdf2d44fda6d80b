"""A matrix of GGUF blocks into its exact grouped form, slab by slab of rows."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from osler.model.matrix import GroupedMatrix
from osler.weights.blocks.block_type import BlockType, Groups

__all__ = ["SLAB_BYTES", "grouped_matrix"]

SLAB_BYTES = 96 * 1024
"""Bytes of blocks decoded at a time: temporaries then stay in the processor's cache and below malloc's mmap limit
(slabs of 600 KB ran at a quarter of the speed)."""

SPAN_BYTES = 8 * 1024 * 1024
"""Bytes of blocks that one task of the thread pool decodes."""


def grouped_matrix(block_type: BlockType, raw: np.ndarray) -> GroupedMatrix:
    """Decode a matrix of blocks exactly.

    Args:
        block_type: the type of all blocks.
        raw: [N, blocks in a row * size_bytes] uint8; may be a view of a memory-mapped file.
    """
    rows = raw.shape[0]
    blocks_in_row = raw.shape[1] // block_type.size_bytes
    columns = blocks_in_row * block_type.weights
    num_groups = columns // block_type.group
    codes = np.empty((rows, columns * block_type.bits // 8), np.int8 if block_type.bits == 8 else np.uint8)
    scale = np.empty((rows, num_groups), np.float32)
    offset = np.empty((rows, num_groups if block_type.has_offset else 0), np.float32)
    num_blocks = rows * blocks_in_row
    blocks = raw.reshape(num_blocks, block_type.size_bytes)
    groups = Groups(*(part.reshape(num_blocks, part.shape[1] // blocks_in_row) for part in (codes, scale, offset)))
    _decode_all(block_type, blocks, groups)
    return GroupedMatrix(
        codes=codes,
        bits=block_type.bits,
        scale=scale,
        offset=offset if block_type.has_offset else None,
        group=block_type.group,
    )


def _decode_all(block_type: BlockType, blocks: np.ndarray, groups: Groups) -> None:
    """Decode in spans on a few threads: numpy releases the interpreter's lock while it computes."""
    spans = list(_ranges(0, len(blocks), max(1, SPAN_BYTES // block_type.size_bytes)))
    if len(spans) <= 1:
        for span in spans:
            _decode_span(block_type, blocks, groups, span)
        return
    with ThreadPoolExecutor(_num_threads()) as pool:
        for _ in pool.map(lambda span: _decode_span(block_type, blocks, groups, span), spans):
            pass


def _decode_span(block_type: BlockType, blocks: np.ndarray, groups: Groups, span: slice) -> None:
    for slab in _ranges(span.start, span.stop, max(1, SLAB_BYTES // block_type.size_bytes)):
        part = Groups(groups.codes[slab], groups.scale[slab], groups.offset[slab])
        block_type.decode(blocks[slab], part)


def _ranges(start: int, stop: int, step: int) -> Iterator[slice]:
    for first in range(start, stop, step):
        yield slice(first, min(first + step, stop))


def _num_threads() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, 8)
