"""Types whose codes come from a codebook: IQ1_S to IQ3_S, and IQ4_NL, IQ4_XS and MXFP4 with uneven steps.

Source: the layouts of ggml's ggml-common.h, checked against the gguf package's dequantisation.
"""

import numpy as np

from osler.weights.blocks.block_type import Groups
from osler.weights.blocks.fields import bits_of, column, half, high_and_low
from osler.weights.blocks.grids import byte_pairs, grid_words, sign_words, signs_of_seven
from osler.weights.blocks.nibbles import pack_neighbours, place

__all__ = [
    "decode_iq1_m",
    "decode_iq1_s",
    "decode_iq2_s",
    "decode_iq2_xs",
    "decode_iq2_xxs",
    "decode_iq3_s",
    "decode_iq3_xxs",
    "decode_iq4_nl",
    "decode_iq4_xs",
    "decode_mxfp4",
]

_UNEVEN = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
_E2M1_DOUBLED = (0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)


def _write_signed(words: np.ndarray, signs: np.ndarray, groups: Groups) -> None:
    """Codes of codebook words, negated where the sign words are set: -x is (x ^ -1) + 1 in each byte."""
    flipped = (words ^ signs).view(np.int8)
    np.subtract(flipped, signs.view(np.int8), out=groups.codes)


def _stepped(blocks: np.ndarray, steps: np.ndarray, factor: float) -> np.ndarray:
    """d * (0.5 + step) * factor: [n, groups]."""
    return half(blocks, 0) * ((steps.astype(np.float32) + np.float32(0.5)) * np.float32(factor))


def decode_iq2_xxs(blocks: np.ndarray, groups: Groups) -> None:
    """d (f16); for each 32 weights 4 bytes of indices and a word of 4 times 7 sign bits and a 4-bit scale."""
    words = column(blocks, 2, 66, np.uint32).reshape(-1, 8, 2)
    index = np.ascontiguousarray(words[..., 0]).view(np.uint8)  # [n, 32]
    groups.scale[...] = _stepped(blocks, words[..., 1] >> np.uint32(28), 0.25)
    _write_signed(grid_words("IQ2_XXS")[index], _four_signs(words[..., 1]), groups)


def decode_iq3_xxs(blocks: np.ndarray, groups: Groups) -> None:
    """d (f16), 64 bytes of indices (4 weights each), then for each 32 weights a word as in IQ2_XXS."""
    words = column(blocks, 66, 98, np.uint32)  # [n, 8]
    groups.scale[...] = _stepped(blocks, words >> np.uint32(28), 0.5)
    codes = grid_words("IQ3_XXS")[column(blocks, 2, 66, np.uint8)]  # [n, 64] uint32
    _write_signed(codes.view(np.uint64), _four_signs(words), groups)


def _four_signs(words: np.ndarray) -> np.ndarray:
    """[n, 8] words into [n, 32] sign words: 7 bits each from the lowest 28."""
    shifts = np.array([0, 7, 14, 21], np.uint32)
    return signs_of_seven()[(words[..., None] >> shifts) & np.uint32(0x7F)].reshape(len(words), -1)


def decode_iq2_xs(blocks: np.ndarray, groups: Groups) -> None:
    """d (f16), 32 times 9 bits of index and 7 of sign, 8 bytes of two 4-bit scales."""
    packed = column(blocks, 2, 66, np.uint16)  # [n, 32]
    groups.scale[...] = _stepped(blocks, high_and_low(column(blocks, 66, 74, np.uint8)), 0.25)
    signs = signs_of_seven()[packed >> np.uint16(9)]
    _write_signed(grid_words("IQ2_XS")[packed & np.uint16(0x1FF)], signs, groups)


def decode_iq2_s(blocks: np.ndarray, groups: Groups) -> None:
    """d (f16), 32 low bytes of index, 32 bytes of signs, 8 bytes of four 2-bit high parts, 8 of two 4-bit scales."""
    groups.scale[...] = _stepped(blocks, high_and_low(column(blocks, 74, 82, np.uint8)), 0.25)
    high = column(blocks, 66, 74, np.uint8)[..., None] >> np.array([0, 2, 4, 6], np.uint8)
    index = _index(column(blocks, 2, 34, np.uint8), high & np.uint8(3))
    _write_signed(grid_words("IQ2_S")[index], sign_words()[column(blocks, 34, 66, np.uint8)], groups)


def decode_iq3_s(blocks: np.ndarray, groups: Groups) -> None:
    """d (f16), 64 low bytes of index (4 weights each), 8 bytes of ninth bits, 32 bytes of signs, 4 of 4-bit scales.

    Every value v is odd, from -15 to 15, so v = 2 * code + 1 with codes of -8..7 that fit 4 bits.
    Negation of v inverts the bits of its code: -(2c + 1) = 2 * ~c + 1.
    """
    steps = high_and_low(column(blocks, 106, 110, np.uint8))
    groups.offset[...] = half(blocks, 0) * (2 * steps.astype(np.float32) + 1)
    np.multiply(groups.offset, np.float32(2), out=groups.scale)
    ninth = np.unpackbits(column(blocks, 66, 74, np.uint8), axis=1, bitorder="little")
    codes = _halved_iq3_s()[_index(column(blocks, 2, 66, np.uint8), ninth)]  # [n, 64] uint32
    signs = sign_words()[column(blocks, 74, 106, np.uint8)]
    groups.codes[...] = pack_neighbours((codes.view(np.uint64) ^ signs).view(np.uint8))


