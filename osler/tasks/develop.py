"""What a DICOM frame is turned into before a model sees it: the choice for each kind of image.

=======================================  ================================================================
radiographs and other grey (CR, DX, …)   rescale, whole range over 0..255, MONOCHROME1 turned round;
                                         Window Center and Width are not applied
8-bit grey without a rescale             as it is, MONOCHROME1 turned round
CT                                       Hounsfield units through three windows: red, green, blue
MR                                       lowest to highest value over 0..255
colour (photographs, microscopy, …)      as it is, deeper colour brought to 8 bits
=======================================  ================================================================

A window that a person asks for takes the place of the whole range, of CT's three windows and of MR's range.

Sources: the official serving container for radiographs and MR, the official notebooks and the technical reports for
CT's windows (the container's green one has a sign slip); reference/medgemma.md 1a to 1c, 14.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from osler.errors import InputError
from osler.imaging.levels import colours
from osler.imaging.rescale import hounsfield, reduce_depth, rescaled_range, stretch_film, stretch_slice
from osler.imaging.window import window as apply_window
from osler.tasks.ct_windows import CT_WINDOWS_HU, limits_of, words_of
from osler.tasks.study_options import Recipe

if TYPE_CHECKING:
    from osler.formats.dicom import DicomImage
    from osler.formats.raster import Raster

__all__ = ["Developed", "develop", "develop_frame", "develop_raster"]

TURNED = "MONOCHROME1: low values are bright, turned round"
REPEATED = "grey repeated in three channels"
UNCHANGED = (1.0, 0.0)
BAND_ROWS = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Developed:
    """[Y, X, 3] uint8, what was done, and the (low, high) windows that were applied: one, three or none."""

    pixels: np.ndarray
    steps: tuple[str, ...]
    windows: tuple[tuple[float, float], ...] = ()


def develop(dicom: "DicomImage", path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """`develop_frame` as MedGemma 1.5 has it: [Y, X, 3] uint8 and what was done."""
    developed = develop_frame(dicom, path)
    return developed.pixels, developed.steps


def develop_frame(
    dicom: "DicomImage", path: Path, *, window: tuple[float, float] | None = None, recipe: Recipe = "1.5"
) -> Developed:
    """Turn a decoded frame into a picture and say how.

    Args:
        dicom: as `read_dicom` gives it.
        path: the file, for messages.
        window: (centre, width) in the file's modality values, instead of the recipe's range; colour has none.
        recipe: the MedGemma version whose CT windows are applied.

    Raises:
        InputError: a CT slice with half a rescale, or values that no range can be taken of.
    """
    if dicom.photometric == "RGB":
        return _colour(dicom)
    if dicom.stored.dtype.kind == "f" and not np.isfinite(dicom.stored).all():
        raise InputError(f"cannot read `{path}`: its pixels hold values that are not finite numbers")
    if dicom.modality == "CT":
        return _ct(dicom, path, (limits_of(window),) if window else CT_WINDOWS_HU[recipe])
    if window:
        return _windowed(dicom, limits_of(window))
    grey, steps = _mr(dicom) if dicom.modality == "MR" else _film(dicom)
    return Developed(pixels=_three(grey), steps=(*steps, REPEATED))


def develop_raster(raster: "Raster", shown: str, *, window: tuple[float, float] | None = None) -> Developed:
    """Colour and 8-bit grey as they are; deeper grey over its whole range, as a film of that depth is treated.

    Args:
        raster: as `read_raster` gives it; its steps are taken over.
        shown: the file, for messages.
        window: (centre, width), instead of the whole range.

    Raises:
        InputError: values that are not finite numbers.
    """
    values = raster.values
    if values.ndim == 3:
        return Developed(pixels=values, steps=raster.steps)
    if not np.isfinite(values).all():
        raise InputError(f"cannot read `{shown}`: its pixels hold values that are not finite numbers")
    if window:
        limits = limits_of(window)
        steps = (*raster.steps, f"window {words_of((limits,))}", REPEATED)
        return Developed(pixels=_three(apply_window(values, *limits)), steps=steps, windows=(limits,))
    low, high = rescaled_range(values)
    step = f"whole range {low:.10g} to {high:.10g} over 0 to 255"
    return Developed(pixels=_three(stretch_film(values)), steps=(*raster.steps, step, REPEATED))


def _film(dicom: "DicomImage") -> tuple[np.ndarray, tuple[str, ...]]:
    values, slope, intercept, steps = _rescale(dicom)
    inverted = dicom.photometric == "MONOCHROME1"
    turned = (TURNED,) if inverted else ()
    if values is dicom.stored and (slope, intercept) == UNCHANGED and values.dtype == np.uint8 and dicom.bits == 8:
        return (255 - values if inverted else values), (*steps, *turned)
    low, high = rescaled_range(values, slope, intercept)
    range_step = f"whole range {low:.10g} to {high:.10g} over 0 to 255, window not applied"
    film = stretch_film(values, slope=slope, intercept=intercept, inverted=inverted)
    return film, (*steps, range_step, *turned)


def _mr(dicom: "DicomImage") -> tuple[np.ndarray, tuple[str, ...]]:
    """Without rescale, as in the container: it changes nothing between lowest and highest."""
    low, high = rescaled_range(dicom.stored)
    grey = stretch_slice(dicom.stored, low, high)
    step = f"MR: lowest {low:.10g} to highest {high:.10g} over 0 to 255"
    return (255 - grey, (step, TURNED)) if dicom.photometric == "MONOCHROME1" else (grey, (step,))


def _windowed(dicom: "DicomImage", limits: tuple[float, float]) -> Developed:
    values, slope, intercept, steps = _rescale(dicom)
    inverted = dicom.photometric == "MONOCHROME1"
    grey = apply_window(values, *limits, slope=slope, intercept=intercept)
    return Developed(
        pixels=_three(255 - grey if inverted else grey),
        steps=(*steps, f"window {words_of((limits,))}", *((TURNED,) if inverted else ()), REPEATED),
        windows=(limits,),
    )


def _ct(dicom: "DicomImage", path: Path, limits: tuple[tuple[float, float], ...]) -> Developed:
    if (dicom.slope is None) != (dicom.intercept is None):
        missing = "(0028,1053) Rescale Slope" if dicom.slope is None else "(0028,1052) Rescale Intercept"
        raise InputError(
            f"cannot read `{path}`: expected both numbers that give Hounsfield units, {missing} is missing",
            hint="export the series again with its rescale",
        )
    slope, intercept = (1.0 if dicom.slope is None else dicom.slope), dicom.intercept or 0.0
    pixels = np.empty((*dicom.stored.shape, 3), np.uint8)
    for start in range(0, len(pixels), BAND_ROWS):
        band = hounsfield(dicom.stored[start : start + BAND_ROWS], slope, intercept)
        pixels[start : start + BAND_ROWS] = colours(band, limits)
    steps = [] if dicom.slope is None else ["rescaled to Hounsfield units"]
    if len(limits) == 1:
        steps += [f"window in HU: {words_of(limits)}", REPEATED]
    else:
        steps.append(f"CT windows in HU: {words_of(limits)}")
    return Developed(pixels=pixels, steps=tuple(steps), windows=limits)


def _rescale(dicom: "DicomImage") -> tuple[np.ndarray, float, float, tuple[str, ...]]:
    """Values with what they are still to be multiplied by and what is to be added."""
    if dicom.looked_up is not None:
        return dicom.looked_up, *UNCHANGED, ("Modality LUT applied",)
    if dicom.slope is None or dicom.intercept is None or (dicom.slope, dicom.intercept) == UNCHANGED:
        return dicom.stored, *UNCHANGED, ()
    return dicom.stored, dicom.slope, dicom.intercept, (f"rescaled: × {dicom.slope:.10g} + {dicom.intercept:.10g}",)


def _colour(dicom: "DicomImage") -> Developed:
    """8-bit colour as it is; deeper colour divided so that its highest level is 255."""
    if dicom.stored.dtype == np.uint8:
        return Developed(pixels=dicom.stored, steps=())
    return Developed(
        pixels=reduce_depth(dicom.stored, dicom.bits), steps=(f"{dicom.bits}-bit colour brought to 8 bits",)
    )


def _three(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[:, :, None], 3, axis=2)
