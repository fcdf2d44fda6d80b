"""Repacking of 4-bit codes.

GGUF puts weight j of a run in the low and weight j + run in the high half of byte j. Our packing puts neighbours
into one byte, the even one low (osler.model.matrix).
"""

import numpy as np

__all__ = ["pack_neighbours", "place", "repack_halves", "unpack_halves"]

_LOW = np.uint16(0x0F0F)
_FOUR = np.uint16(4)


def pack_neighbours(codes: np.ndarray) -> np.ndarray:
    """Codes in the low halves of bytes, [n, W], into bytes of two neighbours, [n, W // 2] uint8."""
    words = codes.view(np.uint16) & _LOW
    words |= words >> _FOUR
    return words.astype(np.uint8)


def place(target: np.ndarray, run: int, stride: int, position: int, values: np.ndarray) -> None:
    """Put runs of bytes into every `stride`-th place of a contiguous array.

    Args:
        target: bytes, seen as [..., stride, run].
        values: the bytes of [..., run], which go to [..., position, :].
    """
    item = f"V{run}"  # numpy copies opaque items of a run's size several times faster than short inner rows
    target.view(item).reshape(-1, stride)[:, position] = values.view(item).reshape(-1)


def repack_halves(packed: np.ndarray, codes: np.ndarray, run: int, *, flip: bool) -> None:
    """Bytes of low and high halves into bytes of neighbours.

    Args:
        packed: [n, B] uint8, contiguous; overwritten.
        codes: [n, B] uint8, the result.
        run: bytes whose low halves' weights are followed by their high halves' (16 or 32).
        flip: turn unsigned codes into two's complement of code - 8, which inverts the top bit.
    """
    words = packed.view(np.uint16)
    if flip:
        words ^= np.uint16(0x8888)
    place(codes, run // 2, 2, 0, pack_neighbours(words))
    words >>= _FOUR
    place(codes, run // 2, 2, 1, pack_neighbours(words))


def unpack_halves(packed: np.ndarray, run: int) -> np.ndarray:
    """Bytes of low and high halves, [n, B], into one code a byte in the weights' order, [n, 2 * B] uint8."""
    words = packed.view(np.uint16)
    codes = np.empty((packed.shape[0], 2 * packed.shape[1]), np.uint8)
    place(codes, run, 2, 0, words & _LOW)
    place(codes, run, 2, 1, (words >> _FOUR) & _LOW)
    return codes
