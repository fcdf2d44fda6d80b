"""DICOM images, one frame at a time.

Nothing is said here about brightness: stored values come out with what is needed to read them. Messages name tags,
sizes and types, never a value that could be a patient's; pydicom's own warnings and errors, which repeat values, are
neither shown nor chained.
"""

import functools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileDataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import ExplicitVRBigEndian

from osler.errors import InputError
from osler.formats.dicom_frames import FRAME_KEYWORDS, macro
from osler.formats.dicom_header import modality_of, syntax_of
from osler.formats.dicom_lookup import TableError, look_up, modality_table, palette
from osler.formats.dicom_pixels import decode
from osler.formats.dicom_shape import GREY, Shape, shape_of
from osler.formats.dicom_stream import HEADER_BYTES, PixelElement, open_stream, pixel_stop
from osler.formats.dicom_values import get, known_name, real, tag_name, uid
from osler.formats.files import check_file
from osler.formats.quiet import silenced

__all__ = ["DicomImage", "read_dicom"]

INFLATED_BYTES = 2**28
READ_BYTES = 2**31
DIRECTORY = "1.2.840.10008.1.3.10"
KEYWORDS = """SOPClassUID Modality Rows Columns NumberOfFrames SamplesPerPixel PhotometricInterpretation
    PlanarConfiguration BitsAllocated BitsStored HighBit PixelRepresentation RescaleSlope RescaleIntercept
    ModalityLUTSequence PixelPresentation ExtendedOffsetTable ExtendedOffsetTableLengths
    RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor BluePaletteColorLookupTableDescriptor
    RedPaletteColorLookupTableData GreenPaletteColorLookupTableData BluePaletteColorLookupTableData
    SegmentedRedPaletteColorLookupTableData SegmentedGreenPaletteColorLookupTableData
    SegmentedBluePaletteColorLookupTableData"""