def _halved_iq3_s() -> np.ndarray:
    """(v - 1) / 2 for every v of the codebook."""
    return ((grid_words("IQ3_S").view(np.uint8) - np.uint8(1)) >> np.uint8(1)).view(np.uint32)


def _index(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Low bytes and the bits above them as uint16."""
    return low.astype(np.uint16) | (high.reshape(low.shape).astype(np.uint16) << np.uint16(8))


def decode_iq1_s(blocks: np.ndarray, groups: Groups) -> None:
    """d (f16), 32 low bytes of index, for each 32 weights 4 times 3 high bits, a 3-bit scale and the sign of 1/8.

    weight = d * (2 * s + 1) * (code ± 1/8), codes of -1..1.
    """
    words = column(blocks, 34, 50, np.uint16)  # [n, 8]
    scale = half(blocks, 0) * (2 * bits_of(words, 12, 7) + 1).astype(np.float32)
    groups.scale[...] = scale
    delta = np.where(words & np.uint16(0x8000), np.float32(-0.125), np.float32(0.125))
    np.multiply(scale, delta, out=groups.offset)
    high = (words[..., None] >> np.array([0, 3, 6, 9], np.uint16)) & np.uint16(7)
    codes = grid_words("IQ1_S")[_index(column(blocks, 2, 34, np.uint8), high)]  # [n, 32] uint64
    groups.codes[...] = pack_neighbours(codes.view(np.uint8))


def decode_iq1_m(blocks: np.ndarray, groups: Groups) -> None:
    """32 low bytes of index, 16 bytes of two times 3 high bits and a sign of 1/8, 8 bytes of 3-bit scales.

    d (f16) lies in the top four bits of the four words of scales. The sign changes within a group, so the eighth goes
    into the codes: weight = d * (2 * s + 1) / 8 * (8 * code ± 1).
    """
    words = column(blocks, 48, 56, np.uint16)  # [n, 4]
    top = words >> np.uint16(12)
    bits = top[:, 0] | top[:, 1] << np.uint16(4) | top[:, 2] << np.uint16(8) | top[:, 3] << np.uint16(12)
    steps = (words[..., None] >> np.array([0, 3, 6, 9], np.uint16)) & np.uint16(7)  # [n, 4, 4]
    factors = (2 * steps.reshape(len(blocks), -1) + 1).astype(np.float32)
    groups.scale[...] = bits.view(np.float16).astype(np.float32)[:, None] * (factors * np.float32(0.125))
    high = high_and_low(column(blocks, 32, 48, np.uint8))  # [n, 32]: 3 bits of index, then the sign
    codes = _eighths()[_index(column(blocks, 0, 32, np.uint8), high)]
    groups.codes[...] = codes.view(np.int8)


def _eighths() -> np.ndarray:
    """uint64 of 8 codes 8 * c ± 1 for 11 bits of index and, above them, the sign."""
    codes = grid_words("IQ1_S").view(np.int8) * np.int8(8)
    return np.concatenate([codes + np.int8(1), codes - np.int8(1)]).view(np.uint64)


def decode_iq4_nl(blocks: np.ndarray, groups: Groups) -> None:
    """d (f16), 16 bytes of halves that index 16 uneven steps."""
    groups.scale[...] = half(blocks, 0)
    _write_uneven(column(blocks, 2, 18, np.uint16), _UNEVEN, groups)


def decode_iq4_xs(blocks: np.ndarray, groups: Groups) -> None:
    """d (f16), 2 bytes of eight 2-bit high parts of scales, 4 bytes of their low parts, 128 bytes as in IQ4_NL."""
    low = high_and_low(column(blocks, 4, 8, np.uint8))  # [n, 8]
    high = column(blocks, 2, 4, np.uint16) >> np.arange(0, 16, 2, dtype=np.uint16)
    steps = (low | ((high & np.uint16(3)) << np.uint16(4)).astype(np.uint8)).astype(np.float32) - np.float32(32)
    groups.scale[...] = half(blocks, 0) * steps
    _write_uneven(column(blocks, 8, 136, np.uint16), _UNEVEN, groups)


def decode_mxfp4(blocks: np.ndarray, groups: Groups) -> None:
    """A byte of exponent, 16 bytes of halves; the steps are E2M1's, doubled, so the scale is 2 ** (e - 128)."""
    exponent = blocks[:, 0].astype(np.uint32)
    tiny = np.uint32(0x00200000) << np.minimum(exponent, np.uint32(1))  # 2 ** -128 and 2 ** -127 are denormal
    bits = np.where(exponent < 2, tiny, (exponent - np.uint32(1)) << np.uint32(23))
    groups.scale[...] = bits.view(np.float32)[:, None]
    _write_uneven(column(blocks, 1, 17, np.uint16), _E2M1_DOUBLED, groups)


def _write_uneven(packed: np.ndarray, steps: tuple[int, ...], groups: Groups) -> None:
    """Codes of bytes of halves, [n, B // 2] uint16, in runs of 16 low and 16 high ones."""
    table = byte_pairs(steps)
    for part in range(2):
        place(groups.codes, 16, 2, part, table[bits_of(packed, 4 * part, 0x0F0F)])
