"""Square patches side by side on a large picture, and their sizes.

::

    ┌────┬────┬─┐      patches of one size from the upper left corner, row by row;
    │ 0  │ 1  │ │      what is left at the right and below is not sent
    ├────┼────┼─┤
    │ 2  │ 3  │ │
    └────┴────┴─┘
"""

import random

import numpy as np
from PIL import Image as Pillow

__all__ = ["PATCH_PX", "cell_edges", "grid_shape", "random_choice", "reduce_patch"]

PATCH_PX = 896


def grid_shape(width_px: int, height_px: int, side_px: int) -> tuple[int, int]:
    """(rows, columns) of whole patches in a picture, at least one of each.

    >>> grid_shape(2000, 800, 896)
    (1, 2)
    """
    return max(height_px // side_px, 1), max(width_px // side_px, 1)


def cell_edges(num_cells: int, side: float) -> np.ndarray:
    """The lines between cells of a length, [num_cells + 1] float64 from 0.

    >>> cell_edges(2, 1.5)
    array([0. , 1.5, 3. ])
    """
    return np.arange(num_cells + 1) * float(side)


def random_choice(number: int, at_most: int, seed: int) -> tuple[int, ...]:
    """Which of so many remain, drawn without replacement and put back in order; all where there are no more.

    Python's own generator, as in the official notebook (`random.sample`): the same on every machine and version.

    >>> random_choice(10, 3, seed=0)
    (0, 6, 9)
    >>> random_choice(3, 10, seed=0)
    (0, 1, 2)
    """
    if number <= at_most:
        return tuple(range(number))
    return tuple(sorted(random.Random(seed).sample(range(number), at_most)))


def reduce_patch(pixels: np.ndarray, side_px: int = PATCH_PX) -> np.ndarray:
    """Shrink a square patch by averaging (Pillow's box filter; for whole factors each block's mean, to one level).

    Args:
        pixels: [S, S, 3] uint8, S at least `side_px`; of that size it comes back as it is.
        side_px: the side it gets.

    Returns:
        [side_px, side_px, 3] uint8, read-only where it is new.
    """
    if pixels.shape[:2] == (side_px, side_px):
        return pixels
    return np.asarray(Pillow.fromarray(pixels).resize((side_px, side_px), Pillow.Resampling.BOX))
