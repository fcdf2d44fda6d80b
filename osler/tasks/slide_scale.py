"""Which resolution of a slide patches are taken from.

A magnification of 10 means 1 µm a pixel, 20 means 0.5 (10 ÷ magnification). A resolution within a quarter of that is
taken as it is, the nearest first; else the next finer one is averaged down, at most eightfold.

Source: EZ-WSI-DICOMweb's nominal sizes, its match of levels and the official server's limit (reference/medgemma.md 2b,
2d).
"""

from dataclasses import dataclass

from osler.errors import InputError
from osler.imaging.patches import PATCH_PX
from osler.tasks.study_options import StudyOptions
from osler.values import Slide

__all__ = ["Scale", "full_mpp", "scale_for"]

MPP_AT_ONE = 10.0
LEVEL_TOLERANCE = 0.25
MOST_DOWNSAMPLING = 8.0
PLAUSIBLE_MPP_UM = (0.02, 16.0)
MICRONS = "µm a pixel"
WHITE = "white where nothing was scanned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How patches are read.

    Attributes:
        level: index of the resolution.
        side_px: a patch's side in that resolution's own pixels.
        downsample: full-size pixels for each of those.
        mpp_um: micrometres that a pixel sent covers.
        full_mpp_um: micrometres that a full-size pixel covers.
        reason: why this resolution, in words.
        steps: what is done to a patch's pixels, in words.
        notes: what was assumed.
    """

    level: int
    side_px: int
    downsample: float
    mpp_um: float
    full_mpp_um: float
    reason: str
    steps: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def full_px(self) -> float:
        """A patch's side in full-size pixels."""
        return self.side_px * self.downsample


def scale_for(slide: Slide, options: StudyOptions) -> Scale:
    """Choose the resolution for the magnification that is asked for.

    Raises:
        InputError: the slide does not say how large its pixels are, or is not as fine as that, or has nothing near it.
    """
    mpp, notes = full_mpp(slide, options)
    wanted = MPP_AT_ONE / options.magnification
    sizes = [mpp * level.downsample for level in slide.levels]
    nearest = min(range(len(sizes)), key=lambda index: abs(sizes[index] / wanted - 1))
    if abs(sizes[nearest] / wanted - 1) <= LEVEL_TOLERANCE:
        return _as_it_is(slide, nearest, mpp, options, notes)
    finer = [index for index, size in enumerate(sizes) if size < wanted]
    if not finer:
        raise InputError(
            f"cannot take patches of `{slide.path}` at {options.magnification:g}× ({wanted:g} {MICRONS}): its finest "
            f"resolution is {_times(sizes[0])}× ({sizes[0]:.3g} {MICRONS})",
            hint=f"ask for less: --magnification {_times(sizes[0])}",
        )
    return _reduced(slide, max(finer, key=lambda index: sizes[index]), mpp, options, notes)


def full_mpp(slide: Slide, options: StudyOptions) -> tuple[float, tuple[str, ...]]:
    """Micrometres a full-size pixel covers, and what was assumed for it.

    Raises:
        InputError: neither the person nor the file says.
    """
    if options.mpp_um is not None:
        said = "" if slide.mpp_um is None else f", where the file says {slide.mpp_um:.4g}"
        return options.mpp_um, (f"{options.mpp_um:.4g} {MICRONS} at full size, as was asked for{said}",)
    low, high = PLAUSIBLE_MPP_UM
    if slide.mpp_um is not None and low <= slide.mpp_um <= high:
        return slide.mpp_um, ()
    if slide.objective is not None:
        mpp = MPP_AT_ONE / slide.objective
        return mpp, (f"assumed {mpp:.3g} {MICRONS} at full size, from the objective of {slide.objective:g}×",)
    told = "nothing" if slide.mpp_um is None else f"{slide.mpp_um:.4g}, which cannot be of a slide"
    raise InputError(
        f"cannot tell the magnification of `{slide.path}`: expected the size of its pixels in micrometres, got {told}",
        hint="say it with --mpp: about 0.25 for a 40× scan, 0.5 for a 20× scan",
    )


def _as_it_is(slide: Slide, level: int, mpp: float, options: StudyOptions, notes: tuple[str, ...]) -> Scale:
    own = mpp * slide.levels[level].downsample
    off = abs(own * options.magnification / MPP_AT_ONE - 1)
    near = f"nearest to {options.magnification:g}×" if off > 0.05 else f"that of {options.magnification:g}×"
    return Scale(
        level=level,
        side_px=PATCH_PX,
        downsample=slide.levels[level].downsample,
        mpp_um=own,
        full_mpp_um=mpp,
        reason=f"resolution {level + 1} of {len(slide.levels)}, {own:.3g} {MICRONS}, {near}",
        steps=(f"read at {own:.3g} {MICRONS}", WHITE),
        notes=notes,
    )


def _reduced(slide: Slide, level: int, mpp: float, options: StudyOptions, notes: tuple[str, ...]) -> Scale:
    downsample = slide.levels[level].downsample
    own = mpp * downsample
    factor = MPP_AT_ONE / options.magnification / own
    if factor > MOST_DOWNSAMPLING:
        raise InputError(
            f"cannot take patches of `{slide.path}` at {options.magnification:g}×: its nearest finer resolution is "
            f"{_times(own)}×, {factor:.3g} times as fine, expected at most {MOST_DOWNSAMPLING:g} times",
            hint=f"ask for more: --magnification {_times(own * MOST_DOWNSAMPLING)}, or name the whole slide, with its "
            "smaller versions",
        )
    side = round(PATCH_PX * factor)
    sent = own * side / PATCH_PX
    return Scale(
        level=level,
        side_px=side,
        downsample=downsample,
        mpp_um=sent,
        full_mpp_um=mpp,
        reason=f"no resolution within a quarter of {options.magnification:g}×: resolution {level + 1} of "
        f"{len(slide.levels)}, {own:.3g} {MICRONS}, averaged down to {sent:.3g}",
        steps=(
            f"read at {own:.3g} {MICRONS}",
            WHITE,
            f"averaged from {side} × {side} to {PATCH_PX} × {PATCH_PX} pixels",
        ),
        notes=notes,
    )


def _times(mpp_um: float) -> str:
    """The magnification of a pixel size, to two digits."""
    return f"{MPP_AT_ONE / mpp_um:.2g}"
