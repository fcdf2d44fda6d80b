"""The text that an NRRD or MetaImage file begins with: enough to refuse a file before ITK takes memory for it.

Sources: teem.sourceforge.net/nrrd/format.html; itk.org/Wiki/ITK/MetaIO/Documentation.
"""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Literal

from osler.errors import InputError
from osler.formats.files import check_file
from osler.formats.grid import MAX_VOLUME_BYTES

__all__ = ["ItkHead", "read_text_head"]

Written = Literal["raw", "packed", "other"]

MAX_HEAD_BYTES = 2**18
MODALITIES = {"MET_MOD_CT": "CT", "MET_MOD_MR": "MR"}
ORIENTATIONS = ("transformmatrix", "orientation", "rotation")
ENCODINGS: dict[str, Written] = {"raw": "raw", "gzip": "packed", "gz": "packed"}
SKIPS = {"byte skip", "byteskip", "line skip", "lineskip"}
FIRST_KEYS = ("objecttype", "ndims", "comment")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItkHead:
    """What the text says.

    Attributes:
        name: "NRRD" or "MetaImage".
        sizes: how many values there are along each axis, the fastest first.
        values: the file that holds the values, which may be the file itself.
        offset: where in it they begin.
        written: "raw" where they stand there as they are, "packed" where zlib or gzip packed them, else "other".
        is_placed: whether the text says how the volume lies in the patient.
        modality: "CT", "MR" or "" where it does not say.
    """

    name: Literal["NRRD", "MetaImage"]
    sizes: tuple[int, ...]
    values: Path
    offset: int
    written: Written
    is_placed: bool
    modality: str


def read_text_head(path: Path) -> ItkHead:
    """Read and check the text.

    Raises:
        InputError: neither NRRD nor MetaImage, damaged, too large, or with its values in several or in far-off files.
    """
    with path.open("rb") as stream:
        start = stream.read(MAX_HEAD_BYTES)
    try:
        head = _nrrd(path, start) if start.startswith(b"NRRD") else _metaimage(path, start)
    except (ValueError, KeyError, IndexError):
        raise InputError(
            f"cannot read `{path}`: expected the text of an NRRD or MetaImage header, got none that is whole",
            hint="copy or convert it again",
        ) from None
    _check_sizes(path, head.sizes)
    return head


def _nrrd(path: Path, start: bytes) -> ItkHead:
    text, length = _until_empty_line(start)
    fields = _pairs(text.splitlines()[1:], ":")
    named = fields.get("data file", fields.get("datafile", ""))
    values = _values(path, named) if named else path
    return ItkHead(
        name="NRRD",
        sizes=tuple(int(size) for size in fields["sizes"].split()),
        values=values,
        offset=0 if named else length,
        written="other" if SKIPS & fields.keys() else ENCODINGS.get(fields["encoding"].lower(), "other"),
        is_placed="space" in fields and "space directions" in fields,
        modality="",
    )


def _until_empty_line(start: bytes) -> tuple[str, int]:
    """An NRRD header ends at its first empty line, or with the file where the values are in another."""
    ends = [(start.find(mark), len(mark)) for mark in (b"\n\n", b"\r\n\r\n")]
    found = [(place, length) for place, length in ends if place >= 0]
    place, length = min(found, default=(len(start), 0))
    if not found and len(start) == MAX_HEAD_BYTES:
        raise ValueError("no end of the header")
    return start[:place].decode("latin-1"), place + length


def _metaimage(path: Path, start: bytes) -> ItkHead:
    lines: list[str] = []
    length = 0
    while not (lines and lines[-1].lower().startswith("elementdatafile")):
        end = start.index(b"\n", length) + 1 if b"\n" in start[length:] else len(start)
        if end == length:
            raise ValueError("no end of the header")
        lines.append(start[length:end].decode("latin-1"))
        length = end
    fields = _pairs(lines, "=")
    if not lines[0].lower().startswith(FIRST_KEYS):
        raise ValueError("no MetaImage")
    named = fields["elementdatafile"]
    values = path if named.upper() == "LOCAL" else _values(path, named)
    return ItkHead(
        name="MetaImage",
        sizes=tuple(int(size) for size in fields["dimsize"].split()),
        values=values,
        offset=length if values == path else 0,
        written=_written(fields),
        is_placed=any(key in fields for key in ORIENTATIONS),
        modality=MODALITIES.get(fields.get("modality", "").upper(), ""),
    )


def _pairs(lines: list[str], mark: str) -> dict[str, str]:
    """What stands before and after a mark, keys in small letters; comments and NRRD's own `key:=value` are left out."""
    pairs = {}
    for line in lines:
        key, found, value = line.partition(mark)
        if found and not line.startswith("#") and not value.startswith("="):
            pairs[key.strip().lower()] = value.strip()
    return pairs


def _written(fields: dict[str, str]) -> Written:
    if "headersize" in fields or not _is_true(fields.get("binarydata", "true")):
        return "other"
    return "packed" if _is_true(fields.get("compresseddata", "")) else "raw"


def _is_true(word: str) -> bool:
    return word.strip().lower().startswith(("t", "1"))


def _values(path: Path, named: str) -> Path:
    """The file beside this one that holds the values.

    Raises:
        InputError: several files, or one that does not lie beside it: a header must not lead to other places.
    """
    if named.upper().startswith("LIST") or "%" in named:
        raise InputError(
            f"cannot read `{path}`: its values lie in several files",
            hint="save the volume as one .nrrd, .mha or .nii.gz file",
        )
    if Path(named).name != named or "\\" in named or "\0" in named:
        raise InputError(
            f"cannot read `{path}`: its values lie in another folder, which is not looked into",
            hint="put both files into one folder and the plain file name into the header",
        )
    beside = path.with_name(named)
    if not beside.is_file():
        raise InputError(
            f"cannot read `{path}`: its values belong in `{named}` beside it, and there is no such file",
            hint="copy both files into one folder",
        )
    return check_file(beside)


def _check_sizes(path: Path, sizes: tuple[int, ...]) -> None:
    if not 2 <= len(sizes) <= 5 or min(sizes) < 1:
        raise InputError(f"cannot read `{path}`: expected 2 to 5 axes with at least one value each, got {sizes[:8]}")
    if prod(sizes) > MAX_VOLUME_BYTES:
        raise InputError(
            f"cannot read `{path}`: {prod(sizes):,} values, expected at most {MAX_VOLUME_BYTES:,} bytes of them",
            hint="save it as an uncompressed .nii file, which is read slice by slice",
        )
