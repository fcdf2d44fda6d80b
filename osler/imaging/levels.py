"""Several windows of the same numbers as the colours of one picture."""

from collections.abc import Sequence

import numpy as np

from osler.imaging.window import window

__all__ = ["colours"]


def colours(values: np.ndarray, windows: Sequence[tuple[float, float]]) -> np.ndarray:
    """Lay each window over 0..255, rounded (`window`), and stack them as channels.

    Args:
        values: [Y, X] int32 or float32; what is not a number counts as the lowest.
        windows: (low, high), low below high: one for grey, or one each for red, green and blue.

    Returns:
        [Y, X, 3] uint8.

    >>> colours(np.array([[-2000, 0, 40]], np.int32), [(-1024, 1024), (-135, 215), (0, 80)]).tolist()
    [[[0, 0, 0], [128, 98, 0], [132, 128, 128]]]
    """
    if values.dtype.kind == "f":
        lowest, highest = min(low for low, _ in windows), max(high for _, high in windows)
        values = np.nan_to_num(values, nan=lowest, posinf=highest, neginf=lowest)
    levels = [window(values, *limits) for limits in windows]
    return np.stack(levels if len(levels) == 3 else levels * 3, axis=-1)
