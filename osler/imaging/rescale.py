"""From a film's or a slice's own numbers to 8 bits.

Source: generic_dicom_handler.py and image_utils.py of the official serving container (reference/medgemma.md 1c, 1b).
"""

from collections.abc import Callable

import numpy as np

__all__ = ["hounsfield", "modality_values", "stretch_film", "stretch_slice"]

WHITE_16 = 65_535
LEVELS_APART = 257  # 65,535 / 255
BAND_ROWS = 256


def modality_values(stored: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    """Stored values times Rescale Slope plus Rescale Intercept (DICOM PS3.3 C.11.1), float64."""
    return stored.astype(np.float64) * slope + intercept


def hounsfield(stored: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    """A CT slice in Hounsfield units, rounded to whole ones, int32."""
    return np.round(modality_values(stored, slope, intercept)).astype(np.int32)


def stretch_film(values: np.ndarray, *, inverted: bool = False) -> np.ndarray:
    """A radiograph's whole range over 0 to 255.

    The range is first laid over 16 bits and cut to whole numbers, then divided by 257 and rounded: the container's two
    steps, kept so that every level is the same. It inverts in between; that gives the same levels, because no
    whole number divided by 257 ends in one half.

    Args:
        values: [Y, X] of any integer or float type, all finite.
        inverted: whether low values are bright (MONOCHROME1).

    Returns:
        [Y, X] uint8. A film of one single value comes out white (inverted black), as it does there.
    """
    low, high = float(values.min()), float(values.max())

    def level(band: np.ndarray) -> np.ndarray:
        return np.round(np.floor(np.interp(band, (low, high), (0, WHITE_16))) / LEVELS_APART)

    film = _banded(values, level)
    return 255 - film if inverted else film


def stretch_slice(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """An MR slice's numbers between the volume's lowest and highest value, rounded to 0..255.

    Args:
        values: [Y, X] of any integer or float type, all between `low` and `high`.

    Returns:
        [Y, X] uint8; 255 throughout where `low` equals `high`, as the container has it.
    """
    if low == high:
        return np.full(values.shape, 255, np.uint8)
    return _banded(values, lambda band: np.round((band.astype(np.float64) - low) / (high - low) * 255))


def _banded(values: np.ndarray, level: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Apply a function of single values to a few rows at a time, so that float64 copies stay small."""
    out = np.empty(values.shape, np.uint8)
    for start in range(0, values.shape[0], BAND_ROWS):
        out[start : start + BAND_ROWS] = level(values[start : start + BAND_ROWS])
    return out
