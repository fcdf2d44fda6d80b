"""What a person submits, opened but not yet read: readers in `formats` make these, recipes in `tasks` use them.

Nothing here holds a name, an identifier or a date of a patient's.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Document", "Level", "Record", "Slide", "Volume"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """Parallel slices in space, read one by one when they are asked for.

    Attributes:
        modality: such as "CT" or "MR"; "" where the file does not say (NIfTI never does).
        shape: (Z, Y, X): slices, rows, columns.
        affine_ras: [4, 4] float64; takes (column, row, slice, 1) to millimetres in RAS+ (rising towards the patient's
            right, front and head), as nibabel has it; DICOM's own LPS differs in the sign of its first two rows. Where
            slices lie unevenly their mean step stands in.
        positions_mm: [Z] float64, each slice's place along the slice normal, ascending.
        read_slice: gives [Y, X], int32 or float32, read-only: Hounsfield units for CT, modality values otherwise.
        files: the file of each slice, or the one file of all.
        other_files: what every slice needs besides, such as the values that belong to a header of their own.
        file_kind: what the files are, as `detect` names it.
        acquired: whether slices are known to lie as they were acquired; a NIfTI file seldom tells.
        unit: "HU" or "".
        label: how a person names it, such as "series 3" or "brain.nii.gz".
        steps: what is done to the stored numbers, in words.
        notes: what a person should know: gaps, duplicates, slices left out.
    """

    modality: str
    shape: tuple[int, int, int]
    affine_ras: "np.ndarray"
    positions_mm: "np.ndarray"
    read_slice: Callable[[int], "np.ndarray"]
    files: tuple[Path, ...]
    other_files: tuple[Path, ...] = ()
    file_kind: str = "dicom"
    acquired: bool = True
    unit: str = ""
    label: str = ""
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One resolution of a slide; `downsample` is full-size pixels for each of its own."""

    width_px: int
    height_px: int
    downsample: float


class Slide(ABC):
    """A whole-slide picture in several resolutions; pixels are read when they are asked for.

    Attributes:
        path: the file or folder.
        levels: the resolutions, finest first; `levels[0]` is full size.
        mpp_um: micrometres a full-size pixel covers, None where the file does not say.
        objective: the scanner's magnification, None where the file does not say.
    """

    path: Path
    levels: tuple[Level, ...]
    mpp_um: float | None
    objective: float | None

    @abstractmethod
    def read_region(self, level: int, x_px: int, y_px: int, width_px: int, height_px: int) -> "np.ndarray":
        """Read [height, width, 3] uint8 of a level; what lies outside the slide or is transparent is white.

        Args:
            level: index into `levels`.
            x_px, y_px: the region's corner in full-size pixels (as OpenSlide has it).
            width_px, height_px: its size in the level's own pixels.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""


class Document(ABC):
    """Pages, drawn when they are asked for.

    Attributes:
        path: the file.
        num_pages: how many there are.
    """

    path: Path
    num_pages: int

    @abstractmethod
    def size_pt(self, page: int) -> tuple[float, float]:
        """Width and height of a page (from 0) in points, 1/72 inch."""

    @abstractmethod
    def draw(self, page: int, dpi: float) -> "np.ndarray":
        """A page as [Y, X, 3] uint8 at a resolution; refused, with the numbers, where it would be too large."""

    @abstractmethod
    def text(self, page: int) -> str:
        """The page's text layer; "" where it has none."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""


class Record(ABC):
    """A FHIR R4 record: resources of one or several patients, read in one pass at a time.

    Attributes:
        path: the file.
        counts: how many resources there are of each type.
    """

    path: Path
    counts: dict[str, int]

    @abstractmethod
    def resources(self) -> Iterator[dict[str, Any]]:
        """Each resource as plain JSON values, in the file's order."""
