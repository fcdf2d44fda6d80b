"""Pixels as wide as they are high."""

import numpy as np

__all__ = ["is_square", "square_pixels"]

TOLERANCE = 0.01
MAX_SIDE_PX = 2048
"""More than twice what the model sees; keeps a header that claims needle-shaped pixels from taking memory."""


def is_square(row_mm: float, column_mm: float) -> bool:
    """Whether a pixel's sides differ by no more than one part in a hundred."""
    return abs(row_mm - column_mm) <= TOLERANCE * max(row_mm, column_mm)


def square_pixels(values: np.ndarray, row_mm: float, column_mm: float) -> np.ndarray:
    """Interpolate linearly between rows or columns, so that a picture has the proportions of the body.

    Pixels become as small as their shorter side, unless the picture would be longer than `MAX_SIDE_PX`.

    Args:
        values: [Y, X] int32 or float32.
        row_mm, column_mm: from one row to the next, and from one column to the next.

    Returns:
        [Y', X'] of the same type, whole numbers rounded; the picture itself where its pixels are square.
    """
    if is_square(row_mm, column_mm):
        return values
    height_mm, width_mm = values.shape[0] * row_mm, values.shape[1] * column_mm
    pixel_mm = max(min(row_mm, column_mm), max(height_mm, width_mm) / MAX_SIDE_PX)
    taller = _along_rows(values, max(1, round(height_mm / pixel_mm)))
    return _along_rows(taller.T, max(1, round(width_mm / pixel_mm))).T


def _along_rows(values: np.ndarray, num_rows: int) -> np.ndarray:
    """[Y, X] -> [num_rows, X], with the outer edges of the first and last row where they were."""
    if num_rows == values.shape[0]:
        return values
    places = (np.arange(num_rows) + 0.5) * (values.shape[0] / num_rows) - 0.5
    places = np.clip(places, 0, values.shape[0] - 1)
    above = np.floor(places).astype(int)
    below = np.minimum(above + 1, values.shape[0] - 1)
    share = (places - above)[:, None]
    mixed = values[above] * (1 - share) + values[below] * share
    return (np.rint(mixed) if values.dtype.kind == "i" else mixed).astype(values.dtype)
