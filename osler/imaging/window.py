"""Windows: a range of Hounsfield units, or of any other values, laid over 0 to 255."""

import numpy as np

from osler.imaging.rescale import modality_values

__all__ = ["window"]

BAND_ROWS = 256


def window(hu: np.ndarray, low_hu: float, high_hu: float, *, slope: float = 1.0, intercept: float = 0.0) -> np.ndarray:
    """Clip to a range and lay it over 0..255, rounded to the nearest level.

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
    out = np.empty(hu.shape, np.uint8)
    for start in range(0, len(hu), BAND_ROWS):
        values = np.clip(modality_values(hu[start : start + BAND_ROWS], slope, intercept), low_hu, high_hu)
        out[start : start + BAND_ROWS] = np.round((values - low_hu) / (high_hu - low_hu) * 255)
    return out
