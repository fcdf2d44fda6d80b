"""Several windows of the same numbers as the colours of one picture."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from osler.imaging.window import window

__all__ = ["colours"]

MAX_TABLE = 2**16


def colours(values: np.ndarray, windows: Sequence[tuple[float, float]]) -> np.ndarray:
    """Lay each window over 0..255, rounded (`window`), and stack them as channels.

    Whole numbers look all channels up at once in a table of the same levels, which is faster than one by one.

    Args:
        values: [Y, X] int32 or float32; what is not a number counts as the lowest.
        windows: (low, high), low below high: one for grey, or one each for red, green and blue.

    Returns:
        [Y, X, 3] uint8.

    >>> colours(np.array([[-2000, 0, 40]], np.int32), [(-1024, 1024), (-135, 215), (0, 80)]).tolist()
    [[[0, 0, 0], [128, 98, 0], [132, 128, 128]]]
    """
    low = int(np.floor(min(low for low, _ in windows)))
    high = int(np.ceil(max(high for _, high in windows)))
    if values.dtype.kind == "i" and high - low < MAX_TABLE and max(-low, high) < 2**31:
        return _table(low, high, tuple(windows)).take(np.clip(values, low, high) - low, axis=0)
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    return _stacked(values, windows)


@lru_cache(maxsize=8)
def _table(low: int, high: int, windows: tuple[tuple[float, float], ...]) -> np.ndarray:
    """[levels, 3] of every whole number between the two; the same for all slices of a volume."""
    return _stacked(np.arange(low, high + 1), windows)


def _stacked(values: np.ndarray, windows: Sequence[tuple[float, float]]) -> np.ndarray:
    """[..., 3]: each window's levels, or one's three times."""
    levels = [window(values, *limits) for limits in windows]
    return np.stack(levels if len(levels) == 3 else levels * 3, axis=-1)
