"""What a DICOM header says of its pixels, believed only as far as it can be true."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.dataset import FileDataset

from osler.errors import InputError
from osler.formats.dicom_stream import PixelElement
from osler.formats.dicom_values import get, tag_name, text, whole
from osler.formats.files import check_size

__all__ = ["GREY", "MAX_FRAME_BYTES", "Shape", "shape_of"]

FLOAT_PIXEL_DATA, DOUBLE_PIXEL_DATA = 0x7FE00008, 0x7FE00009
FLOAT_BITS = {FLOAT_PIXEL_DATA: 32, DOUBLE_PIXEL_DATA: 64}
GREY = ("MONOCHROME1", "MONOCHROME2")
MAX_FRAME_BYTES = 2**29


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the header says of the pixels; every number is within reason."""

    rows: int
    columns: int
    num_frames: int
    samples: int
    photometric: str
    planar: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool

    @property
    def frame_bits(self) -> int:
        """Of one frame as it is stored without compression."""
        halved = self.photometric == "YBR_FULL_422"
        return self.rows * self.columns * (2 if halved else self.samples) * self.bits_allocated


def shape_of(path: Path, dataset: FileDataset, element: PixelElement) -> Shape:
    """Everything that can be refused before memory is taken for pixels.

    Raises:
        InputError: the header's numbers are missing, impossible or too large; the message names the tag.
    """
    rows, columns = (_needed(path, dataset, keyword) for keyword in ("Rows", "Columns"))
    check_size(str(path), columns, rows)
    samples = _among(path, dataset, "SamplesPerPixel", (1, 3), default=1)
    allocated = FLOAT_BITS.get(element.tag) or _among(path, dataset, "BitsAllocated", (1, 8, 16, 32, 64))
    stored = _among(path, dataset, "BitsStored", range(1, allocated + 1), default=allocated)
    shape = Shape(
        rows=rows,
        columns=columns,
        num_frames=max(1, whole(dataset, "NumberOfFrames") or 1),
        samples=samples,
        photometric=_photometric(path, dataset, samples),
        planar=_among(path, dataset, "PlanarConfiguration", (0, 1), default=0),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=_high_bit(dataset, stored, allocated),
        is_signed=_among(path, dataset, "PixelRepresentation", (0, 1), default=0) == 1,
    )
    _check_memory(path, shape)
    return shape


def _needed(path: Path, dataset: FileDataset, keyword: str) -> int:
    value = whole(dataset, keyword)
    if value is None:
        raise InputError(
            f"cannot read `{path}`: expected {tag_name(keyword)} to be a whole number, "
            f"got {type(get(dataset, keyword)).__name__}"
        )
    return value


def _among(path: Path, dataset: FileDataset, keyword: str, allowed: Any, default: int | None = None) -> int:
    if default is not None and get(dataset, keyword) is None:
        return default
    value = _needed(path, dataset, keyword)
    if value not in allowed:
        listed = f"1 to {allowed[-1]}" if isinstance(allowed, range) else " or ".join(map(str, allowed))
        raise InputError(f"cannot read `{path}`: expected {listed} {tag_name(keyword)}, got {value}")
    return value


def _high_bit(dataset: FileDataset, stored: int, allocated: int) -> int:
    """Where a value's most significant bit stands; old files left some below it unused (PS3.5 D, before 2014)."""
    said = whole(dataset, "HighBit")
    return said if said is not None and stored - 1 <= said < allocated else stored - 1


def _photometric(path: Path, dataset: FileDataset, samples: int) -> str:
    said = text(dataset, "PhotometricInterpretation").upper()
    grey = said in (*GREY, "PALETTE COLOR")
    if not said or grey != (samples == 1):
        raise InputError(
            f"cannot read `{path}`: expected {tag_name('PhotometricInterpretation')} of grey or colour to fit its "
            f"{samples} {'sample' if samples == 1 else 'samples'} a pixel"
        )
    return said


def _check_memory(path: Path, shape: Shape) -> None:
    values = shape.rows * shape.columns * (3 if shape.photometric == "PALETTE COLOR" else shape.samples)
    needed = values * max(1, shape.bits_allocated // 8)
    if needed > MAX_FRAME_BYTES:
        raise InputError(
            f"cannot read `{path}`: {shape.columns:,} × {shape.rows:,} pixels of {shape.bits_allocated} bits take "
            f"{needed:,} bytes a frame, expected at most {MAX_FRAME_BYTES:,}",
            hint="cut out the region that matters, or save a smaller copy",
        )
