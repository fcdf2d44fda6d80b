"""What kind of file it is, told by its bytes and never by its name."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from osler.errors import InputError
from osler.formats.slide_kind import is_slide
from osler.formats.text_kind import find_text_kind

__all__ = ["KIND_NAMES", "PICTURES", "Kind", "Stranger", "detect", "find_kind"]

Kind = Literal[
    "png",
    "jpeg",
    "tiff",
    "webp",
    "bmp",
    "dicom",
    "dicomdir",
    "nifti",
    "nrrd",
    "metaimage",
    "slide",
    "pdf",
    "fhir",
    "ndjson",
    "zip",
]

KIND_NAMES: dict[Kind, str] = {
    "png": "a PNG picture",
    "jpeg": "a JPEG picture",
    "tiff": "a TIFF picture",
    "webp": "a WebP picture",
    "bmp": "a BMP picture",
    "dicom": "a DICOM file",
    "dicomdir": "a DICOMDIR",
    "nifti": "a NIfTI volume",
    "nrrd": "an NRRD volume",
    "metaimage": "a MetaImage volume",
    "slide": "a whole slide",
    "pdf": "a PDF",
    "fhir": "a FHIR resource",
    "ndjson": "FHIR resources in lines",
    "zip": "a ZIP archive",
}
"""How a person calls each kind, with its article."""

PICTURES: frozenset[Kind] = frozenset(("png", "jpeg", "tiff", "webp", "bmp"))
"""The kinds that Pillow decodes."""

READ = "PNG, JPEG, TIFF, WebP, BMP, DICOM, NIfTI, NRRD, MetaImage, a whole slide, PDF, FHIR JSON or a ZIP of these"
HEAD_BYTES = 4096
PDF_SEARCH_BYTES = 1024  # PDF readers take the mark anywhere in here
UNPACK = "unpack it and name the files in it, or the folder"
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
    (344, b"n+1\0", "nifti"),
    (344, b"ni1\0", "nifti"),
    (4, b"n+2\0\r\n\x1a\n", "nifti"),
    (4, b"ni2\0\r\n\x1a\n", "nifti"),
    (0, b"NRRD000", "nrrd"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),  # an archive of nothing
)
SLIDES_LOOK_LIKE = ("tiff", "jpeg")  # a MIRAX slide is a JPEG beside a folder that holds the pixels
SLIDE_SIGNATURES = (
    b"ZISRAWFILE",  # Zeiss
    b"[Virtual Microscope Specimen]",  # Hamamatsu VMS
    b"[Uncompressed Virtual Microscope Specimen]",  # Hamamatsu VMU
)
OTHERS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"GIF8", "a GIF", RESAVE),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", RESAVE),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 codestream", RESAVE),
    (0, b"\xff\x0a", "a JPEG XL picture", RESAVE),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture", RESAVE),
    (4, b"ftyp", "a HEIC or AVIF picture or a film", RESAVE),
    (0, b"\x1f\x8b", "a gzip-compressed file that holds no NIfTI volume", "unpack it and name what is in it"),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"7z\xbc\xaf", "a 7z archive", UNPACK),
    (0, b"Rar!", "a RAR archive", UNPACK),
    (0, b"GGUF", "a GGUF checkpoint", "weights go to --model"),
    (0, b"\x89HDF", "an HDF5 file (MINC 2 among others)", "export it as DICOM or NIfTI"),
    (0, b"CDF\x01", "a NetCDF file (MINC 1 among others)", "export it as DICOM or NIfTI"),
    (0, b"\x5c\x01\0\0", "an Analyze 7.5 header", "convert it to NIfTI: Analyze does not say which side is left"),
    (0, b"\0\0\x01\x5c", "an Analyze 7.5 header", "convert it to NIfTI: Analyze does not say which side is left"),
    (0, b"\xd0\xcf\x11\xe0", "an old Office document", "save it as PDF"),
    (0, b"<svg", "an SVG drawing", RESAVE),
    (0, b"MSH|", "an HL7 version 2 message", "export the record as FHIR R4 in JSON"),
)
BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
VALUE_REPRESENTATIONS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OW PN SH SL SQ SS ST TM UC UI UL UN UR US UT".split()
)
DIRECTORY_CLASS = b"1.2.840.10008.1.3.10"  # Media Storage Directory Storage, PS3.4 annex I
META_BYTES = 1024  # the file meta information names the class among its first elements


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A file of no kind that Osler reads.

    Attributes:
        name: what it is, such as "a GIF", or that nobody can tell.
        hint: what to do with it, if anything.
    """

    name: str
    hint: str | None = None


UNKNOWN = Stranger(name="a file of unknown kind")


def detect(path: Path) -> Kind:
    """Tell a file's kind.

    Raises:
        InputError: none that Osler reads; known kinds are named.
    """
    kind = find_kind(path)
    if isinstance(kind, Stranger):
        raise InputError(f"cannot read `{path}`: expected {READ}, got {kind.name}", hint=kind.hint)
    return kind


def find_kind(path: Path) -> Kind | Stranger:
    """Tell a file's kind, or what else it is.

    Raises:
        InputError: the file cannot be opened.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        kind = _binary_kind(path, head) or find_text_kind(path, head)
    except OSError as error:
        raise InputError(f"cannot read `{path}`: {error.strerror or type(error).__name__}") from None
    if kind is None:
        return _stranger(head)
    if kind == "dicom" and DIRECTORY_CLASS in head[:META_BYTES]:
        return "dicomdir"
    return "slide" if kind in SLIDES_LOOK_LIKE and is_slide(path) else kind


def _binary_kind(path: Path, head: bytes) -> Kind | None:
    for offset, magic, kind in SIGNATURES:
        if head.startswith(magic, offset):
            return kind
    if _is_bmp(head):
        return "bmp"
    if _is_bare_dicom(head, path.stat().st_size):
        return "dicom"
    if head.startswith(b"\x1f\x8b") and _packs_nifti(head):
        return "nifti"
    if b"%PDF-" in head[:PDF_SEARCH_BYTES]:
        return "pdf"
    return "slide" if head.startswith(SLIDE_SIGNATURES) and is_slide(path) else None


def _stranger(head: bytes) -> Stranger:
    for offset, magic, name, hint in OTHERS:
        if head.startswith(magic, offset):
            return Stranger(name=name, hint=hint)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<") and b"http://hl7.org/fhir" in head:
        return Stranger(name="FHIR in XML", hint="export the record as FHIR R4 in JSON")
    if start.startswith(b"<?xml"):
        return Stranger(name="an XML text", hint="name the picture or the record itself")
    if start.startswith((b"{", b"[")):
        hint = 'a FHIR resource is a JSON object with a "resourceType"'
        return Stranger(name="a text that is no FHIR resource", hint=hint)
    return UNKNOWN


def _is_bmp(head: bytes) -> bool:
    return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in BMP_HEADERS


def _packs_nifti(head: bytes) -> bool:
    """Whether a gzip stream begins with a NIfTI header (of 348 bytes, or of 540 in version 2)."""
    try:
        start = zlib.decompressobj(wbits=31).decompress(head, 352)
    except zlib.error:
        return False
    return start[344:348] in (b"n+1\0", b"ni1\0") or start[4:12] in (b"n+2\0\r\n\x1a\n", b"ni2\0\r\n\x1a\n")


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
