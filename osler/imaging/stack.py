"""How parallel slices lie in space: their order, their distances, and what is odd about them.

Everything is in DICOM's LPS millimetres (rising towards the patient's left, back and head) until `affine_ras`.

Slices are ordered along their normal, the cross product of the direction along a row and the direction along a column,
turned so that it points to the patient's head, front or left, whichever it is nearest to::

    axial       feet to head
    coronal     back to front
    sagittal    right to left

Source: DICOM PS3.3 C.7.6.2.1.1; reference/medgemma.md 14 (the official container sorts by x, the notebook by Instance
Number).
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Gap", "Stack", "affine_ras", "normal_of", "parallel_groups", "places", "plane_of", "stack_up"]

SAME_PLACE_MM = 0.01  # positions are decimal strings: two at the same place may differ in their last digit
PARALLEL = 0.01  # difference of direction cosines, about half a degree
GAP = 1.5  # steps; a distance longer than this lacks a slice
UNEVEN = 0.05  # of a step; and never less than SAME_PLACE_MM
AXES = ((2, "axial", 1.0), (1, "coronal", -1.0), (0, "sagittal", 1.0))  # LPS axis, plane, towards head, front, left
TO_RAS = np.diag([-1.0, -1.0, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A distance in which slices are missing: it follows slice `after`, counted from 1 in the stack's order."""

    after: int
    distance_mm: float
    num_missing: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stack:
    """Slices in order.

    Attributes:
        order: [Z] which of the given images are slices 1 to Z.
        repeats: the given images that lie where another one already is.
        plane: "axial", "coronal" or "sagittal": the nearest one.
        oblique_deg: the angle between the normal and that plane's own.
        positions_mm: [Z] along the normal, strictly ascending.
        step_lps_mm: [3] from one slice to the next, on average.
        step_mm: the usual distance along the normal; None for a single slice.
        gaps: where slices are missing.
        uneven_mm: the shortest and the longest distance without gaps, where they differ; else None.
        shear_deg: the angle between the mean step and the normal: not 0 for a tilted gantry.
        drift_mm: the farthest that a slice lies sideways of the line through the first and the last.
    """

    order: tuple[int, ...]
    repeats: tuple[int, ...]
    plane: str
    oblique_deg: float
    positions_mm: np.ndarray
    step_lps_mm: np.ndarray
    step_mm: float | None
    gaps: tuple[Gap, ...]
    uneven_mm: tuple[float, float] | None
    shear_deg: float
    drift_mm: float


def stack_up(positions_lps_mm: np.ndarray, orientation_lps: np.ndarray) -> Stack:
    """Put parallel images in order.

    Args:
        positions_lps_mm: [N, 3] the centre of each image's first pixel, N >= 1, finite. Of several images at one place
            the first given is taken.
        orientation_lps: [6] the direction along a row and the direction along a column, unit vectors.

    >>> axial = np.array([1.0, 0, 0, 0, 1, 0])
    >>> stack = stack_up(np.array([[0, 0, 10.0], [0, 0, 0], [0, 0, 5], [0, 0, 5], [0, 0, 20]]), axial)
    >>> stack.order, stack.repeats, stack.plane, stack.step_mm
    ((1, 2, 0, 4), (3,), 'axial', 5.0)
    >>> stack.gaps
    (Gap(after=3, distance_mm=10.0, num_missing=1),)
    """
    positions = np.asarray(positions_lps_mm, np.float64)
    normal = normal_of(orientation_lps)
    place = places(positions, orientation_lps)
    _, first = np.unique(place, return_index=True)  # the first given at each place, in the order of places
    chosen = positions[first]  # [Z, 3]
    along = chosen @ normal  # [Z]
    distances = np.diff(along)  # [Z - 1]
    usual = float(np.median(distances)) if len(distances) else None
    step = (chosen[-1] - chosen[0]) / (len(chosen) - 1) if len(chosen) > 1 else normal
    plane, oblique = plane_of(orientation_lps)
    return Stack(
        order=tuple(first.tolist()),
        repeats=tuple(np.setdiff1d(np.arange(len(positions)), first).tolist()),
        plane=plane,
        oblique_deg=oblique,
        positions_mm=_frozen(along),
        step_lps_mm=_frozen(step),
        step_mm=usual,
        gaps=_gaps(distances, usual),
        uneven_mm=_uneven(distances, usual),
        shear_deg=_angle_deg(step, normal),
        drift_mm=_drift_mm(chosen, along, step, normal),
    )


