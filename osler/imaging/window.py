"""Windows: a range of Hounsfield units laid over 0 to 255."""

import numpy as np

__all__ = ["window"]


def window(hu: np.ndarray, low_hu: float, high_hu: float) -> np.ndarray:
    """Clip to a range and lay it over 0..255, rounded to the nearest level.

    Source: the official CT notebooks (reference/medgemma.md 1a).

    Args:
        hu: Hounsfield units, any shape.
        low_hu, high_hu: the range, low below high.

    Returns:
        uint8 of the same shape.

    >>> window(np.array([-200, -135, 40, 215, 999]), -135, 215)
    array([  0,   0, 128, 255, 255], dtype=uint8)
    """
    clipped = np.clip(hu.astype(np.float64), low_hu, high_hu)
    return np.round((clipped - low_hu) / (high_hu - low_hu) * 255).astype(np.uint8)
