"""One frame of a DICOM file's pixel data, decoded by pydicom and its plugins once its sizes are known to be sound."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels import convert_color_space, get_decoder
from pydicom.uid import UID, ExplicitVRBigEndian, RLELossless

from osler.errors import InputError
from osler.formats.codestream import rle_bytes, size_of, sound_scan
from osler.formats.dicom_stream import PixelElement, Stream
from osler.formats.dicom_values import get, known_name, tag_name, text, whole
from osler.formats.files import check_size

__all__ = ["GREY", "Shape", "decode", "shape_of"]

PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_PIXEL_DATA = 0x7FE00010, 0x7FE00008, 0x7FE00009
KEYWORD_OF = {PIXEL_DATA: "PixelData", FLOAT_PIXEL_DATA: "FloatPixelData", DOUBLE_PIXEL_DATA: "DoubleFloatPixelData"}
FLOAT_BITS = {FLOAT_PIXEL_DATA: 32, DOUBLE_PIXEL_DATA: 64}
UNDEFINED_LENGTH = 0xFFFFFFFF
GREY = ("MONOCHROME1", "MONOCHROME2")
LUMA = ("YBR_FULL", "YBR_FULL_422")
MAX_FRAME_BYTES = 2**29
MAX_COMPRESSED_VALUES = 2**27  # decoders of JPEG 2000 need ten bytes for each
MAX_OFFSET_TABLE_BYTES = 2**26
BAND_ROWS = 256


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


def decode(
    path: Path, stream: Stream, dataset: FileDataset, element: PixelElement, shape: Shape, syntax: str, frame: int
) -> tuple[np.ndarray, str]:
    """Decode one frame.

    Returns:
        [Y, X] or [Y, X, 3], and its photometric interpretation, in which YBR has become "RGB".

    Raises:
        InputError: pixels missing, cut off, compressed in a way that is not read, or of another size than the header's.
    """
    if frame >= shape.num_frames:
        raise InputError(f"cannot read `{path}`: expected one of its {shape.num_frames} frames, got frame {frame + 1}")
    decoder = _decoder(path, syntax)
    options = _options(shape, element)
    stream.seek(element.offset)
    if UID(syntax).is_encapsulated:
        content = _compressed_frame(path, stream, dataset, shape, syntax, frame)
        source: Any = encapsulate([content], has_bot=False)
    else:
        options["photometric_interpretation"] = _check_length(path, stream, element, shape, frame)
        if shape.bits_allocated == 1:
            return _bits(stream, element, shape, frame), shape.photometric
        options["correct_unused_bits"] = shape.high_bit == shape.bits_stored - 1
        source = _native_frame(stream, element, options, shape, syntax, frame)
    try:
        stored, properties = decoder.as_array(source, index=0, raw=True, **options)
    except RuntimeError:  # pydicom's, once every plugin has failed
        raise InputError(
            f"cannot read `{path}`: its compressed {tag_name('PixelData')} ({known_name(syntax)}) cannot be decoded: "
            f"damaged or cut off",
            hint="copy or export it again",
        ) from None
    if not options.get("correct_unused_bits", True):
        stored = (stored << (shape.bits_allocated - 1 - shape.high_bit)) >> (shape.bits_allocated - shape.bits_stored)
    photometric = str(properties["photometric_interpretation"])
    return (_to_rgb(stored), "RGB") if photometric in LUMA else (stored, photometric)


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


def _decoder(path: Path, syntax: str) -> Any:
    named = f" ({known_name(syntax)})" if known_name(syntax) else ""
    try:
        decoder = get_decoder(UID(syntax))
    except NotImplementedError:
        raise InputError(f"cannot read `{path}`: its compression{named} is not read") from None
    if not decoder.is_available:
        raise InputError(
            f"cannot read `{path}`: no decoder for its compression{named} is installed",
            hint="install Osler's dependencies again (pylibjpeg with its plugins)",
        )
    return decoder


def _options(shape: Shape, element: PixelElement) -> dict[str, Any]:
    return {
        "rows": shape.rows,
        "columns": shape.columns,
        "samples_per_pixel": shape.samples,
        "photometric_interpretation": shape.photometric,
        "planar_configuration": shape.planar,
        "number_of_frames": 1,
        "bits_allocated": shape.bits_allocated,
        "bits_stored": shape.bits_stored,
        "pixel_representation": int(shape.is_signed),
        "pixel_keyword": KEYWORD_OF[element.tag],
        "pixel_vr": element.form or "OW",
    }


def _compressed_frame(path: Path, stream: Stream, dataset: FileDataset, shape: Shape, syntax: str, frame: int) -> bytes:
    """A frame's codestream, whose own size agrees with the header's."""
    if shape.rows * shape.columns * shape.samples > MAX_COMPRESSED_VALUES:
        raise InputError(
            f"cannot read `{path}`: {shape.columns:,} × {shape.rows:,} compressed pixels, expected at most "
            f"{MAX_COMPRESSED_VALUES // shape.samples:,}",
            hint="export it without compression, or save a smaller copy",
        )
    _check_offset_table(path, stream)
    tables = get(dataset, "ExtendedOffsetTable"), get(dataset, "ExtendedOffsetTableLengths")
    offsets = tables if all(isinstance(table, bytes) and table for table in tables) else None
    try:
        content = get_frame(stream, frame, number_of_frames=shape.num_frames, extended_offsets=offsets)  # type: ignore[arg-type]
    except ValueError:
        raise InputError(
            f"cannot read `{path}`: frame {frame + 1} of {shape.num_frames} is not in its compressed "
            f"{tag_name('PixelData')}",
            hint="copy or export it again",
        ) from None
    if stream.cut_off:
        raise InputError(
            f"cannot read `{path}`: its compressed {tag_name('PixelData')} is cut off", hint="copy or export it again"
        )
    if syntax == RLELossless:
        _check_runs(path, content, shape)
        return content
    _check_codestream(path, content, shape)
    return sound_scan(content)


def _check_offset_table(path: Path, stream: Stream) -> None:
    """The first item holds the frames' offsets, four bytes each; a damaged one may claim gigabytes."""
    start = stream.tell()
    head = stream.read(8)
    stream.seek(start)
    if head[:4] != b"\xfe\xff\x00\xe0" or int.from_bytes(head[4:], "little") > MAX_OFFSET_TABLE_BYTES:
        raise InputError(
            f"cannot read `{path}`: its compressed {tag_name('PixelData')} does not begin with a table of offsets",
            hint="copy or export it again",
        )