def places(positions_lps_mm: np.ndarray, orientation_lps: np.ndarray) -> np.ndarray:
    """Number the places along the normal: [N] ints from 0, ascending; images at the same place share a number."""
    along = np.asarray(positions_lps_mm, np.float64) @ normal_of(orientation_lps)  # [N]
    sorting = np.argsort(along, kind="stable")
    number = np.concatenate([[0], np.cumsum(np.diff(along[sorting]) > SAME_PLACE_MM)])
    place = np.empty(len(along), np.intp)
    place[sorting] = number
    return place


def parallel_groups(orientations_lps: np.ndarray) -> np.ndarray:
    """Number the directions in which images lie: [N, 6] to [N] ints from 0, in the order in which they first appear.

    >>> parallel_groups(np.array([[1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [1, 1e-5, 0, 0, 1, 0]])).tolist()
    [0, 1, 0]
    """
    orientations = np.asarray(orientations_lps, np.float64)
    group = np.full(len(orientations), -1, np.intp)
    number = 0
    while (left := np.flatnonzero(group < 0)).size:
        near = np.abs(orientations[left] - orientations[left[0]]).max(axis=1) <= PARALLEL
        group[left[near]] = number
        number += 1
    return group


def normal_of(orientation_lps: np.ndarray) -> np.ndarray:
    """The unit vector [3] across the slices that points to the patient's head, front or left.

    >>> normal_of(np.array([1, 0, 0, 0, 0, -1.0])).tolist()  # coronal: from back to front is against LPS
    [0.0, -1.0, 0.0]
    """
    normal = _cross(orientation_lps)
    axis, _, sign = _nearest(normal)
    return normal if normal[axis] * sign > 0 else 0.0 - normal


def plane_of(orientation_lps: np.ndarray) -> tuple[str, float]:
    """The nearest of the three planes, and how many degrees away it is."""
    normal = _cross(orientation_lps)
    axis, plane, _ = _nearest(normal)
    return plane, float(np.degrees(np.arccos(np.clip(np.abs(normal[axis]), 0, 1))))


def affine_ras(
    stack: Stack, first_lps_mm: np.ndarray, orientation_lps: np.ndarray, spacing_mm: tuple[float, float]
) -> np.ndarray:
    """The matrix [4, 4] from (column, row, slice, 1) to millimetres in RAS+.

    Args:
        stack: the slices.
        first_lps_mm: [3] the position of the stack's first slice.
        orientation_lps: [6] as for `stack_up`.
        spacing_mm: between rows, and between columns (DICOM's Pixel Spacing).
    """
    row, column = np.asarray(orientation_lps, np.float64).reshape(2, 3)  # directions along a row, along a column
    between_rows, between_columns = spacing_mm
    affine = np.eye(4)
    affine[:3, :] = TO_RAS @ np.stack(
        [row * between_columns, column * between_rows, stack.step_lps_mm, first_lps_mm], 1
    )
    return _frozen(affine)


def _cross(orientation_lps: np.ndarray) -> np.ndarray:
    row, column = np.asarray(orientation_lps, np.float64).reshape(2, 3)
    normal = np.cross(row, column)
    return normal / np.linalg.norm(normal)


def _nearest(normal: np.ndarray) -> tuple[int, str, float]:
    return max(AXES, key=lambda axis: abs(normal[axis[0]]))


def _gaps(distances: np.ndarray, usual: float | None) -> tuple[Gap, ...]:
    if usual is None:
        return ()
    return tuple(
        Gap(after=int(i) + 1, distance_mm=float(distances[i]), num_missing=max(1, round(distances[i] / usual) - 1))
        for i in np.flatnonzero(distances > GAP * usual)
    )


def _uneven(distances: np.ndarray, usual: float | None) -> tuple[float, float] | None:
    if usual is None:
        return None
    within = distances[distances <= GAP * usual]
    low, high = float(within.min()), float(within.max())
    return (low, high) if high - low > max(UNEVEN * usual, SAME_PLACE_MM) else None


def _angle_deg(step: np.ndarray, normal: np.ndarray) -> float:
    cosine = abs(step @ normal) / np.linalg.norm(step)
    return float(np.degrees(np.arccos(np.clip(cosine, 0, 1))))


def _drift_mm(chosen: np.ndarray, along: np.ndarray, step: np.ndarray, normal: np.ndarray) -> float:
    line = chosen[0] + np.outer((along - along[0]) / (step @ normal), step)  # [Z, 3] where the slices should be
    return float(np.linalg.norm(chosen - line, axis=1).max())


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
