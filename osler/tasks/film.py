"""What a DICOM image is turned into before a model sees it: the choice for each kind of image.

=======================================  ================================================================
radiographs and other grey (CR, DX, …)   rescale, whole range over 0..255, MONOCHROME1 turned round;
                                         Window Center and Width are not applied
8-bit grey without a rescale             as it is, MONOCHROME1 turned round
CT                                       Hounsfield units through three windows: red, green, blue
MR                                       lowest to highest value over 0..255
colour (photographs, microscopy, …)      as it is, deeper colour brought to 8 bits
=======================================  ================================================================

Sources: the official serving container for radiographs and MR, the official notebooks and the technical report for
CT's windows (the container's green one has a sign slip); reference/medgemma.md 1a to 1c, 14.
"""

from pathlib import Path

import numpy as np

from osler.errors import InputError
from osler.formats.dicom import DicomImage
from osler.imaging.rescale import hounsfield, modality_values, stretch_film, stretch_slice
from osler.imaging.window import window

__all__ = ["CT_WINDOWS_HU", "develop"]

CT_WINDOWS_HU = {"red": (-1024, 1024), "green": (-135, 215), "blue": (0, 80)}


def develop(dicom: DicomImage, path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Turn a decoded DICOM image into [Y, X, 3] uint8 and say how.

    Args:
        dicom: as `read_dicom` gives it.
        path: the file, for messages.

    Raises:
        InputError: a CT slice with half a rescale, or values that no range can be taken of.
    """
    if dicom.photometric == "RGB":
        return _colour(dicom)
    if dicom.stored.dtype.kind == "f" and not np.isfinite(dicom.stored).all():
        raise InputError(f"cannot read `{path}`: its pixels hold values that are not finite numbers")
    if dicom.modality == "CT":
        return _ct(dicom, path)
    grey, steps = _mr(dicom) if dicom.modality == "MR" else _film(dicom)
    return np.repeat(grey[:, :, None], 3, axis=2), (*steps, "grey repeated in three channels")


def _film(dicom: DicomImage) -> tuple[np.ndarray, tuple[str, ...]]:
    values, steps = _rescaled(dicom)
    inverted = dicom.photometric == "MONOCHROME1"
    turned = ("MONOCHROME1: low values are bright, turned round",) if inverted else ()
    if values is dicom.stored and values.dtype == np.uint8 and dicom.bits == 8:
        return (255 - values if inverted else values), (*steps, *turned)
    range_step = f"whole range {values.min():.10g} to {values.max():.10g} over 0 to 255, window not applied"
    return stretch_film(values, inverted=inverted), (*steps, range_step, *turned)


def _mr(dicom: DicomImage) -> tuple[np.ndarray, tuple[str, ...]]:
    """Without rescale, as in the container: it changes nothing between lowest and highest."""
    low, high = float(dicom.stored.min()), float(dicom.stored.max())
    return stretch_slice(dicom.stored, low, high), (f"MR: lowest {low:.10g} to highest {high:.10g} over 0 to 255",)


def _ct(dicom: DicomImage, path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    if (dicom.slope is None) != (dicom.intercept is None):
        missing = "(0028,1053) Rescale Slope" if dicom.slope is None else "(0028,1052) Rescale Intercept"
        raise InputError(
            f"cannot read `{path}`: expected both numbers that give Hounsfield units, {missing} is missing",
            hint="export the series again with its rescale",
        )
    hu = hounsfield(dicom.stored, 1.0 if dicom.slope is None else dicom.slope, dicom.intercept or 0.0)
    pixels = np.stack([window(hu, *limits) for limits in CT_WINDOWS_HU.values()], axis=-1)
    words = ", ".join(f"{low} to {high} {colour}" for colour, (low, high) in CT_WINDOWS_HU.items())
    rescaled = () if dicom.slope is None else ("rescaled to Hounsfield units",)
    return pixels, (*rescaled, f"CT windows in HU: {words}")


def _rescaled(dicom: DicomImage) -> tuple[np.ndarray, tuple[str, ...]]:
    """Modality values; the stored ones themselves where the rescale changes nothing."""
    if dicom.looked_up is not None:
        return dicom.looked_up, ("Modality LUT applied",)
    if dicom.slope is None or dicom.intercept is None or (dicom.slope, dicom.intercept) == (1.0, 0.0):
        return dicom.stored, ()
    values = modality_values(dicom.stored, dicom.slope, dicom.intercept)
    return values, (f"rescaled: × {dicom.slope:.10g} + {dicom.intercept:.10g}",)


def _colour(dicom: DicomImage) -> tuple[np.ndarray, tuple[str, ...]]:
    """8-bit colour as it is; deeper colour divided so that its highest level is 255."""
    if dicom.stored.dtype == np.uint8:
        return dicom.stored, ()
    highest = 2**dicom.bits - 1
    levels = np.round(np.clip(dicom.stored, 0, highest) * (255 / highest))
    return levels.astype(np.uint8), (f"{dicom.bits}-bit colour brought to 8 bits",)