def _check_codestream(path: Path, content: bytes, shape: Shape) -> None:
    size = size_of(content)
    if size is None:
        raise InputError(
            f"cannot read `{path}`: a compressed frame of {len(content):,} bytes begins as none of JPEG, JPEG-LS and "
            f"JPEG 2000, or is cut off",
            hint="copy or export it again",
        )
    if (size.width_px, size.height_px, size.components) != (shape.columns, shape.rows, shape.samples):
        raise InputError(
            f"cannot read `{path}`: its header says {shape.columns} × {shape.rows} pixels of {shape.samples} values, "
            f"its compressed data {size.width_px} × {size.height_px} of {size.components}",
            hint="copy or export it again",
        )


def _check_runs(path: Path, content: bytes, shape: Shape) -> None:
    """Two bytes of run-length coding may become 128: count first where that would be too much."""
    expected = shape.frame_bits // 8
    if len(content) * 64 > MAX_FRAME_BYTES and rle_bytes(content[64:], 2 * expected) > 2 * expected:
        raise InputError(
            f"cannot read `{path}`: its run-length coded data unpacks to more than twice the {expected:,} bytes that "
            f"its header says",
            hint="copy or export it again",
        )


def _check_length(path: Path, stream: Stream, element: PixelElement, shape: Shape, frame: int) -> str:
    """Whether an uncompressed frame is all there.

    Returns:
        The photometric interpretation; YBR_FULL where halved colour is claimed but all of it is there (PS3.3
        C.7.6.3.1.2).
    """
    if element.length == UNDEFINED_LENGTH:
        raise InputError(
            f"cannot read `{path}`: its {tag_name('PixelData')} is compressed, its transfer syntax says that it is not",
            hint="export it again",
        )
    present = min(element.length, stream.size_bytes - element.offset)
    full = shape.rows * shape.columns * shape.samples * shape.bits_allocated // 8 * shape.num_frames
    if shape.photometric == "YBR_FULL_422" and present >= full:
        return "YBR_FULL"
    needed = math.ceil((frame + 1) * shape.frame_bits / 8)
    if present < needed:
        raise InputError(
            f"cannot read `{path}`: expected {needed:,} bytes of {tag_name(KEYWORD_OF[element.tag])} for "
            f"{f'{frame + 1} frames of ' if frame else ''}{shape.columns} × {shape.rows} pixels, got {present:,}",
            hint="copy or export it again",
        )
    return shape.photometric


def _native_frame(
    stream: Stream, element: PixelElement, options: dict[str, Any], shape: Shape, syntax: str, frame: int
) -> bytes:
    """An uncompressed frame's bytes, of even number as pydicom wants them."""
    halved = options["photometric_interpretation"] == "YBR_FULL_422"
    length = shape.rows * shape.columns * (2 if halved else shape.samples) * shape.bits_allocated // 8
    start = frame * length
    if syntax == ExplicitVRBigEndian and element.form == "OW" and shape.bits_allocated == 8:
        # Pairs of bytes are exchanged: begin at a whole pair, and put the bytes in order here.
        stream.seek(element.offset + start - start % 2)
        swapped = stream.read(length + start % 2 + 1)
        pairs = np.frombuffer(swapped[: len(swapped) // 2 * 2], ">u2").astype("<u2").tobytes()
        options["pixel_vr"] = "OB"
        content = pairs[start % 2 : start % 2 + length]
    else:
        stream.seek(element.offset + start)
        content = stream.read(length)
    return content + b"\0" * (len(content) % 2)


def _bits(stream: Stream, element: PixelElement, shape: Shape, frame: int) -> np.ndarray:
    """[Y, X] uint8 of 0 and 1; frames of one bit a pixel follow each other without filling up bytes (PS3.5 8.1.1)."""
    size = shape.rows * shape.columns * shape.samples
    first, last = frame * size, (frame + 1) * size
    stream.seek(element.offset + first // 8)
    content = np.frombuffer(stream.read(math.ceil(last / 8) - first // 8), np.uint8)
    bits = np.unpackbits(content, bitorder="little")[first % 8 : first % 8 + size]
    return bits.reshape(shape.rows, shape.columns)


def _to_rgb(stored: np.ndarray) -> np.ndarray:
    """YBR to RGB, a few rows at a time: pydicom's arithmetic takes twelve bytes a pixel and more."""
    out = np.empty(stored.shape, stored.dtype)
    for start in range(0, stored.shape[0], BAND_ROWS):
        out[start : start + BAND_ROWS] = convert_color_space(stored[start : start + BAND_ROWS], "YBR_FULL", "RGB")
    return out
