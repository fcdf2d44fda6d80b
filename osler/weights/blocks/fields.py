"""Reading the fields of blocks: slices of every block at once, as numbers."""

import numpy as np

__all__ = ["bits_of", "column", "half", "high_and_low"]


def column(blocks: np.ndarray, start: int, stop: int, dtype: type[np.generic]) -> np.ndarray:
    """Bytes `start` to `stop` of every block, contiguous, as [n, ...] numbers of `dtype`."""
    return np.ascontiguousarray(blocks[:, start:stop]).view(dtype)


def half(blocks: np.ndarray, start: int) -> np.ndarray:
    """The float16 at byte `start` of every block: [n, 1] float32."""
    return column(blocks, start, start + 2, np.float16).astype(np.float32)


def bits_of(words: np.ndarray, shift: int, mask: int) -> np.ndarray:
    """(words >> shift) & mask in the type of `words`; a mask of one pattern a byte treats several bytes at once."""
    kind = words.dtype.type
    shifted = words >> kind(shift)
    shifted &= kind(mask)
    return shifted


def high_and_low(packed: np.ndarray) -> np.ndarray:
    """[n, B] bytes of two 4-bit numbers into [n, 2 * B] uint8, low one first."""
    return np.stack([packed & np.uint8(0x0F), packed >> np.uint8(4)], axis=-1).reshape(packed.shape[0], -1)
