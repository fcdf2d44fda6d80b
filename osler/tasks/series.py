"""A person's DICOM files, grouped into studies and series by their UIDs, never by their names."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from osler.errors import InputError
from osler.formats.dicom_header import DicomHeader, uid_digest
from osler.formats.dicom_volume import DicomSlice, open_dicom_volume
from osler.imaging.stack import Stack, affine_ras, stack_up
from osler.tasks.choice import choose
from osler.tasks.parts import Part, parts_of
from osler.tasks.study_group import Chosen, Series, StudyGroup
from osler.values import Volume

__all__ = ["Chosen", "Series", "StudyGroup", "choose", "group", "open_series"]

SHEARED_DEG = 0.5
OBLIQUE_DEG = 2.0
DRIFT_MM = 1.0
MIN_SPACING_MM, MAX_SPACING_MM = 1e-4, 100.0
MOST_GAPS = 5
HOLDS = {"films": "single pictures", "slide": "a slide", "other": "no picture"}


def group(headers: Sequence[DicomHeader]) -> tuple[StudyGroup, ...]:
    """Studies in the order in which they first appear, each with its series in the order of their numbers.

    A file without a Series Instance UID is a series of its own.

    Args:
        headers: of all files, in any order; the result does not depend on it but for ties.
    """
    studies: dict[str, dict[str, list[DicomHeader]]] = {}
    for place, header in enumerate(headers):
        own = header.series_uid or f"file {place + 1} {header.sop_uid}"
        studies.setdefault(header.study_uid, {}).setdefault(own, []).append(header)
    num_stray = sum(not header.series_uid and not header.is_image for header in headers)
    notes = (f"files without a picture that name no series: {num_stray}, left out",) if num_stray else ()
    return tuple(_study(uid, list(by_series.items()), notes) for uid, by_series in studies.items())


def open_series(series: Series) -> Volume:
    """A series of kind "volume", its slices in order and read when they are asked for.

    Raises:
        InputError: no volume; or as `open_dicom_volume`.
    """
    if series.stack is None or series.spacing_mm is None:
        raise InputError(
            f"cannot open `{series.headers[0].path}` as a volume: {series.label} holds {HOLDS[series.kind]}"
        )
    first = series.slices[0]
    return open_dicom_volume(
        series.slices,
        affine_ras=affine_ras(
            series.stack,
            np.array(first.position_lps_mm),
            np.array(first.orientation_lps),
            series.spacing_mm[1:],
        ),
        positions_mm=series.stack.positions_mm,
        label=series.label,
        notes=series.notes,
    )


def _study(uid: str, by_series: Sequence[tuple[str, list[DicomHeader]]], notes: tuple[str, ...]) -> StudyGroup:
    series = [one for series_uid, headers in by_series for one in _series(series_uid, headers)]
    told = [replace(one, notes=(*one.notes, *notes)) if one.kind == "volume" else one for one in series]
    times = [header.study_order for _, headers in by_series for header in headers]
    return StudyGroup(
        digest=uid_digest(uid),
        series=tuple(sorted(told, key=_turn)),
        time_order=min(times) if all(times) else "",
    )


def _turn(series: Series) -> tuple[Hashable, ...]:
    return (series.number is None, series.number or 0, series.digest, series.part)


def _series(uid: str, headers: Sequence[DicomHeader]) -> list[Series]:
    parts = parts_of(headers)
    return [_one(uid, part, turn if len(parts) > 1 else 0) for turn, part in enumerate(parts, 1)]


def _one(uid: str, part: Part, turn: int) -> Series:
    first = part.headers[0]
    stack = _stack(part.slices) if part.kind == "volume" else None
    spacing, assumed = _spacing(part.slices, stack) if stack else (None, ())
    return Series(
        digest=uid_digest(uid),
        number=first.series_number,
        part=turn,
        modality=first.modality,
        kind=part.kind,
        headers=part.headers,
        slices=tuple(part.slices[index] for index in stack.order) if stack else (),
        stack=stack,
        spacing_mm=spacing,
        width_px=first.columns or 0,
        height_px=first.rows or 0,
        num_images=len(part.slices) or sum(header.num_frames for header in part.headers),
        doubts=part.doubts,
        notes=(*part.notes, *assumed, *(_notes(stack) if stack else ())),
    )


def _stack(slices: Sequence[DicomSlice]) -> Stack:
    return stack_up(np.array([one.position_lps_mm for one in slices]), np.array(slices[0].orientation_lps))


def _spacing(slices: Sequence[DicomSlice], stack: Stack) -> tuple[tuple[float, float, float], tuple[str, ...]]:
    """Millimetres between slices, rows and columns, and what had to be assumed."""
    between_rows, between_columns = slices[0].spacing_mm or (0.0, 0.0)
    if min(between_rows, between_columns) >= MIN_SPACING_MM and max(between_rows, between_columns) <= MAX_SPACING_MM:
        return (stack.step_mm or 1.0, between_rows, between_columns), ()
    return (stack.step_mm or 1.0, 1.0, 1.0), ("(0028,0030) Pixel Spacing is missing: 1 mm assumed",)


def _notes(stack: Stack) -> tuple[str, ...]:
    """What is odd about how the slices lie, in words."""
    notes = [
        f"gap of {gap.distance_mm:.4g} mm after slice {gap.after} (usual step {stack.step_mm:.4g} mm): "
        f"about {gap.num_missing} missing"
        for gap in stack.gaps[:MOST_GAPS]
    ]
    if len(stack.gaps) > MOST_GAPS:
        notes.append(f"and {len(stack.gaps) - MOST_GAPS} more gaps")
    if stack.uneven_mm:
        notes.append(f"uneven steps: {stack.uneven_mm[0]:.4g} to {stack.uneven_mm[1]:.4g} mm")
    if stack.shear_deg > SHEARED_DEG:
        notes.append(f"sheared by {stack.shear_deg:.1f}° (tilted gantry): shown as acquired")
    if stack.oblique_deg > OBLIQUE_DEG:
        notes.append(f"{stack.plane}, {stack.oblique_deg:.0f}° oblique")
    if stack.drift_mm > DRIFT_MM:
        notes.append(f"slices lie up to {stack.drift_mm:.3g} mm beside one line")
    return tuple(notes)
