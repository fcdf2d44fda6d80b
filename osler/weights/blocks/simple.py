"""Blocks of 32 weights with one float16 scale: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0.

Source: the layouts of ggml's ggml-common.h, checked against the gguf package's dequantisation.
"""

import numpy as np

from osler.weights.blocks.block_type import Groups
from osler.weights.blocks.fields import column, half
from osler.weights.blocks.nibbles import repack_halves, unpack_halves

__all__ = ["decode_q4_0", "decode_q4_1", "decode_q5_0", "decode_q5_1", "decode_q8_0"]


def decode_q4_0(blocks: np.ndarray, groups: Groups) -> None:
    """d (f16), 16 bytes of halves; weight = d * (code - 8)."""
    groups.scale[...] = half(blocks, 0)
    repack_halves(column(blocks, 2, 18, np.uint8), groups.codes, 16, flip=True)


def decode_q4_1(blocks: np.ndarray, groups: Groups) -> None:
    """d, m (f16), 16 bytes of halves; weight = d * code + m = d * (code - 8) + (8 * d + m)."""
    scale = half(blocks, 0)
    groups.scale[...] = scale
    groups.offset[...] = 8 * scale + half(blocks, 2)
    repack_halves(column(blocks, 4, 20, np.uint8), groups.codes, 16, flip=True)


def decode_q5_0(blocks: np.ndarray, groups: Groups) -> None:
    """d (f16), 4 bytes of fifth bits, 16 bytes of halves; weight = d * (code - 16)."""
    groups.scale[...] = half(blocks, 0)
    np.subtract(_five_bits(blocks, 2).view(np.int8), np.int8(16), out=groups.codes)


def decode_q5_1(blocks: np.ndarray, groups: Groups) -> None:
    """d, m (f16), 4 bytes of fifth bits, 16 bytes of halves; weight = d * code + m = d * (code - 16) + (16 * d + m)."""
    groups.scale[...] = half(blocks, 0)
    groups.offset[...] = 16 * groups.scale + half(blocks, 2)
    np.subtract(_five_bits(blocks, 4).view(np.int8), np.int8(16), out=groups.codes)


def decode_q8_0(blocks: np.ndarray, groups: Groups) -> None:
    """d (f16), 32 int8 codes."""
    groups.scale[...] = half(blocks, 0)
    groups.codes[...] = blocks[:, 2:].view(np.int8)


def _five_bits(blocks: np.ndarray, start: int) -> np.ndarray:
    """[n, 32] uint8: 4 low bits from halves, the fifth from a bit field before them."""
    fifth = np.unpackbits(column(blocks, start, start + 4, np.uint8), axis=1, bitorder="little")
    codes = unpack_halves(column(blocks, start + 4, start + 20, np.uint8), 16)
    codes |= fifth << np.uint8(4)
    return codes
