"""A rough copy of a matrix in 4 bits, to find the few rows whose products can be the greatest."""

import numpy as np

from osler.model.matrix import GroupedMatrix, Matrix

__all__ = ["COARSE_GROUP", "coarse", "could_be_greatest"]

COARSE_GROUP = 128
"""Weights that share a scale: 0.53 bytes a weight in all."""

SLAB_ROWS = 4096
SPREADS = 6.0
"""Standard deviations of a row's rounding error that are allowed for: once in a thousand million rows."""

LARGEST_CODE = 7


def coarse(matrix: Matrix) -> GroupedMatrix:
    """`matrix` [N, K] rounded to 4 bits in groups of `COARSE_GROUP`, each scaled by its greatest weight."""
    slabs = [
        _coarse_rows(matrix.rows(slice(start, start + SLAB_ROWS)).dequantised())
        for start in range(0, matrix.shape[0], SLAB_ROWS)
    ]
    codes, scale = (np.concatenate(parts) for parts in zip(*slabs, strict=True))
    return GroupedMatrix(codes=codes, bits=4, scale=scale, offset=None, group=COARSE_GROUP)


def could_be_greatest(products: np.ndarray, x: np.ndarray, row_scale: np.ndarray, activation_group: int) -> np.ndarray:
    """Rows whose exact product with x may be the greatest, by their coarse products.

    A row's error has two parts, both of rounding: of its weights (standard deviation scale / √12 each) and of x, which
    is rounded to 8 bits in groups (its weights taken as four times their scale, more than trained ones have).

    Args:
        products: [N] float32, coarse products; -inf for rows that are out of the question.
        x: [K] float32.
        row_scale: [N] float32, root mean square of each row's scales.
        activation_group: numbers of x that are rounded together.

    Returns:
        Row numbers, int64, ascending.
    """
    steps = np.abs(x).reshape(-1, activation_group).max(axis=1) / 127
    variance = (np.sum(np.square(x)) + 16 * activation_group * np.sum(np.square(steps))) / 12
    margin = row_scale * np.float32(SPREADS * np.sqrt(variance))  # [N]
    return np.flatnonzero(products + margin >= np.max(products - margin))


def _coarse_rows(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Packed codes [n, K / 2] uint8 and scales [n, K / group] float32 of weights [n, K]."""
    groups = weights.reshape(len(weights), -1, COARSE_GROUP)
    scale = np.abs(groups).max(axis=2) / LARGEST_CODE
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    codes = np.rint(groups * inverse[..., None]).astype(np.int8).reshape(weights.shape)
    packed = (codes[:, 0::2] & 0x0F) | (codes[:, 1::2] << 4)
    return packed.view(np.uint8), scale
