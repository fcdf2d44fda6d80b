"""One series' files, taken apart into what belongs together: volumes, single pictures, slides and the rest."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from osler.formats.dicom_header import DicomHeader
from osler.formats.dicom_volume import DicomSlice, slices_of
from osler.imaging.stack import plane_of
from osler.tasks.slice_groups import SliceGroup, is_localiser, slice_groups
from osler.tasks.study_group import SeriesKind

__all__ = ["Part", "parts_of"]

VOLUME_MODALITIES = ("CT", "MR", "PT", "NM")
SLICE_CLASSES = (  # CT, MR, PET: slices even where a file has lost its position
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.128",
)
SLIDE_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"
MAP_CLASSES = (  # segmentation, label map, dose: pixels that are no picture
    "1.2.840.10008.5.1.4.1.1.66.4",
    "1.2.840.10008.5.1.4.1.1.66.7",
    "1.2.840.10008.5.1.4.1.1.481.2",
)
RAW_CLASSES = (  # radiograph, mammogram, tooth: for processing, not for presentation
    "1.2.840.10008.5.1.4.1.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.1.3.1",
)
SCOUT_SLICES = 30  # a localiser's most in one plane
LOCALISER = "a localiser"
DERIVED = "derived"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """What belongs together.

    Attributes:
        kind: as in `Series`.
        headers: the files, in the order of Instance Number.
        slices: of a volume: one at each place, each with a position and unit directions; not yet in order.
        doubts, notes: as in `Series`.
    """

    kind: SeriesKind
    headers: tuple[DicomHeader, ...]
    slices: tuple[DicomSlice, ...] = ()
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def parts_of(headers: Sequence[DicomHeader]) -> tuple[Part, ...]:
    """Take one series apart: volumes first, then films, slides and what is none of them."""
    once = _once(headers)
    kinds = {id(header): _kind(header) for header in once}
    groups = _groups([header for header in once if kinds[id(header)] == "volume"])
    volumes = _volumes(groups)
    seen = {id(one.header) for group in groups for one in (*group.slices, *group.left_out)}
    films = [h for h in once if kinds[id(h)] == "films" or (kinds[id(h)] == "volume" and id(h) not in seen)]
    slides = [header for header in once if kinds[id(header)] == "slide"]
    others = [header for header in once if kinds[id(header)] == "other"]
    parts = (
        *volumes,
        *([Part(kind="films", headers=tuple(films), doubts=_film_doubts(films))] if films else ()),
        *([Part(kind="slide", headers=tuple(slides))] if slides else ()),
        *([Part(kind="other", headers=tuple(others))] if others else ()),
    )
    notes = _file_notes(headers, once)
    return tuple(replace(part, notes=(*part.notes, *notes)) for part in parts)


def _once(headers: Sequence[DicomHeader]) -> list[DicomHeader]:
    """Each SOP instance once, in the order of Instance Number, then of time, then as given.

    Some anonymisers give all files the same UID: those of another number or place are another instance.
    """
    first: dict[Hashable, DicomHeader] = {}
    for header in headers:
        instance = (header.sop_uid, header.instance_number, header.position_lps_mm)
        first.setdefault(instance if header.sop_uid else id(header), header)
    return sorted(first.values(), key=lambda h: (h.instance_number is None, h.instance_number or 0, h.time_order))


def _file_notes(given: Sequence[DicomHeader], once: Sequence[DicomHeader]) -> tuple[str, ...]:
    num_twice = len(given) - len(once)
    num_empty = sum(header.sop_class in SLICE_CLASSES and not header.is_image for header in once)
    twice = (f"files given twice (same SOP Instance UID): {num_twice}, read once",) if num_twice else ()
    empty = (f"files without pixel data: {num_empty}, left out",) if num_empty else ()
    return (*twice, *empty)


def _kind(header: DicomHeader) -> SeriesKind:
    if not header.is_image or header.sop_class in MAP_CLASSES:
        return "other"
    if header.sop_class == SLIDE_CLASS:
        return "slide"
    grey = header.samples == 1 and header.photometric.startswith("MONOCHROME")
    if not grey or header.modality not in VOLUME_MODALITIES:
        return "films"
    if header.num_frames > 1:
        return "volume" if len(header.frames) == header.num_frames else "films"
    has_place = bool(header.frames) or header.position_lps_mm is not None
    return "volume" if has_place or header.sop_class in SLICE_CLASSES else "films"


def _groups(headers: Sequence[DicomHeader]) -> list[SliceGroup]:
    """Those of at least two slices."""
    return [group for group in slice_groups(slices_of(headers)) if len(group.slices) > 1]


def _volumes(groups: Sequence[SliceGroup]) -> list[Part]:
    doubts = (f"{LOCALISER} (three planes in one series)",) if _has_three_planes(groups) else ()
    return [_volume(group, doubts) for group in groups]


def _volume(group: SliceGroup, doubts: tuple[str, ...]) -> Part:
    files = {id(one.header): one.header for one in group.slices}
    kinds = [header.image_type for header in files.values()]
    localiser = (LOCALISER,) if is_localiser(kinds[0]) else doubts
    derived = (DERIVED,) if kinds[0][:1] == ("DERIVED",) else ()
    return Part(
        kind="volume",
        headers=tuple(files.values()),
        slices=group.slices,
        doubts=(*localiser, *derived),
        notes=group.notes,
    )


def _has_three_planes(groups: Sequence[SliceGroup]) -> bool:
    """Whether a few slices lie in each plane, as in a localiser that does not call itself one."""
    planes = {plane_of(np.array(group.slices[0].orientation_lps))[0] for group in groups}
    return len(planes) == 3 and max(len(group.slices) for group in groups) <= SCOUT_SLICES


def _film_doubts(headers: Sequence[DicomHeader]) -> tuple[str, ...]:
    """Films made for the eye are often DERIVED and PRIMARY: only a derived secondary one is in doubt."""
    doubts = (
        (LOCALISER, all(is_localiser(header.image_type) for header in headers)),
        (DERIVED, all(header.image_type[:2] == ("DERIVED", "SECONDARY") for header in headers)),
        ("raw, for processing", all(header.sop_class in RAW_CLASSES for header in headers)),
    )
    return tuple(words for words, holds in doubts if holds)
