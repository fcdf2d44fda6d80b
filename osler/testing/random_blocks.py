"""Matrices in GGUF's block types: quantised where the gguf package can, random legal blocks where it cannot."""

import numpy as np

__all__ = ["DENSE", "QUANTISABLE", "quantised_blocks", "random_blocks"]

DENSE = ("F32", "F16", "BF16")
QUANTISABLE = ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "TQ1_0", "TQ2_0", "MXFP4")

# Where a block's float16 factors stand, and each one's size beside the first: a minimum that makes the mean zero.
_FACTORS: dict[str, tuple[tuple[int, float], ...]] = {
    "Q4_0": ((0, 1.0),),
    "Q4_1": ((0, 1.0), (2, -7.5)),
    "Q5_0": ((0, 1.0),),
    "Q5_1": ((0, 1.0), (2, -15.5)),
    "Q8_0": ((0, 1.0),),
    "Q2_K": ((80, 1.0), (82, 1.5)),
    "Q3_K": ((108, 1.0),),
    "Q4_K": ((0, 1.0), (2, 7.5)),
    "Q5_K": ((0, 1.0), (2, 15.5)),
    "Q6_K": ((208, 1.0),),
    "IQ1_S": ((0, 1.0),),
    "IQ2_XXS": ((0, 1.0),),
    "IQ2_XS": ((0, 1.0),),
    "IQ2_S": ((0, 1.0),),
    "IQ3_XXS": ((0, 1.0),),
    "IQ3_S": ((0, 1.0),),
    "IQ4_NL": ((0, 1.0),),
    "IQ4_XS": ((0, 1.0),),
    "TQ1_0": ((52, 1.0),),
    "TQ2_0": ((64, 1.0),),
}


def quantised_blocks(values: np.ndarray, kind: str, generator: np.random.Generator) -> np.ndarray:
    """A matrix as GGUF stores it: float32, float16 or uint8 rows of blocks."""
    import gguf

    if kind in DENSE or kind in QUANTISABLE:
        return gguf.quantize(values, gguf.GGMLQuantizationType[kind])
    return random_blocks(kind, values.shape[0], values.shape[1], generator)


def random_blocks(kind: str, rows: int, columns: int, generator: np.random.Generator) -> np.ndarray:
    """[rows, bytes] uint8 of legal blocks whose weights have a root mean square of about columns ** -0.5."""
    import gguf

    number = gguf.GGMLQuantizationType[kind]
    weights, size = gguf.GGML_QUANT_SIZES[number]
    blocks = generator.integers(0, 256, (rows * columns // weights, size), dtype=np.uint8)
    signs = generator.choice(np.array([-1, 1], np.float32), len(blocks)) if kind not in ("Q2_K", "Q4_K", "Q5_K") else 1
    jitter = signs * generator.uniform(0.5, 1.0, len(blocks)).astype(np.float32)
    _set_factors(blocks, kind, jitter / 256)
    size_now = np.sqrt(np.mean(np.square(gguf.dequantize(blocks, number).astype(np.float64))))
    _set_factors(blocks, kind, jitter / 256 * np.float32(columns**-0.5 / size_now))
    return blocks.reshape(rows, -1)


def _set_factors(blocks: np.ndarray, kind: str, factor: np.ndarray) -> None:
    """Write each block's scale, and what goes with it, into the block."""
    if kind == "MXFP4":  # one byte of exponent, no sign
        blocks[:, 0] = 127 + np.floor(np.log2(np.abs(factor)))
    elif kind == "IQ1_M":
        _set_iq1_m(blocks, factor.astype(np.float16).view(np.uint16))
    else:
        for start, ratio in _FACTORS[kind]:
            column = (factor * np.float32(ratio)).astype(np.float16)
            blocks[:, start : start + 2] = column.view(np.uint8).reshape(-1, 2)


def _set_iq1_m(blocks: np.ndarray, bits: np.ndarray) -> None:
    """IQ1_M keeps its float16 in the top four bits of four 16-bit words, the lowest part first."""
    words = blocks[:, 48:56].copy().view(np.uint16)
    for part in range(4):
        words[:, part] = (words[:, part] & 0x0FFF) | (((bits >> (4 * part)) & 0xF) << 12)
    blocks[:, 48:56] = words.view(np.uint8)
