"""Where patches lie in the picture that they were cut from: all of them put in their places, small."""

from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow

__all__ = ["overview"]

Region = tuple[int, int, int, int]

GROUND = (52, 55, 62)
BEYOND = (24, 26, 30)


def overview(
    squares: Sequence[np.ndarray], regions_px: Sequence[Region], size_px: tuple[int, int], side: int
) -> np.ndarray:
    """Put patches in their places.

    Args:
        squares: [N, N, 3] uint8 each.
        regions_px: (x, y, width, height) of each in the whole picture's pixels.
        size_px: width and height of the whole picture.
        side: S, of the square into which it is fitted, its shorter side in the middle.

    Returns:
        [S, S, 3] uint8. What no patch covers is grey; a patch takes at least one pixel. What lies beyond the picture's
        right and lower edges is left out: a patch may be a hundred times as large as a tiny slide.
    """
    width, height = size_px
    scale = side / max(width, height)
    left, top = (side - width * scale) / 2, (side - height * scale) / 2
    canvas = Pillow.new("RGB", (side, side), BEYOND)
    canvas.paste(GROUND, (round(left), round(top), round(side - left), round(side - top)))
    for square, region in zip(squares, regions_px, strict=True):
        x, y, region_width, region_height = region
        seen_x, seen_y = min(region_width, width - x), min(region_height, height - y)
        x0, y0 = round(left + x * scale), round(top + y * scale)
        x1, y1 = round(left + (x + seen_x) * scale), round(top + (y + seen_y) * scale)
        part = (0, 0, square.shape[1] * seen_x / region_width, square.shape[0] * seen_y / region_height)
        extent = (max(1, x1 - x0), max(1, y1 - y0))
        canvas.paste(Pillow.fromarray(square).resize(extent, Pillow.Resampling.BOX, box=part), (x0, y0))
    return np.array(canvas)
