"""Which patches of a slide are looked at: those with tissue, or those a person names.

The slide is laid out in squares of 896 pixels from its upper left corner; those count whose mean luminance, on the
resolution nearest to 8 µm a pixel (1.25×), is a tissue's. Where there are more than are allowed, a seeded draw decides;
the order is always row by row.

Source: the official notebook and EZ-WSI-DICOMweb (reference/medgemma.md 2a, 2b); the order from the technical report of
MedGemma 1.5 (2c). Conflicts: docs/pixels.md.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from osler.errors import InputError
from osler.imaging.patches import cell_edges, grid_shape, random_choice
from osler.imaging.tissue import cell_means, is_tissue, luminance
from osler.tasks.slide_scale import Scale
from osler.tasks.study_options import StudyOptions
from osler.values import Slide

__all__ = ["Patches", "choose_patches"]

MASK_MPP_UM = 8.0
MASK_CELL_PX = 8
CHUNK_PIXELS = 2**22
MOST_MASK_PIXELS = 3 * 2**29  # 1.6 thousand million: about a minute of decoding


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """What is sent of a slide.

    Attributes:
        corners_px: (x, y) of each patch in full-size pixels, in the order of sending.
        numbers: the how-manyth each is among those there are, from 1.
        num_available: how many there are.
        choices: what was decided, for the reply's record.
        notes: what a person should know.
    """

    corners_px: tuple[tuple[int, int], ...]
    numbers: tuple[int, ...]
    num_available: int
    choices: dict[str, object]
    notes: tuple[str, ...]


def choose_patches(slide: Slide, scale: Scale, options: StudyOptions) -> Patches:
    """Choose patches; without named ones this reads the slide once, at about 8 µm a pixel.

    Raises:
        InputError: named corners outside the slide or too many, no tissue, or a slide without a small version.
    """
    return _named(slide, scale, options) if options.patches else _with_tissue(slide, scale, options)


def _named(slide: Slide, scale: Scale, options: StudyOptions) -> Patches:
    full = slide.levels[0]
    if len(options.patches) > options.max_patches:
        raise InputError(
            f"cannot send {len(options.patches)} patches of `{slide.path}`: expected at most {options.max_patches}",
            hint=f"name fewer, or raise the limit: --max-patches {len(options.patches)}",
        )
    for x, y in options.patches:
        if not (0 <= x < full.width_px and 0 <= y < full.height_px):
            raise InputError(
                f"cannot take a patch of `{slide.path}` at {x},{y}: the slide has {full.width_px:,} × "
                f"{full.height_px:,} pixels at full size",
                hint="corners are counted in full-size pixels from the upper left corner of the slide",
            )
    beyond = sum(x + scale.full_px > full.width_px or y + scale.full_px > full.height_px for x, y in options.patches)
    notes = (f"{_patches(beyond)} over the slide's edge, white beyond it",) if beyond else ()
    number = len(options.patches)
    return Patches(
        corners_px=tuple((int(x), int(y)) for x, y in options.patches),
        numbers=tuple(range(1, number + 1)),
        num_available=number,
        choices={"chosen_by": "corners that were named"},
        notes=notes,
    )


def _with_tissue(slide: Slide, scale: Scale, options: StudyOptions) -> Patches:
    level = slide.levels[scale.level]
    rows, columns = grid_shape(level.width_px, level.height_px, scale.side_px)
    mask_level = _mask_level(slide, scale)
    means = _cell_luminance(slide, scale, mask_level, rows, columns)
    cells = np.argwhere(is_tissue(means))  # [N, 2] row by row
    if not len(cells):
        raise InputError(
            f"cannot find tissue in `{slide.path}`: the mean luminance of its squares is "
            f"{means.min() / 255:.2f} to {means.max() / 255:.2f}, tissue's is above 0 and at most 0.80",
            hint="name the patches yourself: --patches x,y;x,y in full-size pixels",
        )
    kept = random_choice(len(cells), options.max_patches, options.seed)
    corners = tuple(
        (round(int(column) * scale.full_px), round(int(row) * scale.full_px)) for row, column in cells[list(kept)]
    )
    choices: dict[str, object] = {
        "chosen_by": "tissue: mean luminance of at least 1/255 and at most 0.8",
        "mask_mpp_um": round(scale.full_mpp_um * slide.levels[mask_level].downsample, 4),
        "seed": options.seed,
    }
    return Patches(
        corners_px=corners,
        numbers=tuple(index + 1 for index in kept),
        num_available=len(cells),
        choices=choices,
        notes=_notes(slide, scale, len(cells), rows * columns, options),
    )


def _notes(slide: Slide, scale: Scale, tissue: int, cells: int, options: StudyOptions) -> tuple[str, ...]:
    notes = [f"{tissue} of {cells} squares hold tissue"]
    if tissue > options.max_patches:
        notes.append(f"{options.max_patches} of them drawn with seed {options.seed}, sent row by row")
    level = slide.levels[scale.level]
    if min(level.width_px, level.height_px) < scale.side_px:
        notes.append("the slide is smaller than one patch: white beyond its edge")
    return tuple(notes)


def _mask_level(slide: Slide, scale: Scale) -> int:
    """The resolution nearest to 8 µm a pixel in which a patch still covers some pixels.

    Raises:
        InputError: it has too many pixels to look at all of them.
    """
    usable = [index for index, level in enumerate(slide.levels) if scale.full_px / level.downsample >= MASK_CELL_PX]
    best = min(
        usable or [scale.level],
        key=lambda index: abs(math.log(scale.full_mpp_um * slide.levels[index].downsample / MASK_MPP_UM)),
    )
    level = slide.levels[best]
    if level.width_px * level.height_px > MOST_MASK_PIXELS:
        raise InputError(
            f"cannot look for tissue in `{slide.path}`: its smallest fitting version has {level.width_px:,} × "
            f"{level.height_px:,} pixels, expected at most {MOST_MASK_PIXELS:,} in all",
            hint="name the whole slide with its smaller versions, or the patches: --patches x,y;x,y",
        )
    return best


def _cell_luminance(slide: Slide, scale: Scale, mask_level: int, rows: int, columns: int) -> np.ndarray:
    """Mean luminance of each square, [rows, columns] in 0 to 255, read in pieces."""
    cell = scale.full_px / slide.levels[mask_level].downsample
    means = np.empty((rows, columns))
    for row in range(rows):
        for first, last in _pieces(columns, cell):
            means[row : row + 1, first:last] = _piece(slide, mask_level, cell, row, first, last)
    return means


def _pieces(columns: int, cell: float) -> Iterator[tuple[int, int]]:
    """Neighbouring squares of a row that are read at once."""
    step = max(1, int(CHUNK_PIXELS / (cell * cell)))
    for first in range(0, columns, step):
        yield first, min(first + step, columns)


def _piece(slide: Slide, mask_level: int, cell: float, row: int, first: int, last: int) -> np.ndarray:
    """[1, last - first] mean luminances; of a square that reaches beyond the slide only what lies inside counts."""
    level = slide.levels[mask_level]
    left, top = math.floor(first * cell), math.floor(row * cell)
    right, bottom = min(math.ceil(last * cell), level.width_px), min(math.ceil((row + 1) * cell), level.height_px)
    corner = round(left * level.downsample), round(top * level.downsample)
    pixels = slide.read_region(mask_level, *corner, right - left, bottom - top)
    across = np.minimum(cell_edges(last - first, cell) + (first * cell - left), right - left)
    down = np.minimum(cell_edges(1, cell) + (row * cell - top), bottom - top)
    return cell_means(luminance(pixels), down, across)


def _patches(number: int) -> str:
    return f"{number} patch{'es'[: 2 * (number != 1)]}"
