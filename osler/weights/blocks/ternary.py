"""Codes of -1, 0, 1: TQ1_0 (five to a byte) and TQ2_0 (four to a byte).

Source: the layouts of ggml's ggml-common.h, checked against the gguf package's dequantisation.
"""

import numpy as np

from osler.weights.blocks.block_type import Groups
from osler.weights.blocks.fields import bits_of, column, half
from osler.weights.blocks.nibbles import pack_neighbours

__all__ = ["decode_tq1_0", "decode_tq2_0"]


def decode_tq1_0(blocks: np.ndarray, groups: Groups) -> None:
    """32 and 16 bytes of five codes in base 3, 4 bytes of four, d (f16).

    A byte is ceil(256 / 243 * number), so that times 3 the next digit, the most significant first, is the carry.
    """
    groups.scale[...] = half(blocks, 52)
    parts = [(column(blocks, 0, 32, np.uint8), 5), (column(blocks, 32, 48, np.uint8), 5)]
    parts.append((column(blocks, 48, 52, np.uint8), 4))
    digits = [
        ((packed * np.uint8(3**power)).astype(np.uint16) * np.uint16(3)) >> np.uint16(8)
        for packed, count in parts
        for power in range(count)
    ]
    codes = np.concatenate(digits, axis=1).astype(np.uint8) - np.uint8(1)
    groups.codes[...] = pack_neighbours(codes)


def decode_tq2_0(blocks: np.ndarray, groups: Groups) -> None:
    """64 bytes of four 2-bit codes, d (f16)."""
    groups.scale[...] = half(blocks, 64)
    words = column(blocks, 0, 64, np.uint16).reshape(-1, 2, 16)
    codes = groups.codes.reshape(-1, 2, 64)
    for run in range(4):
        codes[:, :, 16 * run : 16 * (run + 1)] = _minus_one(bits_of(words, 2 * run, 0x0303))


def _minus_one(words: np.ndarray) -> np.ndarray:
    return pack_neighbours(words.view(np.uint8) - np.uint8(1))
