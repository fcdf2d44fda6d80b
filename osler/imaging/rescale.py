"""From a film's or a slice's own numbers to 8 bits.

Large pictures are treated a few rows at a time, so that float64 copies stay small.

Source: generic_dicom_handler.py and image_utils.py of the official serving container (reference/medgemma.md 1c, 1b).
"""

from collections.abc import Callable

import numpy as np

__all__ = ["hounsfield", "modality_values", "reduce_depth", "rescaled_range", "stretch_film", "stretch_slice"]

WHITE_16 = 65_535
LEVELS_APART = 257  # 65,535 / 255
BAND_ROWS = 256


def modality_values(stored: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    """Stored values times Rescale Slope plus Rescale Intercept (DICOM PS3.3 C.11.1), float64."""
    return stored.astype(np.float64) * slope + intercept


def hounsfield(stored: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    """A CT slice in Hounsfield units, rounded to whole ones, int32; what int32 does not hold is cut to its ends."""
    limits = np.iinfo(np.int32)

    def whole(band: np.ndarray) -> np.ndarray:
        return np.clip(np.round(modality_values(band, slope, intercept)), limits.min, limits.max)

    return _banded(stored, whole, np.int32)


def rescaled_range(stored: np.ndarray, slope: float = 1.0, intercept: float = 0.0) -> tuple[float, float]:
    """The lowest and the highest modality value."""
    ends = np.array([stored.min(), stored.max()], np.float64) * slope + intercept
    return float(ends.min()), float(ends.max())


def stretch_film(
    stored: np.ndarray, *, slope: float = 1.0, intercept: float = 0.0, inverted: bool = False
) -> np.ndarray:
    """A radiograph's whole range over 0 to 255.

    The range is first laid over 16 bits and cut to whole numbers, then divided by 257 and rounded: the container's two
    steps, kept so that every level is the same. It inverts in between; that gives the same levels, because no
    whole number divided by 257 ends in one half.

    Args:
        stored: [Y, X] of any integer or float type, all finite.
        slope, intercept: the rescale; a negative slope turns the film round.
        inverted: whether low values are bright (MONOCHROME1).

    Returns:
        [Y, X] uint8. A film of one single value comes out white (inverted black), as it does there.
    """
    low, high = rescaled_range(stored, slope, intercept)

    def level(band: np.ndarray) -> np.ndarray:
        values = modality_values(band, slope, intercept)
        return np.round(np.floor(np.interp(values, (low, high), (0, WHITE_16))) / LEVELS_APART)

    film = _banded(stored, level, np.uint8)
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
    return _banded(values, lambda band: np.round((band.astype(np.float64) - low) / (high - low) * 255), np.uint8)


def reduce_depth(colour: np.ndarray, bits: int) -> np.ndarray:
    """Colour of more than 8 bits, divided so that its highest level becomes 255: [Y, X, 3] uint8."""
    highest = 2**bits - 1
    return _banded(colour, lambda band: np.round(np.clip(band, 0, highest) * (255 / highest)), np.uint8)


def _banded(values: np.ndarray, function: Callable[[np.ndarray], np.ndarray], kind: type) -> np.ndarray:
    """Apply a function of single values to a few rows at a time."""
    out: np.ndarray = np.empty(values.shape, kind)
    for start in range(0, values.shape[0], BAND_ROWS):
        out[start : start + BAND_ROWS] = function(values[start : start + BAND_ROWS])
    return out
