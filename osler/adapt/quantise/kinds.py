"""The number formats that a matrix can be stored in, their sizes, and who can make them."""

from osler.weights.blocks import BLOCK_TYPES
from osler.weights.names import Shape

__all__ = [
    "DENSE",
    "NEEDS_IMPORTANCE",
    "OF_PACKAGE",
    "bits_per_weight",
    "block_of",
    "fits",
    "row_bytes",
    "size_bytes",
    "with_fallback",
]

DENSE = {"F32": 4, "F16": 2, "BF16": 2}
"""Formats with one number a weight, and their bytes."""

OF_PACKAGE = frozenset({"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "TQ1_0", "TQ2_0", "MXFP4", *DENSE})
"""What the gguf package can make without llama.cpp's library."""

NEEDS_IMPORTANCE = frozenset({"IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS"})
"""Made without an importance matrix, these are no use (llama.cpp's tensor_requires_imatrix refuses them too)."""

# What llama.cpp takes where a row is no multiple of 256 (tensor_type_fallback in its src/llama-quant.cpp).
_FALLBACK = {
    "Q4_0": ("Q2_K", "Q3_K", "TQ1_0", "TQ2_0"),
    "IQ4_NL": ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ4_XS"),
    "Q5_0": ("Q4_K",),
    "Q5_1": ("Q5_K",),
    "Q8_0": ("Q6_K",),
}
FALLBACK = {kind: instead for instead, kinds in _FALLBACK.items() for kind in kinds}


def block_of(kind: str) -> int:
    """Weights that are stored together; a row is whole blocks."""
    return 1 if kind in DENSE else BLOCK_TYPES[kind].weights


def row_bytes(kind: str, columns: int) -> int:
    """Bytes of a row of `columns` weights.

    >>> row_bytes("Q4_K", 2560), row_bytes("F16", 3)
    (1440, 6)
    """
    if kind in DENSE:
        return columns * DENSE[kind]
    block = BLOCK_TYPES[kind]
    return columns // block.weights * block.size_bytes


def size_bytes(kind: str, shape: Shape) -> int:
    """Bytes of a matrix [N, K]."""
    rows, columns = shape
    return rows * row_bytes(kind, columns)


def bits_per_weight(kind: str) -> float:
    """Bits that a weight takes, its share of scales included.

    >>> bits_per_weight("Q4_K"), bits_per_weight("BF16")
    (4.5, 16.0)
    """
    return 8 * row_bytes(kind, block_of(kind)) / block_of(kind)


def fits(kind: str, columns: int) -> bool:
    """Whether rows of `columns` weights are whole blocks."""
    return columns % block_of(kind) == 0


def with_fallback(kind: str, columns: int) -> str:
    """The type itself where rows of `columns` weights are whole blocks of it, else the one that llama.cpp takes.

    >>> with_fallback("Q4_K", 2560), with_fallback("Q4_K", 640), with_fallback("Q6_K", 40)
    ('Q4_K', 'Q5_0', 'F16')
    """
    if fits(kind, columns):
        return kind
    instead = FALLBACK.get(kind, kind)
    return instead if fits(instead, columns) else "F16"
