"""Super-blocks of 256 weights with scales of their own for groups of 16 or 32: Q2_K to Q6_K.

Source: the layouts of ggml's ggml-common.h, checked against the gguf package's dequantisation.
Words of several bytes are masked and shifted at once: a mask like 0x0F0F0F0F keeps neighbouring bytes apart.
"""

import numpy as np

from osler.weights.blocks.block_type import Groups
from osler.weights.blocks.fields import bits_of, column, half
from osler.weights.blocks.nibbles import pack_neighbours, place, repack_halves

__all__ = ["decode_q2_k", "decode_q3_k", "decode_q4_k", "decode_q5_k", "decode_q6_k"]


def decode_q2_k(blocks: np.ndarray, groups: Groups) -> None:
    """16 bytes of 4-bit scale and minimum, 64 bytes of four 2-bit codes, d, dmin (f16).

    weight = d * s * code - dmin * m = d * s * (code - 2) + (2 * d * s - dmin * m)
    """
    steps = column(blocks, 0, 16, np.uint8)
    groups.scale[...] = half(blocks, 80) * (steps & np.uint8(0x0F))
    groups.offset[...] = 2 * groups.scale - half(blocks, 82) * (steps >> np.uint8(4))
    words = column(blocks, 16, 80, np.uint16)  # [n, 2 * 16]: in each half of the block, 32 bytes hold 4 runs of 32
    for run in range(4):
        centred = bits_of(words, 2 * run, 0x0303) + np.uint16(0x0E0E)  # code - 2, modulo 16
        place(groups.codes, 16, 4, run, pack_neighbours(centred))


def decode_q3_k(blocks: np.ndarray, groups: Groups) -> None:
    """32 bytes of third bits, 64 bytes of four 2-bit codes, 12 bytes of 6-bit scales, d (f16).

    A third bit that is not set subtracts 4, so in two's complement it sets the two upper bits of four.
    """
    groups.scale[...] = half(blocks, 108) * _q3_k_steps(blocks)
    words = column(blocks, 32, 96, np.uint16).reshape(-1, 2, 16)
    negative = ~column(blocks, 0, 32, np.uint16)
    codes = groups.codes.reshape(-1, 2, 64)
    for part in range(2):
        for run in range(4):
            sign = bits_of(negative, 4 * part + run, 0x0101) * np.uint16(0x0C)
            code = bits_of(words[:, part], 2 * run, 0x0303)
            codes[:, part, 16 * run : 16 * (run + 1)] = pack_neighbours(code | sign)


def _q3_k_steps(blocks: np.ndarray) -> np.ndarray:
    """[n, 16] int8 scales of -32..31: 4 low bits in 8 bytes of halves, 2 high bits in 4 bytes."""
    low = column(blocks, 96, 104, np.uint32)  # [n, 2]
    high = column(blocks, 104, 108, np.uint32)  # [n, 1]
    steps = np.empty((len(blocks), 4), np.uint32)
    for part in range(4):
        four = bits_of(low[:, part % 2], 4 * (part // 2), 0x0F0F0F0F)
        two = bits_of(high[:, 0], 2 * part, 0x03030303)
        steps[:, part] = four | (two << np.uint32(4))
    return steps.view(np.int8) - np.int8(32)


def decode_q4_k(blocks: np.ndarray, groups: Groups) -> None:
    """d, dmin (f16), 12 bytes of 6-bit scales and minima, 128 bytes of halves.

    weight = d * s * code - dmin * m = d * s * (code - 8) + (8 * d * s - dmin * m)
    """
    scale, minimum = _scales_and_minima(blocks)
    groups.scale[...] = scale
    np.multiply(scale, np.float32(8), out=groups.offset)
    groups.offset[...] -= minimum
    repack_halves(column(blocks, 16, 144, np.uint8), groups.codes, 32, flip=True)


def decode_q5_k(blocks: np.ndarray, groups: Groups) -> None:
    """As Q4_K, with 32 bytes of fifth bits before the halves.

    weight = d * s * code - dmin * m = d * s * (code - 16) + (16 * d * s - dmin * m)
    """
    scale, minimum = _scales_and_minima(blocks)
    groups.scale[...] = scale
    np.multiply(scale, np.float32(16), out=groups.offset)
    groups.offset[...] -= minimum
    fifth = column(blocks, 16, 48, np.uint64)  # [n, 4]: bit i of byte j belongs to weight 32 * i + j
    low = column(blocks, 48, 176, np.uint64).reshape(-1, 4, 4)
    codes = groups.codes.view(np.uint64).reshape(-1, 8, 4)
    for run in range(8):
        four = bits_of(low[:, run // 2], 4 * (run % 2), 0x0F0F0F0F0F0F0F0F)
        four |= bits_of(fifth, run, 0x0101010101010101) << np.uint64(4)
        codes[:, run] = four
    groups.codes[...] -= np.int8(16)


def _scales_and_minima(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """d * s and dmin * m of Q4_K and Q5_K, each [n, 8] float32.

    Of the three words of four bytes, the first two hold 6 bits of s 0..3 and m 0..3 and, above them, 2 high bits of
    s 4..7 and m 4..7; the third holds the 4 low bits of those.
    """
    words = column(blocks, 4, 16, np.uint32)  # [n, 3]
    first, second, third = words[:, 0], words[:, 1], words[:, 2]
    steps = np.empty((len(blocks), 4), np.uint32)
    steps[:, 0] = first & np.uint32(0x3F3F3F3F)
    steps[:, 1] = bits_of(third, 0, 0x0F0F0F0F) | bits_of(first, 2, 0x30303030)
    steps[:, 2] = second & np.uint32(0x3F3F3F3F)
    steps[:, 3] = bits_of(third, 4, 0x0F0F0F0F) | bits_of(second, 2, 0x30303030)
    factors = steps.view(np.uint8).astype(np.float32)  # [n, 16]
    return half(blocks, 0) * factors[:, :8], half(blocks, 2) * factors[:, 8:]


def decode_q6_k(blocks: np.ndarray, groups: Groups) -> None:
    """128 bytes of halves, 64 bytes of four 2-bit high parts, 16 int8 scales, d (f16); weight = d * s * (code - 32)."""
    np.multiply(half(blocks, 208), column(blocks, 192, 208, np.int8), out=groups.scale)
    low = column(blocks, 0, 128, np.uint64)  # [n, 2 halves of the block, 2 runs, 4 words]
    high = column(blocks, 128, 192, np.uint64)  # [n, 2, 4]
    nibbles = [bits_of(low, shift, 0x0F0F0F0F0F0F0F0F).reshape(-1, 2, 4) for shift in (0, 4)]
    pairs = high.reshape(-1, 4)
    for run in range(4):
        upper = bits_of(pairs, 2 * run, 0x0303030303030303) << np.uint64(4)
        upper |= nibbles[run // 2][:, run % 2]
        code = upper.view(np.int8)
        code -= np.int8(32)
        place(groups.codes, 32, 4, run, code)
