"""What kind of file it is, told by its first bytes and never by its name."""

from pathlib import Path
from typing import Literal

from osler.errors import InputError

__all__ = ["Kind", "detect"]

Kind = Literal["png", "jpeg", "tiff", "webp", "bmp", "dicom"]

READ = "PNG, JPEG, TIFF, WebP, BMP or DICOM"
HEAD_BYTES = 352
LATER = "Osler does not read these yet"
UNPACK = "unpack it and name one of the files in it"
RESAVE = "save it as PNG or JPEG"

SIGNATURES: tuple[tuple[int, bytes, Kind], ...] = (
    (128, b"DICM", "dicom"),  # first: a DICOM file's preamble may be a TIFF header
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (0, b"II+\0", "tiff"),
    (0, b"MM\0+", "tiff"),
    (8, b"WEBP", "webp"),
)
OTHERS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"GIF8", "a GIF", RESAVE),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", RESAVE),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 codestream", RESAVE),
    (0, b"\xff\x0a", "a JPEG XL picture", RESAVE),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture", RESAVE),
    (4, b"ftyp", "a HEIC or AVIF picture or a film", RESAVE),
    (0, b"%PDF", "a PDF", LATER),
    (344, b"n+1\0", "a NIfTI volume", LATER),
    (344, b"ni1\0", "a NIfTI header", LATER),
    (0, b"\x1f\x8b", "gzip-compressed", UNPACK),
    (0, b"PK\x03\x04", "a ZIP archive", UNPACK),
    (0, b"7z\xbc\xaf", "a 7z archive", UNPACK),
    (0, b"GGUF", "a GGUF checkpoint", "weights go to --model"),
    (0, b"<svg", "an SVG drawing", RESAVE),
    (0, b"<?xml", "an XML text", "name the picture itself"),
)
BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
VALUE_REPRESENTATIONS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OW PN SH SL SQ SS ST TM UC UI UL UN UR US UT".split()
)


def detect(path: Path) -> Kind:
    """Tell a file's kind.

    Raises:
        InputError: none that Osler reads; known kinds are named.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    for offset, magic, kind in SIGNATURES:
        if head.startswith(magic, offset):
            return kind
    if _is_bmp(head):
        return "bmp"
    if _is_bare_dicom(head, path.stat().st_size):
        return "dicom"
    for offset, magic, name, hint in OTHERS:
        if head.startswith(magic, offset):
            raise InputError(f"cannot read `{path}`: expected {READ}, got {name}", hint=hint)
    raise InputError(f"cannot read `{path}`: expected {READ}, and its first bytes belong to none of them")


def _is_bmp(head: bytes) -> bool:
    return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in BMP_HEADERS


def _is_bare_dicom(head: bytes, size_bytes: int) -> bool:
    """Whether the file begins with a data element, without preamble and "DICM", as old archives write it.

    The first element must be of group 0002 or 0008 with an even length that the file can hold, and be followed by
    another of the same or a later group.
    """
    for order in ("little", "big"):
        group = int.from_bytes(head[0:2], order)  # type: ignore[arg-type]
        if group not in (0x0002, 0x0008) or len(head) < 16:
            continue
        if head[4:6] in VALUE_REPRESENTATIONS:
            length = int.from_bytes(head[6:8], order)  # type: ignore[arg-type]
        else:
            length = int.from_bytes(head[4:8], order)  # type: ignore[arg-type]
        following = int.from_bytes(head[8 + length : 10 + length], order)  # type: ignore[arg-type]
        if length % 2 == 0 and 16 + length <= min(size_bytes, len(head)) and group <= following <= 0x7FE0:
            return True
    return False
