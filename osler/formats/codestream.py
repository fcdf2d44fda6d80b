"""The size that a compressed picture gives itself, read from its first bytes before anything is decompressed."""

import struct
from dataclasses import dataclass

__all__ = ["CodestreamSize", "rle_bytes", "size_of", "sound_scan"]

JP2 = b"\x00\x00\x00\x0cjP  "
JPEG_2000 = b"\xff\x4f\xff\x51"
JPEG = b"\xff\xd8"
# Start of frame: JPEG's thirteen kinds (ITU-T T.81 table B.1) and JPEG-LS (T.87 C.1.1).
FRAME_MARKERS = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
LONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
FILL = 0xFF
START_OF_SCAN = 0xDA
SEQUENTIAL = (0xC0, 0xC1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodestreamSize:
    """What a codestream's own header says: pixels, and values a pixel."""

    width_px: int
    height_px: int
    components: int


def size_of(codestream: bytes) -> CodestreamSize | None:
    """The size of a JPEG, JPEG-LS or JPEG 2000 picture; None where its beginning is none of these or is cut off.

    >>> size_of(b"\\xff\\xd8\\xff\\xc0\\x00\\x0b\\x08\\x00\\x10\\x00\\x20\\x01\\x01\\x11\\x00")
    CodestreamSize(width_px=32, height_px=16, components=1)
    """
    try:
        if codestream.startswith(JPEG):
            return _jpeg(codestream)
        start = _in_boxes(codestream) if codestream.startswith(JP2) else 0
        return _jpeg_2000(codestream[start : start + 42]) if codestream.startswith(JPEG_2000, start) else None
    except (IndexError, struct.error):
        return None


def sound_scan(codestream: bytes) -> bytes:
    """A sequential JPEG whose scan header gives the range of coefficients that is the only one allowed.

    Some writers leave it zero; strict decoders then refuse a picture that is sound (ITU-T T.81 B.2.3: 0 to 63).
    """
    kind, place = 0, 2
    while codestream.startswith(JPEG) and place + 4 <= len(codestream) and codestream[place] == FILL:
        marker, length = codestream[place + 1], int.from_bytes(codestream[place + 2 : place + 4], "big")
        kind = marker if marker in FRAME_MARKERS else kind
        if marker == START_OF_SCAN:
            end = place + 2 + length
            return codestream[: end - 3] + b"\0\x3f\0" + codestream[end:] if kind in SEQUENTIAL else codestream
        place += 1 if marker == FILL else 2 if marker in LONE_MARKERS else 2 + max(2, length)
    return codestream


def _jpeg(codestream: bytes) -> CodestreamSize | None:
    """Walk from marker to marker until one begins a frame."""
    position = 2
    while position + 10 <= len(codestream):
        if codestream[position] != FILL:
            return None
        marker = codestream[position + 1]
        if marker == FILL:
            position += 1
        elif marker in FRAME_MARKERS:
            height, width, components = struct.unpack_from(">HHB", codestream, position + 5)
            return CodestreamSize(width_px=width, height_px=height, components=components)
        elif marker in LONE_MARKERS:
            position += 2
        else:
            position += 2 + max(2, struct.unpack_from(">H", codestream, position + 2)[0])
    return None


def _in_boxes(codestream: bytes) -> int:
    """Where the codestream begins among JP2's boxes (ISO 15444-1 annex I)."""
    position = len(JP2) + 4
    while position + 8 <= len(codestream):
        length, kind = struct.unpack_from(">I4s", codestream, position)
        if kind == b"jp2c":
            return position + (16 if length == 1 else 8)
        if length < 8:
            break
        position += length
    return len(codestream)


def _jpeg_2000(head: bytes) -> CodestreamSize:
    """From the SIZ marker segment (ISO 15444-1 A.5.1): the reference grid less its offset."""
    width, height, left, top = struct.unpack_from(">IIII", head, 8)
    components = struct.unpack_from(">H", head, 40)[0]
    return CodestreamSize(width_px=width - left, height_px=height - top, components=components)


def rle_bytes(segments: bytes, limit: int) -> int:
    """How many bytes run-length coded segments unpack to (PS3.5 annex G); counting stops beyond `limit`.

    >>> rle_bytes(bytes([2, 7, 7, 7, 256 - 4, 9]), 100)
    8
    """
    total = position = 0
    while position < len(segments) and total <= limit:
        control = segments[position]
        if control < 128:
            total += control + 1
            position += control + 2
        else:
            total += 257 - control if control > 128 else 0
            position += 2 if control > 128 else 1
    return total
