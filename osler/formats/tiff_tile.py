"""Decoding one compressed tile of a TIFF file by itself.

A tile is handed to Pillow as a TIFF file of one strip, so libtiff undoes whatever compression it is in (LZW, deflate,
JPEG with shared tables, …) and no further package is needed. JPEG 2000, which libtiff lacks, goes to Pillow directly.
"""

import io
import struct
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow
from PIL import Jpeg2KImagePlugin, TiffImagePlugin

__all__ = ["TileForm", "decode_tile"]

JPEG_2000_RGB = (33005, 34712)
SHORT, LONG, UNDEFINED = 3, 4, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class TileForm:
    """How a page's tiles are written; numbers as in TIFF 6.0.

    Attributes:
        samples: how many a pixel of one tile has: 1, 3 or 4.
        compression, photometric, predictor: the entries of these names.
        jpeg_tables: shared by all tiles; empty where there are none.
    """

    samples: int
    compression: int
    photometric: int
    predictor: int
    jpeg_tables: bytes


def decode_tile(data: bytes, width_px: int, height_px: int, form: TileForm) -> np.ndarray:
    """Decode a tile to [height, width] or [height, width, 3] uint8.

    Raises:
        Exception: whatever Pillow raises for damaged data; ValueError where the tile is of another size.
    """
    picture: Pillow.Image
    if form.compression in JPEG_2000_RGB:
        picture = Jpeg2KImagePlugin.Jpeg2KImageFile(io.BytesIO(data))
    else:
        picture = TiffImagePlugin.TiffImageFile(io.BytesIO(_as_file(data, width_px, height_px, form)))
    if picture.size != (width_px, height_px):  # told by the header, before memory is taken
        raise ValueError("a tile of another size")
    return np.asarray(picture if form.samples == 1 else picture.convert("RGB"))


def _as_file(data: bytes, width_px: int, height_px: int, form: TileForm) -> bytes:
    """The tile as a TIFF file: header, one directory, values that do not fit in it, the tile."""
    entries: list[tuple[int, int, tuple[int, ...] | bytes]] = [
        (256, LONG, (width_px,)),
        (257, LONG, (height_px,)),
        (258, SHORT, (8,) * form.samples),
        (259, SHORT, (form.compression,)),
        (262, SHORT, (form.photometric,)),
        (273, LONG, (0,)),
        (277, SHORT, (form.samples,)),
        (278, LONG, (height_px,)),
        (279, LONG, (len(data),)),
        (284, SHORT, (1,)),
        (317, SHORT, (form.predictor,)),
    ]
    if form.samples == 4:
        entries.append((338, SHORT, (0,)))
    if form.jpeg_tables:
        entries.append((347, UNDEFINED, form.jpeg_tables))
    place = 8 + 2 + 12 * len(entries) + 4
    extra = sum(size + size % 2 for size in (_size(kind, values) for _, kind, values in entries) if size > 4)
    directory, values_block = b"", b""
    for tag, kind, values in entries:
        content = _packed(kind, (place + extra,) if tag == 273 else values)
        count = len(content) if kind == UNDEFINED else len(values)
        if len(content) > 4:
            directory += struct.pack("<HHII", tag, kind, count, place + len(values_block))
            values_block += content + b"\0" * (len(content) % 2)
        else:
            directory += struct.pack("<HHI", tag, kind, count) + content.ljust(4, b"\0")
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + directory + struct.pack("<I", 0) + values_block + data


def _size(kind: int, values: tuple[int, ...] | bytes) -> int:
    return len(values) * {SHORT: 2, LONG: 4, UNDEFINED: 1}[kind]


def _packed(kind: int, values: tuple[int, ...] | bytes) -> bytes:
    if isinstance(values, bytes):
        return values
    return struct.pack(f"<{len(values)}{'H' if kind == SHORT else 'I'}", *values)
