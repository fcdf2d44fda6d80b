"""Single-frame DICOM images, decoded with pydicom.

Nothing is said here about brightness: stored values come out with what is needed to read them. Messages name tags,
sizes and types, never a value that could be a patient's; pydicom's own warnings and errors, which repeat values, are
neither shown nor chained.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.dataset import Dataset, FileDataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, as_pixel_options, get_decoder
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, UID_dictionary

from osler.errors import InputError
from osler.formats.files import check_size
from osler.formats.quiet import silenced

__all__ = ["DicomImage", "read_dicom"]

MAX_FILE_BYTES = 2**31
PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
GREY = ("MONOCHROME1", "MONOCHROME2")
MODALITY_OF_CLASS = {
    "1.2.840.10008.5.1.4.1.1.1": "CR",
    "1.2.840.10008.5.1.4.1.1.1.1": "DX",
    "1.2.840.10008.5.1.4.1.1.1.2": "MG",
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DicomImage:
    """One decoded frame.

    Attributes:
        stored: [Y, X] stored values for grey, [Y, X, 3] RGB for colour.
        photometric: "MONOCHROME1" (low values are bright), "MONOCHROME2" or "RGB".
        modality: such as "DX"; "" where the file does not say.
        bits: how many bits a stored value uses.
        slope, intercept: Rescale Slope and Rescale Intercept, None where the file has none.
        looked_up: [Y, X] what the Modality LUT Sequence makes of the stored values, where the file has one.
        steps: what was done, in words.
    """

    stored: np.ndarray
    photometric: str
    modality: str
    bits: int
    slope: float | None
    intercept: float | None
    looked_up: np.ndarray | None
    steps: tuple[str, ...]


def read_dicom(path: Path) -> DicomImage:
    """Decode a DICOM file that holds one frame.

    Raises:
        InputError: damaged, without an image, of several frames, too large, or compressed in a way that is not read.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(
            f"cannot read `{path}`: {path.stat().st_size:,} bytes, expected at most {MAX_FILE_BYTES:,} for one frame",
            hint="multi-frame files and whole slides are not read yet",
        )
    with silenced("pydicom"):
        try:
            return _read(path)
        except InputError:
            raise
        except MemoryError:
            raise InputError(f"cannot read `{path}`: not enough memory to decode it") from None
        except Exception as error:  # parsers and decoders fed with damaged bytes may raise nearly anything
            raise InputError(
                f"cannot read `{path}`: the DICOM data is damaged, cut off or of a variant that is not read "
                f"({type(error).__name__})",
                hint="copy or export it again",
            ) from None


def _read(path: Path) -> DicomImage:
    header = _load(path, stop_before_pixels=True)
    _check_header(path, header)
    dataset = _load(path, stop_before_pixels=False)
    if not any(keyword in dataset for keyword in PIXEL_KEYWORDS):
        raise InputError(f"cannot read `{path}`: expected (7FE0,0010) Pixel Data, got none{_class_name(dataset)}")
    return _decode(path, dataset)


def _load(path: Path, *, stop_before_pixels: bool) -> FileDataset:
    dataset = pydicom.dcmread(path, stop_before_pixels=stop_before_pixels, force=True)
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = _guess_syntax(dataset)
    return dataset


def _guess_syntax(dataset: FileDataset) -> UID:
    """How a file without file meta information is written, as pydicom has just read it."""
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _check_header(path: Path, header: FileDataset) -> None:
    """Everything that can be refused before memory is taken for pixels."""
    if "Rows" not in header and "Columns" not in header:
        raise InputError(
            f"cannot read `{path}`: expected an image, got a DICOM file without one{_class_name(header)}",
            hint="name the file of an image of the series" if _is_directory(header) else None,
        )
    frames = _whole(path, header, "NumberOfFrames", 1) or 1
    if frames > 1:
        raise InputError(
            f"cannot read `{path}`: expected a single frame, got {frames}{_class_name(header)}",
            hint="multi-frame images are not read yet: save the frame that matters as a file of its own",
        )
    check_size(str(path), _whole(path, header, "Columns"), _whole(path, header, "Rows"))
    samples = _whole(path, header, "SamplesPerPixel", 1)
    if samples not in (1, 3):
        raise InputError(f"cannot read `{path}`: expected 1 or 3 {_tag('SamplesPerPixel')}, got {samples}")


