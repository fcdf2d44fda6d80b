"""Studies and series as they are found among a person's DICOM files."""

from dataclasses import dataclass
from typing import Literal

from osler.formats.dicom_header import DicomHeader
from osler.formats.dicom_volume import DicomSlice
from osler.imaging.stack import Stack

__all__ = ["Chosen", "Series", "SeriesKind", "StudyGroup"]

SeriesKind = Literal["volume", "films", "slide", "other"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """The images of one series that belong together: all of them, or one part where it holds several volumes.

    Attributes:
        digest: the first digits of the digest of its UID.
        number: Series Number, None where there is none.
        part: counted from 1 where the series has several parts, such as echoes, phases or planes; else 0.
        modality: such as "CT"; "" where the files do not say.
        kind: parallel slices, single pictures, a whole slide, or nothing that a recipe reads.
        headers: its files, in the order of Instance Number.
        slices: a volume's slices in the stack's order; empty for other kinds.
        stack: how they lie; None for other kinds.
        spacing_mm: between slices, rows and columns of a volume.
        width_px, height_px: of an image.
        num_images: slices of a volume, frames of films.
        doubts: why another series would rather be taken, in words: "derived", "a localiser", …
        notes: what a person should know about it: gaps, duplicates, assumptions.
    """

    digest: str
    number: int | None
    part: int = 0
    modality: str
    kind: SeriesKind
    headers: tuple[DicomHeader, ...]
    slices: tuple[DicomSlice, ...] = ()
    stack: Stack | None = None
    spacing_mm: tuple[float, float, float] | None = None
    width_px: int = 0
    height_px: int = 0
    num_images: int = 0
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How `--series` names it: "3", "3.2" for its second part, the digest where it has no number."""
        whole = self.digest if self.number is None else str(self.number)
        return f"{whole}.{self.part}" if self.part else whole

    @property
    def label(self) -> str:
        """How a person names it."""
        return f"series {self.name}"

    @property
    def plane(self) -> str:
        """The nearest plane of a volume, "" for other kinds."""
        return self.stack.plane if self.stack else ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyGroup:
    """One study.

    Attributes:
        digest: the first digits of the digest of its UID.
        series: in the order of their numbers.
        time_order: a text that sorts studies by time; "" where a file does not say. For comparing only.
    """

    digest: str
    series: tuple[Series, ...]
    time_order: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """A series that is to be shown to the model, and why."""

    series: Series
    reason: str
