"""Where each frame of a multi-frame image lies.

Enhanced images say so in functional groups (DICOM PS3.3 C.7.6.16), reconstructed nuclear medicine by the place of its
first frame and the distance of the others (C.8.4.15).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag

from osler.formats.dicom_values import codes, get, real, reals, sequence, text, uid, whole

__all__ = ["FRAME_KEYWORDS", "FramePlace", "frame_places", "macro"]

FRAME_KEYWORDS = (
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "DetectorInformationSequence",
    "SliceVector",
)
NUCLEAR = "1.2.840.10008.5.1.4.1.1.20"
RECONSTRUCTED = frozenset({"RECON TOMO", "RECON GATED TOMO"})
SLIDES = "1.2.840.10008.5.1.4.1.1.77.1.6"  # their frames are tiles, a hundred thousand of them
ITEMS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")  # little and big endian
MAX_ITEMS = 300_000  # parsed, an item takes a kilobyte or two
MAX_BYTES = 2**24


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePlace:
    """One frame's place, size and rescale; what the file does not say is None.

    Attributes:
        position_lps_mm, orientation_lps, spacing_mm, thickness_mm, slope, intercept: as in `DicomHeader`.
        stack: frames of the same stack, time point, echo and diffusion weighting share a number, counted from 0.
    """

    position_lps_mm: tuple[float, ...] | None = None
    orientation_lps: tuple[float, ...] | None = None
    spacing_mm: tuple[float, ...] | None = None
    thickness_mm: float | None = None
    slope: float | None = None
    intercept: float | None = None
    stack: int = 0


def macro(dataset: Dataset, frame: int, keyword: str) -> Dataset:
    """A functional group's one item for a frame, its own or the one shared by all; an empty data set where none is."""
    shared, per_frame = (
        sequence(dataset, groups) if _is_small(dataset, groups) else ()
        for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
    )
    for group in (*per_frame[frame : frame + 1], *shared[:1]):
        for item in sequence(group, keyword)[:1]:
            return item
    return Dataset()


def frame_places(dataset: Dataset) -> tuple[FramePlace, ...]:
    """The place of each frame; () for images that say nothing of it, and for slides."""
    if uid(dataset, "SOPClassUID") == NUCLEAR:
        return _nuclear_places(dataset)
    if uid(dataset, "SOPClassUID") == SLIDES or not all(_is_small(dataset, keyword) for keyword in FRAME_KEYWORDS):
        return ()
    shared = (*sequence(dataset, "SharedFunctionalGroupsSequence")[:1], Dataset())[0]
    stacks: dict[tuple[Any, ...], int] = {}
    return tuple(_place(group, shared, stacks) for group in sequence(dataset, "PerFrameFunctionalGroupsSequence"))


def _nuclear_places(dataset: Dataset) -> tuple[FramePlace, ...]:
    """Slices behind the first one (before it where the distance is negative), each at its number in Slice Vector.

    "Behind" is along the cross product of the direction along a row and the direction along a column.
    """
    detector = next(iter(sequence(dataset, "DetectorInformationSequence")), Dataset())
    first = reals(detector, "ImagePositionPatient", 3) or reals(dataset, "ImagePositionPatient", 3)
    directions = reals(detector, "ImageOrientationPatient", 6) or reals(dataset, "ImageOrientationPatient", 6)
    step_mm, numbers = real(dataset, "SpacingBetweenSlices"), get(dataset, "SliceVector")
    is_volume = not RECONSTRUCTED.isdisjoint(codes(dataset, "ImageType")[2:3])
    if not (is_volume and first and directions and step_mm and isinstance(numbers, MultiValue | list)):
        return ()
    behind_mm = [step_mm * (number - 1) for number in numbers if isinstance(number, int)]
    (a, b, c), (d, e, f) = directions[:3], directions[3:]
    normal = (b * f - c * e, c * d - a * f, a * e - b * d)
    return tuple(
        FramePlace(
            position_lps_mm=tuple(mm + along * distance for mm, along in zip(first, normal, strict=True)),
            orientation_lps=directions,
        )
        for distance in behind_mm
    )


def _place(group: Dataset, shared: Dataset, stacks: dict[tuple[Any, ...], int]) -> FramePlace:
    def item(keyword: str) -> Dataset:
        return next(iter((*sequence(group, keyword)[:1], *sequence(shared, keyword)[:1])), Dataset())

    measures, values = item("PixelMeasuresSequence"), item("PixelValueTransformationSequence")
    return FramePlace(
        position_lps_mm=reals(item("PlanePositionSequence"), "ImagePositionPatient", 3),
        orientation_lps=reals(item("PlaneOrientationSequence"), "ImageOrientationPatient", 6),
        spacing_mm=reals(measures, "PixelSpacing", 2),
        thickness_mm=real(measures, "SliceThickness"),
        slope=real(values, "RescaleSlope"),
        intercept=real(values, "RescaleIntercept"),
        stack=stacks.setdefault(_stack_key(item), len(stacks)),
    )


def _stack_key(item: Callable[[str], Dataset]) -> tuple[Any, ...]:
    content = item("FrameContentSequence")
    return (
        text(content, "StackID"),
        whole(content, "TemporalPositionIndex"),
        real(item("MREchoSequence"), "EffectiveEchoTime"),
        real(item("MRDiffusionSequence"), "DiffusionBValue"),
    )


def _is_small(dataset: Dataset, keyword: str) -> bool:
    """Whether a sequence that is still bytes is short enough to be parsed."""
    try:
        element = dataset.get_item(Tag(keyword))
    except Exception:  # missing
        return True
    if isinstance(element, RawDataElement) and isinstance(element.value, bytes):
        content = element.value
        return len(content) <= MAX_BYTES and max(content.count(item) for item in ITEMS) <= MAX_ITEMS
    return True
