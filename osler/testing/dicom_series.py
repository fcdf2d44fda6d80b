"""Synthetic DICOM series: a file for each slice, or one file with a frame for each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from osler.testing.dicom import make_dicom

__all__ = ["AXIAL", "CORONAL", "SAGITTAL", "make_enhanced", "make_series", "uid_of"]

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
ENHANCED = {"CT": "1.2.840.10008.5.1.4.1.1.2.1", "MR": "1.2.840.10008.5.1.4.1.1.4.1"}


def uid_of(name: str) -> str:
    """A UID that is the same for the same name."""
    return str(generate_uid(entropy_srcs=[name]))


def make_series(
    folder: Path,
    values: np.ndarray,
    *,
    orientation: Sequence[float] = AXIAL,
    first_mm: Sequence[float] = (-10.0, -20.0, -30.0),
    step_mm: Sequence[float] | None = None,
    modality: str = "CT",
    study: str = "study",
    series: str = "series",
    number: int = 1,
    first_instance: int = 1,
    **elements: Any,
) -> list[Path]:
    """Write slices to files whose names say nothing of their order.

    Args:
        folder: made where it is missing.
        values: [Z, Y, X] stored values.
        orientation: direction along a row, then along a column, in LPS.
        first_mm: position of `values[0]` in LPS.
        step_mm: from one slice to the next in LPS; a millimetre along row × column where not given.
        modality: "CT" (which gets a rescale to Hounsfield units), "MR", …
        study, series: names from which the UIDs are made; "" for none.
        number: Series Number.
        first_instance: Instance Number of `values[0]`; the following ones count on.
        elements: further elements of each file; a list gives one value to each slice, a tuple is one value of
            several numbers or words, None leaves an element out.

    Returns:
        The files, in the order of `values`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    step = np.cross(orientation[:3], orientation[3:]) if step_mm is None else np.asarray(step_mm, float)
    common = {
        "StudyInstanceUID": uid_of(study) if study else "",
        "SeriesInstanceUID": uid_of(series) if series else "",
        "FrameOfReferenceUID": uid_of(f"frame of {study}"),
        "SeriesNumber": number,
        "ImageOrientationPatient": tuple(orientation),
        "PixelSpacing": (1.0, 1.0),
        "ImageType": ("ORIGINAL", "PRIMARY"),
        **({"RescaleSlope": 1, "RescaleIntercept": -1024} if modality == "CT" else {}),
    }
    paths = []
    for index, pixels in enumerate(values):
        own = {
            "InstanceNumber": first_instance + index,
            "ImagePositionPatient": [round(float(mm), 6) for mm in np.asarray(first_mm) + index * step],
            **{keyword: value[index] if isinstance(value, list) else value for keyword, value in elements.items()},
        }
        path = folder / f"{uid_of(f'{series} {first_instance + index}')[-12:]}.dcm"
        given = {**common, **own}
        given = {keyword: list(value) if isinstance(value, tuple) else value for keyword, value in given.items()}
        paths.append(make_dicom(path, pixels, modality=modality, **_without_none(given)))
    return paths


def make_enhanced(
    path: Path,
    values: np.ndarray,
    positions_mm: Sequence[Sequence[float]],
    *,
    orientation: Sequence[float] = AXIAL,
    spacing_mm: tuple[float, float] = (1.0, 1.0),
    modality: str = "MR",
    rescales: Sequence[tuple[float, float]] | None = None,
    stacks: Sequence[str] | None = None,
    **elements: Any,
) -> Path:
    """Write one file with a frame for each slice.

    Args:
        path: where to write it.
        values: [F, Y, X] stored values.
        positions_mm: [F, 3] positions in LPS.
        orientation, spacing_mm: shared by all frames.
        modality: "CT" or "MR".
        rescales: slope and intercept of each frame.
        stacks: Stack ID of each frame, a number.
        elements: further elements.
    """
    plane, measures, shared = Dataset(), Dataset(), Dataset()
    plane.ImageOrientationPatient = list(orientation)
    measures.PixelSpacing = list(spacing_mm)
    shared.PlaneOrientationSequence = [plane]
    shared.PixelMeasuresSequence = [measures]
    along = np.asarray(positions_mm, float) @ np.cross(orientation[:3], orientation[3:])
    frames = [
        _frame(position, rescales[index] if rescales else None, stacks[index] if stacks else "1", int(rank) + 1)
        for index, (position, rank) in enumerate(zip(positions_mm, np.argsort(np.argsort(along)), strict=True))
    ]
    common = {
        "SOPClassUID": ENHANCED[modality],
        "StudyInstanceUID": uid_of("study"),
        "SeriesInstanceUID": uid_of("enhanced series"),
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "SharedFunctionalGroupsSequence": [shared],
        "PerFrameFunctionalGroupsSequence": frames,
        "DimensionIndexSequence": _dimensions(),
    }
    return make_dicom(path, values, modality=modality, frames=len(values), **{**common, **elements})


def _without_none(elements: dict[str, Any]) -> dict[str, Any]:
    return {keyword: value for keyword, value in elements.items() if value is not None}


def _frame(position: Sequence[float], rescale: tuple[float, float] | None, stack: str, number: int) -> Dataset:
    """A frame's functional groups; its number counts along the normal."""
    frame, place, content = Dataset(), Dataset(), Dataset()
    place.ImagePositionPatient = list(position)
    frame.PlanePositionSequence = [place]
    content.StackID, content.InStackPositionNumber = stack, number
    content.DimensionIndexValues = [int(stack), number]
    frame.FrameContentSequence = [content]
    if rescale:
        transformation = Dataset()
        transformation.RescaleSlope, transformation.RescaleIntercept = rescale
        transformation.RescaleType = "US"
        frame.PixelValueTransformationSequence = [transformation]
    return frame


def _dimensions() -> list[Dataset]:
    """What a frame's Dimension Index Values stand for."""
    dimensions = []
    for keyword in ("StackID", "InStackPositionNumber"):
        dimension = Dataset()
        dimension.DimensionIndexPointer = tag_for_keyword(keyword)
        dimension.FunctionalGroupPointer = tag_for_keyword("FrameContentSequence")
        dimensions.append(dimension)
    return dimensions
