"""Which slices of a series make a volume together.

Slices of one size, spacing, direction and frame of reference do. Where several lie at the same place, they are told
apart by what the files say (`TELLING`), and what is left by its turn at each place: echoes, phases, time points.
Source: reference/medgemma.md 1c; docs/decisions/022 says where this leaves the official container's way.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from osler.formats.dicom_volume import DicomSlice
from osler.imaging.stack import normal_of, parallel_groups, places

__all__ = ["SliceGroup", "is_localiser", "slice_groups"]

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
FARTHEST_MM = 1e6
LOCALISER_CODES = frozenset({"LOCALIZER", "LOCALISER", "SCOUT", "TOPOGRAM"})
UNPLACED = "no slice has a position: in the order of Instance Number, distances and plane are assumed"
TELLING: tuple[Callable[[DicomSlice], Hashable], ...] = (
    lambda one: one.stack,
    lambda one: one.header.image_type,
    lambda one: one.header.acquisition_number,
    lambda one: one.header.echo_number,
    lambda one: one.header.temporal_position,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SliceGroup:
    """Slices at places of their own.

    Attributes:
        slices: each with a position and unit directions; not yet in order.
        left_out: duplicates, and slices of the series that have no position.
        notes: what a person should know about it.
    """

    slices: tuple[DicomSlice, ...]
    left_out: tuple[DicomSlice, ...] = ()
    notes: tuple[str, ...] = ()


def slice_groups(slices: Sequence[DicomSlice]) -> tuple[SliceGroup, ...]:
    """Sort slices, given in the order of their Instance Numbers, into groups."""
    places = [_placed(one) for one in slices]
    placed = [one for one in places if one]
    if not placed:
        alike = [_laid_out(some) for some in _split(slices, [None] * len(slices))]
        return tuple(_noted(group, UNPLACED, ()) for some in alike for group in _told_apart(some))
    lost = tuple(one for one, place in zip(slices, places, strict=True) if place is None)
    note = f"{len(lost)} of {len(slices)} images have no position: left out" if lost else ""
    alike = _split(placed, _directions(placed))
    return tuple(_noted(group, note, lost) for some in alike for group in _told_apart(some))


def is_localiser(image_type: tuple[str, ...]) -> bool:
    """Whether a file calls itself one."""
    return not LOCALISER_CODES.isdisjoint(image_type)


def _noted(group: SliceGroup, note: str, lost: tuple[DicomSlice, ...]) -> SliceGroup:
    notes = (*group.notes, note) if note else group.notes
    return replace(group, notes=notes, left_out=(*group.left_out, *lost))


def _placed(one: DicomSlice) -> DicomSlice | None:
    """The slice with unit directions, where its place and directions make sense."""
    directions = _unit(one.orientation_lps)
    if directions is None or one.position_lps_mm is None:
        return None
    if not all(abs(mm) <= FARTHEST_MM for mm in one.position_lps_mm):  # nor NaN
        return None
    return replace(one, orientation_lps=directions)


def _unit(orientation: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Directions brought to length one; None where they are no two directions at a right angle."""
    if orientation is None or max(map(abs, orientation)) > 2:
        return None
    pair = np.reshape(orientation, (2, 3))
    lengths = np.linalg.norm(pair, axis=1)
    if np.abs(lengths - 1).max() > 0.1 or abs(pair[0] @ pair[1]) > 0.1:
        return None
    return tuple((pair / lengths[:, None]).ravel().tolist())


def _laid_out(slices: Sequence[DicomSlice]) -> list[DicomSlice]:
    """Slices without positions, one after the other at the distance that the first one tells."""
    header = slices[0].header
    step = next((mm for mm in (header.slice_spacing_mm, header.thickness_mm) if mm and 0 < mm < FARTHEST_MM), 1.0)
    directions = _unit(slices[0].orientation_lps) or AXIAL
    normal = normal_of(np.array(directions))
    return [
        replace(one, orientation_lps=directions, position_lps_mm=tuple((normal * step * turn).tolist()))
        for turn, one in enumerate(slices)
    ]


def _directions(slices: Sequence[DicomSlice]) -> list[Hashable]:
    return parallel_groups(np.array([one.orientation_lps for one in slices])).tolist()


def _split(slices: Sequence[DicomSlice], more: Iterable[Hashable]) -> list[list[DicomSlice]]:
    """Those alike in size, spacing, frame of reference and kind, and in what else is given for each."""
    found: dict[Hashable, list[DicomSlice]] = {}
    for one, also in zip(slices, more, strict=True):
        header, spacing = one.header, one.spacing_mm and tuple(round(mm, 3) for mm in one.spacing_mm)
        derived = header.image_type[:1] == ("DERIVED",)
        size = (header.rows, header.columns, header.modality, header.photometric)
        key = (size, spacing, header.frame_of_reference_uid, derived, is_localiser(header.image_type), also)
        found.setdefault(key, []).append(one)
    return list(found.values())


def _told_apart(slices: list[DicomSlice]) -> list[SliceGroup]:
    """Groups with one slice at each place."""
    groups = [slices]
    for telling in TELLING:
        groups = [part for group in groups for part in _split_by(group, telling)]
    return [one for group in groups for one in _by_turn(group)]


def _split_by(slices: list[DicomSlice], telling: Callable[[DicomSlice], Hashable]) -> list[list[DicomSlice]]:
    """Apart where that leaves fewer at the same place, and does not break a volume into many short ones."""
    counts = _counts(slices)
    found: dict[Hashable, list[DicomSlice]] = {}
    for one in slices:
        found.setdefault(telling(one), []).append(one)
    parts = list(found.values())
    if not 1 < len(parts) <= 2 * counts.max():
        return [slices]
    num_repeats = sum(int((_counts(part) - 1).sum()) for part in parts)
    return parts if num_repeats < (counts - 1).sum() else [slices]


def _by_turn(slices: list[DicomSlice]) -> list[SliceGroup]:
    """Where each place has the same number of slices, all first ones, all second ones, …; else the first ones."""
    place = _places(slices)
    counts = np.bincount(place)
    turns = [int((place[:index] == place[index]).sum()) for index in range(len(slices))]
    num_turns = int(counts.max()) if counts.min() == counts.max() else 1
    groups = [tuple(one for one, at in zip(slices, turns, strict=True) if at == turn) for turn in range(num_turns)]
    if num_turns > 1:
        note = (f"{num_turns} images at each place (echoes, phases or time points), told apart by their order",)
        return [SliceGroup(slices=group, notes=note) for group in groups]
    repeats = tuple(one for one, at in zip(slices, turns, strict=True) if at > 0)
    note = (f"{len(repeats)} duplicates: images at a place that another one has already, left out",)
    return [SliceGroup(slices=groups[0], left_out=repeats, notes=note if repeats else ())]


def _counts(slices: Sequence[DicomSlice]) -> np.ndarray:
    return np.bincount(_places(slices))


def _places(slices: Sequence[DicomSlice]) -> np.ndarray:
    return places(np.array([one.position_lps_mm for one in slices]), np.array(slices[0].orientation_lps))
