"""One frame of a DICOM file's pixel data, decoded by pydicom and its plugins once its sizes are known to be sound."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels import convert_color_space, get_decoder
from pydicom.uid import UID, ExplicitVRBigEndian, RLELossless

from osler.errors import InputError
from osler.formats.codestream import rle_bytes, size_of, sound_scan
from osler.formats.dicom_shape import MAX_FRAME_BYTES, Shape
from osler.formats.dicom_stream import PixelElement, Stream
from osler.formats.dicom_values import get, known_name, tag_name

__all__ = ["decode"]

PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_PIXEL_DATA = 0x7FE00010, 0x7FE00008, 0x7FE00009
KEYWORD_OF = {PIXEL_DATA: "PixelData", FLOAT_PIXEL_DATA: "FloatPixelData", DOUBLE_PIXEL_DATA: "DoubleFloatPixelData"}
UNDEFINED_LENGTH = 0xFFFFFFFF
LUMA = ("YBR_FULL", "YBR_FULL_422")
MAX_COMPRESSED_VALUES = 2**27  # decoders take five bytes and more for each
MAX_OFFSET_TABLE_BYTES = 2**26
BAND_ROWS = 256


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
        is_whole = element.tag == PIXEL_DATA
        options["correct_unused_bits"] = not is_whole or shape.high_bit == shape.bits_stored - 1
        source = _native_frame(stream, element, options, shape, syntax, frame)
    try:
        stored, properties = decoder.as_array(source, index=0, raw=True, **options)
    except RuntimeError:  # pydicom's, once every plugin has failed
        raise _damaged(path, f"({known_name(syntax)}) cannot be decoded: damaged or cut off") from None
    if not options.get("correct_unused_bits", True):
        stored = (stored << (shape.bits_allocated - 1 - shape.high_bit)) >> (shape.bits_allocated - shape.bits_stored)
    photometric = str(properties["photometric_interpretation"])
    return (_to_rgb(stored), "RGB") if photometric in LUMA else (stored, photometric)


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
        raise _damaged(path, f"lacks frame {frame + 1} of {shape.num_frames}") from None
    if stream.cut_off:
        raise _damaged(path, "is cut off")
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
        raise _damaged(path, "does not begin with a table of offsets")


def _damaged(path: Path, how: str) -> InputError:
    return InputError(
        f"cannot read `{path}`: its compressed {tag_name('PixelData')} {how}", hint="copy or export it again"
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
