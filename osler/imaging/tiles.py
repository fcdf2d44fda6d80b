"""Cutting a picture into parts.

::

    2 × 2 of 5 × 3 pixels     ┌──┬───┐
                              │ 1│ 2 │   rows 0
                              ├──┼───┤
                              │ 3│ 4 │   rows 1 and 2
                              └──┴───┘
"""

from itertools import pairwise

__all__ = ["tile_regions"]


def tile_regions(width_px: int, height_px: int, columns: int, rows: int) -> tuple[tuple[int, int, int, int], ...]:
    """The parts of a picture, rows from above, each from left to right: none overlap, together they are all of it.

    Args:
        columns, rows: how many parts beside and below each other, none more than there are pixels.

    Returns:
        (x, y, width, height) of each in pixels; sizes differ by one pixel at most.

    >>> tile_regions(5, 3, 2, 2)
    ((0, 0, 2, 1), (2, 0, 3, 1), (0, 1, 2, 2), (2, 1, 3, 2))
    """
    across = [width_px * column // columns for column in range(columns + 1)]
    down = [height_px * row // rows for row in range(rows + 1)]
    return tuple(
        (left, top, right - left, bottom - top) for top, bottom in pairwise(down) for left, right in pairwise(across)
    )
