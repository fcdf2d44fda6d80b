"""The codebooks of GGUF's IQ types, as whole words that hold several codes.

The numbers are ggml's (ggml-common.h); they come from the tables of the gguf package, so that they stand nowhere twice.
A word's lowest byte is the first weight.
"""

from functools import cache

import numpy as np

__all__ = ["byte_pairs", "grid_words", "sign_words", "signs_of_seven"]


@cache
def grid_words(kind: str) -> np.ndarray:
    """A type's codebook: uint64 of 8 codes, or uint32 of 4, for each index."""
    from gguf import quants

    table = getattr(quants, kind)
    table.init_grid()
    codes = table.grid.reshape(table.grid_shape).astype(np.int8)
    return codes.view(np.uint64 if codes.shape[1] == 8 else np.uint32).reshape(-1)


@cache
def sign_words() -> np.ndarray:
    """uint64 for each byte of sign bits: 0xFF in the bytes whose bit, the lowest first, is set."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    return np.ascontiguousarray(bits * np.uint8(0xFF)).view(np.uint64).reshape(-1)


@cache
def signs_of_seven() -> np.ndarray:
    """`sign_words` for 7 stored bits: the eighth makes the number of set bits even."""
    index = np.arange(128)
    odd = np.unpackbits(index.astype(np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.int64) & 1
    return sign_words()[index | (odd << 7)]


@cache
def byte_pairs(values: tuple[int, ...]) -> np.ndarray:
    """uint16 of two int8 codes for each 16 bits that hold a 4-bit index in each byte's low half: [0x1000]."""
    index = np.arange(0x1000)
    codes = np.array(values, np.int8)
    return np.stack([codes[index & 0xF], codes[(index >> 8) & 0xF]], axis=-1).view(np.uint16).reshape(-1)
