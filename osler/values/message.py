"""What is handed to a model: images and texts in turns, and where the images were taken."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Box", "FileRecord", "Image", "ImagePart", "Message", "Origin", "OriginKind", "TextPart"]

OriginKind = Literal["frame", "slice", "patch", "tile", "page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """A file that was read: its name without folders, size and digest."""

    name: str
    sha256: str
    size_bytes: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where in its source an image was taken.

    Attributes:
        kind: a frame of a film, a slice of a volume, a patch of a slide, a tile of a picture or a page of a document.
        number, total: the how-manyth of how many the source has, from 1.
        plane: "axial", "coronal" or "sagittal" for slices, else "".
        position_mm: of a slice along its plane's normal (towards head, front or the patient's left), if known.
        region_px: (x, y, width, height) in the source's own full-size pixels, for patches and tiles.
        magnification: of a patch, such as 10.0.
        windows: (low, high) in the source's unit: one, or one each for red, green and blue.
    """

    kind: OriginKind
    number: int
    total: int
    plane: str = ""
    position_mm: float | None = None
    region_px: tuple[int, int, int, int] | None = None
    magnification: float | None = None
    windows: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Image:
    """A two-dimensional picture, ready to be padded and resized for the model.

    Attributes:
        pixels: [Y, X, 3] uint8, read-only.
        file: where it came from, or None for pixels handed over in memory.
        steps: what was done to the file's numbers to get these pixels, in order, in words.
        origin: where in its source it was taken, where the source holds more than one picture.
    """

    pixels: "np.ndarray"
    file: FileRecord | None = None
    steps: tuple[str, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """A piece of text in a message."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """A picture in a message."""

    image: Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn: who speaks ("system", "user" or "assistant") and what, in order."""

    role: str
    parts: tuple[TextPart | ImagePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A labelled rectangle in an image's own pixels; (x0, y0) is its top left corner."""

    label: str
    x0: float
    y0: float
    x1: float
    y1: float
