"""Windows: a range of Hounsfield units, or of any other values, laid over 0 to 255."""

import numpy as np

from osler.imaging.rescale import modality_values

__all__ = ["window"]

MAX_TABLE = 2**16
BAND_ROWS = 256


def window(hu: np.ndarray, low_hu: float, high_hu: float, *, slope: float = 1.0, intercept: float = 0.0) -> np.ndarray:
    """Clip to a range and lay it over 0..255, rounded to the nearest level.

    Whole numbers go through a table of the same arithmetic, which is four times faster.

    Source: the official CT notebooks (reference/medgemma.md 1a).

    Args:
        hu: Hounsfield units, of one axis or more.
        low_hu, high_hu: the range, low below high.
        slope, intercept: a rescale to be applied first.

    Returns:
        uint8 of the same shape.

    >>> window(np.array([-200, -135, 40, 215, 999]), -135, 215)
    array([  0,   0, 128, 255, 255], dtype=uint8)
    """
    scaled = (slope, intercept) != (1.0, 0.0)
    table = None
    if not scaled and hu.dtype.kind in "iu" and hu.dtype != np.uint64 and _is_small(low_hu, high_hu):
        table = _levels(np.arange(low_hu, high_hu + 1), low_hu, high_hu)
    out = np.empty(hu.shape, np.uint8)
    for start in range(0, len(hu), BAND_ROWS):
        band = hu[start : start + BAND_ROWS]
        if scaled:
            band = modality_values(band, slope, intercept)
        if table is None:
            out[start : start + BAND_ROWS] = _levels(band, low_hu, high_hu)
        else:
            out[start : start + BAND_ROWS] = table[np.clip(_wide(band), int(low_hu), int(high_hu)) - int(low_hu)]
    return out


def _is_small(low: float, high: float) -> bool:
    """Whether a table of every whole number between the two is worth its memory."""
    are_whole = float(low).is_integer() and float(high).is_integer()
    return are_whole and high - low < MAX_TABLE and max(abs(low), abs(high)) < 2**31


def _levels(values: np.ndarray, low: float, high: float) -> np.ndarray:
    clipped = np.clip(values.astype(np.float64), low, high)
    return np.round((clipped - low) / (high - low) * 255).astype(np.uint8)


def _wide(values: np.ndarray) -> np.ndarray:
    """In a type in which no window's limits overflow."""
    return values if values.dtype == np.int32 else values.astype(np.int64)