def _decode(path: Path, dataset: FileDataset) -> DicomImage:
    stored, properties = _pixels(path, dataset)
    photometric = str(properties["photometric_interpretation"])
    steps = [_first_step(dataset, stored)]
    if photometric == "PALETTE COLOR":
        stored = apply_color_lut(stored, dataset)
        photometric = "RGB"
        steps.append("palette looked up")
    elif photometric == "RGB" and str(dataset.PhotometricInterpretation).startswith("YBR"):
        steps.append("YBR turned into RGB")
    _check_shape(path, stored, photometric)
    return DicomImage(
        stored=stored,
        photometric=photometric,
        modality=_modality(dataset),
        bits=_bits(path, dataset, stored),
        slope=_real(path, dataset, "RescaleSlope"),
        intercept=_real(path, dataset, "RescaleIntercept"),
        looked_up=_looked_up(dataset, stored),
        steps=tuple(steps),
    )


def _pixels(path: Path, dataset: FileDataset) -> tuple[np.ndarray, dict[str, Any]]:
    syntax = dataset.file_meta.TransferSyntaxUID
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise InputError(f"cannot read `{path}`: its compression{_known_name(syntax)} is not read") from None
    if not decoder.is_available:
        raise InputError(
            f"cannot read `{path}`: no decoder for its compression{_known_name(syntax)} is installed",
            hint="install Osler's dependencies again (pylibjpeg with its plugins)",
        )
    return decoder.as_array(dataset, index=0, **as_pixel_options(dataset))


def _check_shape(path: Path, stored: np.ndarray, photometric: str) -> None:
    """One value or three a pixel, as the photometric interpretation says."""
    expected = 2 if photometric in GREY else 3
    if photometric not in (*GREY, "RGB") or stored.ndim != expected:
        raise InputError(
            f"cannot read `{path}`: expected {_tag('PhotometricInterpretation')} of grey or colour to fit its samples, "
            f"got an array of {stored.ndim} axes"
        )


def _first_step(dataset: FileDataset, stored: np.ndarray) -> str:
    rows, columns = stored.shape[:2]
    kind = _known_name(dataset.file_meta.TransferSyntaxUID)
    return f"decoded DICOM{kind}: {columns} × {rows} pixels, {stored.dtype.name}"


def _bits(path: Path, dataset: FileDataset, stored: np.ndarray) -> int:
    """Bits Stored; those of the palette's entries where one was looked up."""
    allocated = stored.dtype.itemsize * 8
    if stored.ndim == 3 and dataset.PhotometricInterpretation == "PALETTE COLOR":
        return allocated
    return min(_whole(path, dataset, "BitsStored", allocated) or allocated, allocated)


def _looked_up(dataset: FileDataset, stored: np.ndarray) -> np.ndarray | None:
    if "ModalityLUTSequence" not in dataset or stored.ndim != 2:
        return None
    return apply_modality_lut(stored, dataset)


def _modality(dataset: FileDataset) -> str:
    """The Modality, or what the SOP class says of it; anything that is no DICOM code is left out."""
    said = _get(dataset, "Modality")
    if isinstance(said, str) and said.isascii() and said.isalpha() and said.isupper() and len(said) <= 16:
        return said
    return MODALITY_OF_CLASS.get(str(_get(dataset, "SOPClassUID")), "")


def _transformation(dataset: FileDataset) -> Dataset:
    """Where the rescale stands: in enhanced images in a functional group (PS3.3 C.7.6.16.2.9), else at the top."""
    for groups in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        for group in _get(dataset, groups) or ():
            for item in _get(group, "PixelValueTransformationSequence") or ():
                return item
    return dataset


def _whole(path: Path, dataset: FileDataset, keyword: str, default: int | None = None) -> int:
    value = _get(dataset, keyword)
    if value is None and default is not None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise InputError(
            f"cannot read `{path}`: expected {_tag(keyword)} to be a whole number, got {type(value).__name__}"
        ) from None


def _real(path: Path, dataset: FileDataset, keyword: str) -> float | None:
    value = _get(_transformation(dataset), keyword)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"cannot read `{path}`: expected {_tag(keyword)} to be a finite number")
    return number


def _get(dataset: Dataset, keyword: str) -> Any:
    """An element's value; None where it is missing, empty or cannot be parsed."""
    try:
        return dataset.get(keyword)
    except Exception:  # pydicom parses on access, and damaged values raise nearly anything
        return None


def _tag(keyword: str) -> str:
    """A tag with its name, such as "(0028,0010) Rows"."""
    tag = Tag(tag_for_keyword(keyword) or 0)
    return f"({tag.group:04X},{tag.element:04X}) {dictionary_description(tag)}"


def _known_name(uid: Any) -> str:
    """A registered UID's name in brackets; nothing for a private one, which could hold anything."""
    return f" ({UID_dictionary[str(uid)][0]})" if str(uid) in UID_dictionary else ""


def _class_name(dataset: FileDataset) -> str:
    return _known_name(_get(dataset, "SOPClassUID"))


def _is_directory(dataset: FileDataset) -> bool:
    return "DirectoryRecordSequence" in dataset
