"""Where on a slide there is tissue: not glass, which is bright, and not what was never scanned, which is black.

Source: EZ-WSI-DICOMweb's patch generator, which the official notebooks use (reference/medgemma.md 2b).
"""

import numpy as np

__all__ = ["DARKEST", "LIGHTEST", "cell_means", "is_tissue", "luminance"]

DARKEST, LIGHTEST = 1 / 255, 0.8


def luminance(pixels: np.ndarray) -> np.ndarray:
    """Grey of [Y, X, 3] uint8 as [Y, X] uint8: 0.299 red + 0.587 green + 0.114 blue, rounded (ITU-R BT.601).

    >>> luminance(np.array([[[255, 255, 255], [200, 100, 150]]], np.uint8))
    array([[255, 136]], dtype=uint8)
    """
    red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)


def cell_means(values: np.ndarray, row_edges: np.ndarray, column_edges: np.ndarray) -> np.ndarray:
    """Means over the cells of a grid whose lines may run through pixels; such pixels count by their share.

    Args:
        values: [Y, X], any numbers.
        row_edges: [R + 1] ascending, within 0 to Y.
        column_edges: [C + 1] ascending, within 0 to X.

    Returns:
        [R, C] float64.

    >>> cell_means(np.array([[0, 10, 20]]), np.array([0, 1]), np.array([0, 1.5, 3]))
    array([[ 3.33333333, 16.66666667]])
    """
    sums = _sums_between(_sums_between(values, row_edges).T, column_edges).T  # [R, C]
    return sums / np.outer(np.diff(row_edges), np.diff(column_edges))


def is_tissue(means: np.ndarray) -> np.ndarray:
    """Which mean luminances, in 0 to 255, are tissue's: 1 to 204, once rounded.

    >>> is_tissue(np.array([0.4, 1.0, 204.4, 204.6]))
    array([False,  True,  True, False])
    """
    levels = np.round(means)
    return (levels >= int(255 * DARKEST)) & (levels <= int(255 * LIGHTEST))


def _sums_between(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """[N, M] summed along its rows between edges, by shares: [len(edges) - 1, M] float64."""
    edges = np.clip(np.asarray(edges, np.float64), 0, values.shape[0])
    running = np.zeros((values.shape[0] + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=running[1:])
    whole = np.minimum(edges.astype(np.int64), values.shape[0] - 1)
    share = (edges - whole)[:, None]
    return np.diff(running[whole] * (1 - share) + running[whole + 1] * share, axis=0)