TAGS: list[BaseTag | int] = [tag_for_keyword(keyword) or 0 for keyword in (*KEYWORDS.split(), *FRAME_KEYWORDS)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DicomImage:
    """One decoded frame.

    Attributes:
        stored: [Y, X] stored values for grey, [Y, X, 3] RGB for colour.
        photometric: "MONOCHROME1" (low values are bright), "MONOCHROME2" or "RGB".
        modality: such as "DX"; "" where the file does not say.
        bits: how many bits a stored value uses.
        slope, intercept: Rescale Slope and Rescale Intercept of this frame, None where the file has none.
        looked_up: [Y, X] what the Modality LUT Sequence makes of the stored values, where the file has one.
        steps: what was done, in words.
        frame, num_frames: which one this is, counted from 0, and how many the file has.
    """

    stored: np.ndarray
    photometric: str
    modality: str
    bits: int
    slope: float | None
    intercept: float | None
    looked_up: np.ndarray | None
    steps: tuple[str, ...]
    frame: int = 0
    num_frames: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Description:
    """What a file says of its pixels, parsed once for all of its frames."""

    dataset: FileDataset
    element: PixelElement
    shape: Shape
    syntax: str
    deflated: bool


def read_dicom(path: Path, frame: int = 0) -> DicomImage:
    """Decode one frame; nothing is read of the others.

    Args:
        path: the file.
        frame: which one, counted from 0.

    Raises:
        InputError: damaged, without an image or such a frame, too large, or compressed in a way that is not read.
    """
    check_file(path)
    with silenced("pydicom"):
        try:
            found = path.stat()
            return _read(path, _description(path, found.st_mtime_ns, found.st_size), frame)
        except InputError:
            raise
        except TableError as error:
            raise InputError(f"cannot read `{path}`: its {error}", hint="copy or export it again") from None
        except MemoryError:
            raise InputError(f"cannot read `{path}`: not enough memory to decode it") from None
        except Exception as error:  # parsers and decoders fed with damaged bytes may raise nearly anything
            raise InputError(
                f"cannot read `{path}`: the DICOM data is damaged, cut off or of a variant that is not read "
                f"({type(error).__name__})",
                hint="copy or export it again",
            ) from None


@functools.lru_cache(maxsize=1)
def _description(path: Path, changed_ns: int, size_bytes: int) -> _Description:
    """Parse the header; kept for the next frame of the same file, whose functional groups may take long."""
    with open_stream(path, inflate_bytes=INFLATED_BYTES, budget_bytes=HEADER_BYTES, whole=True) as stream:
        found: list[PixelElement] = []
        dataset = read_partial(stream, stop_when=pixel_stop(stream, found), force=True, specific_tags=TAGS)  # type: ignore[arg-type]
        if stream.spent:
            raise InputError(f"cannot read `{path}`: its header holds more data elements than are read")
        _check_is_image(path, dataset, has_pixels=bool(found))
        return _Description(
            dataset=dataset,
            element=found[0],
            shape=shape_of(path, dataset, found[0]),
            syntax=syntax_of(dataset),
            deflated=stream.deflated,
        )


def _check_is_image(path: Path, dataset: FileDataset, *, has_pixels: bool) -> None:
    named = known_name(uid(dataset, "SOPClassUID") or uid(dataset.file_meta, "MediaStorageSOPClassUID"))
    named = f" ({named})" if named else ""
    if "Rows" not in dataset and "Columns" not in dataset:
        is_directory = uid(dataset.file_meta, "MediaStorageSOPClassUID") == DIRECTORY
        raise InputError(
            f"cannot read `{path}`: expected an image, got a DICOM file without one{named}",
            hint="name the file of an image of the series" if is_directory else None,
        )
    if not has_pixels:
        raise InputError(f"cannot read `{path}`: expected {tag_name('PixelData')}, got none{named}")


def _read(path: Path, described: _Description, frame: int) -> DicomImage:
    dataset, shape = described.dataset, described.shape
    with open_stream(path, inflate_bytes=INFLATED_BYTES, budget_bytes=READ_BYTES, whole=True) as stream:
        stored, photometric = decode(path, stream, dataset, described.element, shape, described.syntax, frame)
    steps = [_first_step(described, stored)]
    if shape.num_frames > 1:
        steps.append(f"frame {frame + 1} of {shape.num_frames}")
    if photometric == "RGB" and shape.photometric.startswith("YBR"):
        steps.append("YBR turned into RGB")
    if get(dataset, "PixelPresentation") in ("COLOR", "MIXED"):
        steps.append("colours that the file lays over its grey values left out")
    slope, intercept = _rescale(path, dataset, frame)
    image = DicomImage(
        stored=stored,
        photometric=photometric,
        modality=modality_of(dataset),
        bits=min(shape.bits_stored, stored.dtype.itemsize * 8),
        slope=slope,
        intercept=intercept,
        looked_up=None,
        steps=tuple(steps),
        frame=frame,
        num_frames=shape.num_frames,
    )
    return _checked(path, _looked_up(image, dataset, big_endian=described.syntax == ExplicitVRBigEndian))


def _looked_up(image: DicomImage, dataset: Dataset, *, big_endian: bool) -> DicomImage:
    """The image with its palette's colours, or beside its Modality LUT's values."""
    if image.photometric == "PALETTE COLOR":
        stored = look_up(image.stored, palette(dataset, big_endian=big_endian))
        steps = (*image.steps, "palette looked up")
        return replace(image, stored=stored, photometric="RGB", bits=stored.dtype.itemsize * 8, steps=steps)
    table = modality_table(dataset, big_endian=big_endian) if image.stored.ndim == 2 else None
    if table is None:
        return image
    return replace(image, looked_up=look_up(image.stored, (table,))[:, :, 0])


def _checked(path: Path, image: DicomImage) -> DicomImage:
    """One value or three a pixel, as the photometric interpretation says."""
    expected = 2 if image.photometric in GREY else 3
    if image.photometric not in (*GREY, "RGB") or image.stored.ndim != expected:
        raise InputError(
            f"cannot read `{path}`: expected {tag_name('PhotometricInterpretation')} of grey or colour to fit its "
            f"samples, got an array of {image.stored.ndim} axes"
        )
    return image


def _first_step(described: _Description, stored: np.ndarray) -> str:
    rows, columns = stored.shape[:2]
    name = "Deflated Explicit VR Little Endian" if described.deflated else known_name(described.syntax)
    return f"decoded DICOM{f' ({name})' if name else ''}: {columns} × {rows} pixels, {stored.dtype.name}"


def _rescale(path: Path, dataset: FileDataset, frame: int) -> tuple[float | None, float | None]:
    """In enhanced images the rescale stands in a functional group (PS3.3 C.7.6.16.2.9), else at the top."""
    group = macro(dataset, frame, "PixelValueTransformationSequence")
    place = group if len(group) else dataset
    return _real(path, place, "RescaleSlope"), _real(path, place, "RescaleIntercept")


def _real(path: Path, dataset: Dataset, keyword: str) -> float | None:
    number = real(dataset, keyword)
    if number is None and keyword in dataset and not _is_empty(dataset, keyword):
        raise InputError(f"cannot read `{path}`: expected {tag_name(keyword)} to be a finite number")
    return number


def _is_empty(dataset: Dataset, keyword: str) -> bool:
    try:
        return dataset[keyword].is_empty
    except Exception:  # a value that cannot be parsed is there all the same
        return False
