"""Which squares of a slide hold tissue.

The slide is laid out in squares of one patch from its upper left corner; those hold tissue whose mean luminance, on the
resolution nearest to 8 µm a pixel (1.25×), is a tissue's. Squares that reach over the right or lower edge are counted
and not offered.

Source: EZ-WSI-DICOMweb, which the official notebook uses (reference/medgemma.md 2a, 2b).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from osler.errors import InputError
from osler.imaging.patches import cell_edges, grid_shape
from osler.imaging.tissue import cell_means, is_tissue, luminance
from osler.tasks.slide_scale import Scale
from osler.values import Slide

__all__ = ["Squares", "find_tissue"]

MASK_MPP_UM = 8.0
SMALLEST_CELL_PX = 8
CHUNK_PIXELS = 2**22
MOST_MASK_PIXELS = 3 * 2**29  # 1.6 thousand million: about a minute of decoding


@dataclass(frozen=True, slots=True, kw_only=True)
class Squares:
    """The squares of a slide.

    Attributes:
        with_tissue: (row, column) of those with tissue, row by row.
        number: how many there are, with tissue or without.
        num_beyond: squares with tissue that reach over the right or lower edge; none of the others does.
        mask_mpp_um: micrometres a pixel of the resolution that was looked at covers.
    """

    with_tissue: tuple[tuple[int, int], ...]
    number: int
    num_beyond: int
    mask_mpp_um: float


def find_tissue(slide: Slide, scale: Scale) -> Squares:
    """Look at the whole slide once, in pieces.

    Raises:
        InputError: no square holds tissue, or the slide has no version small enough to look at.
    """
    patches = slide.levels[scale.level]
    index = _mask_level(slide, scale)
    mask = slide.levels[index]
    cell = scale.full_px / mask.downsample
    rows, columns = grid_shape(patches.width_px, patches.height_px, scale.side_px)
    all_rows = rows + _has_rest(mask.height_px, rows * cell)
    all_columns = columns + _has_rest(mask.width_px, columns * cell)
    means = _luminance(slide, index, cell, all_rows, all_columns)
    inside = means[:rows, :columns]
    with_tissue = np.argwhere(is_tissue(inside))  # [N, 2] row by row
    if not len(with_tissue):
        raise InputError(
            f"cannot find tissue in `{slide.path}`: the mean luminance of its squares is {inside.min() / 255:.2f} to "
            f"{inside.max() / 255:.2f}, tissue's is above 0 and at most 0.80",
            hint="name the patches yourself: --patches x,y;x,y in full-size pixels",
        )
    return Squares(
        with_tissue=tuple((int(row), int(column)) for row, column in with_tissue),
        number=rows * columns,
        num_beyond=int(is_tissue(means).sum()) - len(with_tissue),
        mask_mpp_um=scale.full_mpp_um * mask.downsample,
    )


def _has_rest(side_px: int, covered_px: float) -> bool:
    """Whether at least a pixel is left beyond the last whole square."""
    return side_px - covered_px >= 1


def _mask_level(slide: Slide, scale: Scale) -> int:
    """The resolution nearest to 8 µm a pixel in which a patch still covers some pixels.

    Any resolution gives the same means; this one is read quickly.
    """
    usable = [index for index, level in enumerate(slide.levels) if scale.full_px / level.downsample >= SMALLEST_CELL_PX]
    best = min(
        usable, key=lambda index: abs(math.log(scale.full_mpp_um * slide.levels[index].downsample / MASK_MPP_UM))
    )
    level = slide.levels[best]
    if level.width_px * level.height_px > MOST_MASK_PIXELS:
        raise InputError(
            f"cannot look for tissue in `{slide.path}`: its smallest fitting version has {level.width_px:,} × "
            f"{level.height_px:,} pixels, expected at most {MOST_MASK_PIXELS:,} in all",
            hint="name the whole slide with its smaller versions, or the patches: --patches x,y;x,y",
        )
    return best


def _luminance(slide: Slide, index: int, cell: float, rows: int, columns: int) -> np.ndarray:
    """Mean luminance of each square, [rows, columns] in 0 to 255, read in pieces."""
    means = np.empty((rows, columns))
    for row in range(rows):
        for first, last in _pieces(columns, cell):
            means[row : row + 1, first:last] = _piece(slide, index, cell, row, first, last)
    return means


def _pieces(columns: int, cell: float) -> Iterator[tuple[int, int]]:
    """Neighbouring squares of a row that are read at once."""
    step = max(1, int(CHUNK_PIXELS / (cell * cell)))
    for first in range(0, columns, step):
        yield first, min(first + step, columns)


def _piece(slide: Slide, index: int, cell: float, row: int, first: int, last: int) -> np.ndarray:
    """[1, last - first] mean luminances; of a square that reaches beyond the slide only what lies inside counts."""
    mask = slide.levels[index]
    left, top = math.floor(first * cell), math.floor(row * cell)
    right, bottom = min(math.ceil(last * cell), mask.width_px), min(math.ceil((row + 1) * cell), mask.height_px)
    corner = round(left * mask.downsample), round(top * mask.downsample)
    pixels = slide.read_region(index, *corner, right - left, bottom - top)
    across = np.minimum(cell_edges(last - first, cell) + (first * cell - left), right - left)
    down = np.minimum(cell_edges(1, cell) + (row * cell - top), bottom - top)
    return cell_means(luminance(pixels), down, across)
