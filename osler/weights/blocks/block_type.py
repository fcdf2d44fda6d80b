"""What a GGUF block type is, seen as codes with a scale and an offset."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["BlockType", "Decoder", "Groups"]


@dataclass(frozen=True, slots=True)
class Groups:
    """Where a decoder writes what it reads from n blocks.

    Attributes:
        codes: [n, weights * bits // 8] uint8, or int8 for 8 bits.
        scale: [n, weights // group] float32.
        offset: [n, weights // group] float32; [n, 0] where the type has none.
    """

    codes: np.ndarray
    scale: np.ndarray
    offset: np.ndarray


Decoder = Callable[[np.ndarray, Groups], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockType:
    """One of GGUF's block types.

    Attributes:
        weights: weights in a block.
        size_bytes: bytes of a block in the file.
        group: weights that share a scale.
        bits: bits of a code in our form: 4 where every code fits -8..7, else 8.
        has_offset: whether groups carry an offset besides the scale.
        decode: reads [n, size_bytes] uint8 blocks (contiguous) into `Groups`.
    """

    name: str
    weights: int
    size_bytes: int
    group: int
    bits: int
    has_offset: bool
    decode: Decoder
