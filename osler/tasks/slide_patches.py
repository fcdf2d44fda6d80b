"""Which patches of a slide are looked at: those with tissue, or those a person names.

Where more squares hold tissue than are allowed, a seeded draw decides; the order is always row by row.

Source: the official notebook (reference/medgemma.md 2a); the order from the technical report of MedGemma 1.5 (2c).
Conflicts: docs/pixels.md.
"""

from dataclasses import dataclass

from osler.errors import InputError
from osler.imaging.patches import random_choice
from osler.tasks.slide_mask import Squares, find_tissue
from osler.tasks.slide_scale import Scale
from osler.tasks.study_options import StudyOptions
from osler.values import Level, Slide

__all__ = ["Patches", "choose_patches"]


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
    squares = find_tissue(slide, scale)
    number = len(squares.with_tissue)
    kept = random_choice(number, options.max_patches, options.seed)
    places = [squares.with_tissue[index] for index in kept]
    choices: dict[str, object] = {
        "chosen_by": "tissue: mean luminance of at least 1/255 and at most 0.8",
        "mask_mpp_um": round(squares.mask_mpp_um, 4),
        "seed": options.seed,
    }
    return Patches(
        corners_px=tuple((round(column * scale.full_px), round(row * scale.full_px)) for row, column in places),
        numbers=tuple(index + 1 for index in kept),
        num_available=number,
        choices=choices,
        notes=_notes(slide.levels[scale.level], scale, squares, options),
    )


def _notes(level: Level, scale: Scale, squares: Squares, options: StudyOptions) -> tuple[str, ...]:
    number = len(squares.with_tissue)
    notes = [f"{number} of {squares.number} squares hold tissue"]
    if squares.num_beyond:
        notes.append(f"{squares.num_beyond} more over the right or lower edge left out, as in the official code")
    if number > options.max_patches:
        notes.append(f"{options.max_patches} of them drawn with seed {options.seed}, sent row by row")
    if min(level.width_px, level.height_px) < scale.side_px:
        notes.append("the slide is smaller than one patch: white beyond its edge")
    return tuple(notes)


def _patches(number: int) -> str:
    return f"{number} patch{'es'[: 2 * (number != 1)]}"
