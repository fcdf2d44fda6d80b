"""Volumes from DICOM files of one slice each, and from files of many (enhanced CT, MR and PET).

Nothing is decided here: which slices make a volume, and in which order, is told by the caller.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osler.errors import InputError
from osler.formats.dicom import DicomImage, read_dicom
from osler.formats.dicom_header import DicomHeader
from osler.values import Volume

__all__ = ["DicomSlice", "open_dicom_volume", "slices_of"]

INT32 = np.iinfo(np.int32)
RESCALE = ("(0028,1053) Rescale Slope", "(0028,1052) Rescale Intercept")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DicomSlice:
    """One frame of one file, and where it lies.

    Attributes:
        header: of its file.
        frame: counted from 0.
        position_lps_mm, orientation_lps, spacing_mm, slope, intercept: the frame's own, else the file's; None where
            neither has them.
        stack: an enhanced file's Stack ID, for comparing only.
    """

    header: DicomHeader
    frame: int
    position_lps_mm: tuple[float, ...] | None
    orientation_lps: tuple[float, ...] | None
    spacing_mm: tuple[float, ...] | None
    slope: float | None
    intercept: float | None
    stack: object = None


def slices_of(headers: Iterable[DicomHeader]) -> tuple[DicomSlice, ...]:
    """Each frame of each file, in order."""
    return tuple(one for header in headers for one in _frames(header))


def open_dicom_volume(
    slices: Sequence[DicomSlice],
    *,
    affine_ras: np.ndarray,
    positions_mm: np.ndarray,
    label: str = "",
    notes: tuple[str, ...] = (),
) -> Volume:
    """A volume whose slices are read when they are asked for.

    CT comes in whole Hounsfield units, int32: stored values times Rescale Slope plus Rescale Intercept, rounded, slice
    by slice (the official container; reference/medgemma.md 1c). A CT without both is taken as it is stored. Any other
    modality comes in its own values, int32 where all of them are whole numbers, else float32. What MONOCHROME1 says of
    CT is about its display only; elsewhere values are negated, so that bright stays bright.

    Args:
        slices: in order, all of one size and modality.
        affine_ras: [4, 4] from (column, row, slice, 1) to millimetres in RAS+.
        positions_mm: [Z] along the normal.
        label: as in `Volume`.
        notes: as in `Volume`.

    Raises:
        InputError: slices of different sizes, or a CT slice with half a rescale; later, when a slice is read, whatever
            is wrong with its pixels.
    """
    rows, columns = _common_size(slices)
    modality = slices[0].header.modality
    is_ct = modality == "CT"
    if is_ct:
        for one in slices:
            _check_rescale(one)
    scaled = any(_is_scaled(one) for one in slices)
    kind = np.dtype(np.int32 if is_ct or all(map(_is_whole, slices)) else np.float32)

    def read_slice(index: int) -> np.ndarray:
        one = slices[index]
        image = read_dicom(one.header.path, one.frame)
        if image.stored.shape != (rows, columns):
            raise InputError(
                f"cannot read `{one.header.path}`: expected {columns} × {rows} grey pixels as in the other slices, "
                f"got an array of {' × '.join(map(str, image.stored.shape[::-1]))}"
            )
        return _frozen(_values(one, image, kind))

    return Volume(
        modality=modality,
        shape=(len(slices), rows, columns),
        affine_ras=affine_ras,
        positions_mm=positions_mm,
        read_slice=read_slice,
        files=_files(slices),
        unit="HU" if is_ct and scaled else "",
        label=label,
        steps=_steps(slices, scaled),
        notes=notes if scaled or not is_ct else (*notes, f"{' and '.join(RESCALE)} are missing: taken as HU as stored"),
    )


def _frames(header: DicomHeader) -> Iterable[DicomSlice]:
    if not header.frames:
        yield DicomSlice(
            header=header,
            frame=0,
            position_lps_mm=header.position_lps_mm,
            orientation_lps=header.orientation_lps,
            spacing_mm=header.spacing_mm,
            slope=header.slope,
            intercept=header.intercept,
        )
    for number, place in enumerate(header.frames):
        own = place.slope is not None or place.intercept is not None
        yield DicomSlice(
            header=header,
            frame=number,
            position_lps_mm=place.position_lps_mm or header.position_lps_mm,
            orientation_lps=place.orientation_lps or header.orientation_lps,
            spacing_mm=place.spacing_mm or header.spacing_mm,
            slope=place.slope if own else header.slope,
            intercept=place.intercept if own else header.intercept,
            stack=place.stack,
        )


def _common_size(slices: Sequence[DicomSlice]) -> tuple[int, int]:
    rows, columns = slices[0].header.rows or 0, slices[0].header.columns or 0
    for one in slices:
        if (one.header.rows, one.header.columns) != (rows, columns):
            raise InputError(
                f"cannot read `{one.header.path}`: {one.header.columns} × {one.header.rows} pixels, "
                f"expected {columns} × {rows} as in the other slices"
            )
    return rows, columns


def _check_rescale(one: DicomSlice) -> None:
    if (one.slope is None) != (one.intercept is None):
        missing = RESCALE[0] if one.slope is None else RESCALE[1]
        raise InputError(
            f"cannot read `{one.header.path}`: expected both numbers that give Hounsfield units, {missing} is missing",
            hint="export the series again with its rescale",
        )


def _is_scaled(one: DicomSlice) -> bool:
    return one.slope is not None or one.intercept is not None


def _is_whole(one: DicomSlice) -> bool:
    """Whether its values are whole numbers that int32 holds, as its header tells."""
    slope, intercept = _rescale(one)
    if not (slope.is_integer() and intercept.is_integer()):
        return False
    return (one.header.bits_allocated or 32) <= 16 and abs(slope) * 2**16 + abs(intercept) <= INT32.max


def _rescale(one: DicomSlice) -> tuple[float, float]:
    return (1.0 if one.slope is None else one.slope), one.intercept or 0.0


def _values(one: DicomSlice, image: DicomImage, kind: np.dtype) -> np.ndarray:
    """[Y, X] of one slice: rescaled or looked up, rounded where whole numbers are wanted."""
    is_ct = one.header.modality == "CT"
    slope, intercept = _rescale(one)
    values: np.ndarray
    if not is_ct and image.looked_up is not None:
        values = image.looked_up.astype(np.float64)
    elif _is_whole(one) and image.stored.dtype.itemsize <= 2 and image.stored.dtype.kind in "iu":
        values = image.stored.astype(np.int32) * np.int32(slope) + np.int32(intercept)  # exact, and quick
    else:
        values = image.stored.astype(np.float64) * slope + intercept
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError(f"cannot read `{one.header.path}`: its pixels hold values that are not finite numbers")
    if not is_ct and image.photometric == "MONOCHROME1":
        values = 0 - values
    if values.dtype.kind == "f" and kind == np.int32:
        values = np.clip(np.round(values), INT32.min, INT32.max)
    return values.astype(kind, copy=False)


def _steps(slices: Sequence[DicomSlice], scaled: bool) -> tuple[str, ...]:
    steps = []
    if scaled:
        steps += ["rescaled to Hounsfield units"] if slices[0].header.modality == "CT" else _rescale_step(slices)
    if slices[0].header.modality != "CT" and slices[0].header.photometric == "MONOCHROME1":
        steps.append("MONOCHROME1: low values are bright, negated")
    return tuple(steps)


def _rescale_step(slices: Sequence[DicomSlice]) -> list[str]:
    pairs = {_rescale(one) for one in slices}
    if len(pairs) > 1:
        return ["rescaled, each slice by its own slope and intercept"]
    slope, intercept = pairs.pop()
    return [] if (slope, intercept) == (1, 0) else [f"rescaled: × {slope:.10g} + {intercept:.10g}"]


def _files(slices: Sequence[DicomSlice]) -> tuple[Path, ...]:
    paths = tuple(one.header.path for one in slices)
    return paths[:1] if len(set(paths)) == 1 else paths


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
