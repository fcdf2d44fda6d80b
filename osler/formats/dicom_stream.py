"""A DICOM file as bytes to parse, with a limit on how much a hostile one may make a parser do."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from osler.errors import InputError

__all__ = ["HEADER_BYTES", "PixelElement", "Stream", "open_stream", "pixel_stop"]

HEADER_BYTES = 2**26  # what a header may hold before its pixels: a slide of 100,000 frames needs a third of it
MAX_READS = 600_000  # an element takes two, an empty item three: 200,000 of those take pydicom eight seconds
HEAD_BYTES = 4096
TAG_BYTES = 8
DEFLATED = b"1.2.840.10008.1.2.1.99"
INFLATED = b"1.2.840.10008.1.2.1\0\0\0"  # Explicit VR Little Endian, as long as the other
LONG_FORMS = (b"OB", b"OW", b"OF", b"SQ", b"UT", b"UN")
STEP_BYTES = 2**20
FIRST_PIXEL_TAG, LAST_PIXEL_TAG = 0x7FE00008, 0x7FE00010


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelElement:
    """Where the pixel data stands in its file: its tag, value representation, first byte and length."""

    tag: int
    form: str | None
    offset: int
    length: int


class Stream:
    """A file that pydicom may read from until its budget is spent.

    A value of 4 GB that a header only claims to hold is cut to what the file has, so no memory is taken for it.

    Attributes:
        size_bytes: of the file, or of what was inflated.
        deflated: whether the file's data set was compressed as a whole.
        spent: whether the budget did not suffice.
        cut_off: whether a value was asked for of which a part is not there.
    """

    __slots__ = ("_bytes_left", "_file", "_reads_left", "cut_off", "deflated", "size_bytes", "spent")

    def __init__(self, file: BinaryIO, size_bytes: int, *, budget_bytes: int, deflated: bool = False) -> None:
        self._file = file
        self._bytes_left = budget_bytes
        self._reads_left = MAX_READS
        self.size_bytes = size_bytes
        self.deflated = deflated
        self.spent = False
        self.cut_off = False

    def read(self, size: int = -1) -> bytes:
        """Read as a file does; `OSError` where the budget is spent."""
        if size < 0 or size > TAG_BYTES:
            left = max(0, self.size_bytes - self._file.tell())
            self.cut_off = self.cut_off or size > left
            size = left if size < 0 else min(size, left)
        self._bytes_left -= size
        self._reads_left -= 1
        if self._bytes_left < 0 or self._reads_left < 0:
            self.spent = True
            raise OSError("more data elements than are read")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As a file's."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As a file's."""
        return self._file.tell()


@contextmanager
def open_stream(path: Path, *, inflate_bytes: int, budget_bytes: int, whole: bool) -> Iterator[Stream]:
    """Open a DICOM file, inflated where it is deflated.

    Args:
        path: the file.
        inflate_bytes: how much a deflated data set may become.
        budget_bytes: how much may be read.
        whole: whether a deflated data set beyond `inflate_bytes` is refused instead of cut off.

    Raises:
        InputError: a deflated data set that is damaged or too large.
    """
    with path.open("rb") as file:
        start = _deflated_at(file.read(HEAD_BYTES))
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if start is None:
            yield Stream(file, size, budget_bytes=budget_bytes)
            return
        content = file.read(start).replace(DEFLATED, INFLATED, 1) + _inflate(path, file, inflate_bytes, whole)
        yield Stream(io.BytesIO(content), len(content), budget_bytes=budget_bytes, deflated=True)


def pixel_stop(stream: Stream, found: list[PixelElement]) -> Callable[[Any, str | None, int], bool]:
    """Make pydicom stop at the pixel data.

    Args:
        stream: what pydicom reads.
        found: receives the pixel data's place, once it is reached.
    """

    def stop(tag: int, form: str | None, length: int) -> bool:
        number = int(tag)  # pydicom's own tags take ten times as long to compare
        if number < FIRST_PIXEL_TAG:
            return False
        if number <= LAST_PIXEL_TAG:
            found.append(PixelElement(tag=number, form=form, offset=stream.tell(), length=length))
        return True

    return stop


def _deflated_at(head: bytes) -> int | None:
    """Where a deflated data set begins, from the file meta information (PS3.10 7.1); None where it is not deflated."""
    if DEFLATED not in head or head[128:132] != b"DICM":
        return None
    position, deflated = 132, False
    while position + 12 <= len(head):
        group, element, form, length = struct.unpack_from("<HH2sH", head, position)
        if group != 2:
            break
        position += 8
        if form in LONG_FORMS:
            length = struct.unpack_from("<I", head, position)[0]
            position += 4
        if element == 0x0010:
            deflated = head[position : position + length].rstrip(b"\0 ") == DEFLATED
        position += length
    return position if deflated else None


def _inflate(path: Path, file: BinaryIO, limit_bytes: int, whole: bool) -> bytes:
    """What follows in the file, inflated (PS3.5 A.5), at most `limit_bytes`."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    content = bytearray()
    while len(content) <= limit_bytes and not inflater.eof and (piece := file.read(STEP_BYTES)):
        try:
            content += inflater.decompress(piece, limit_bytes + 1 - len(content))
        except zlib.error:
            raise InputError(
                f"cannot read `{path}`: its deflated data is damaged", hint="copy or export it again"
            ) from None
    if len(content) > limit_bytes and whole:
        raise InputError(
            f"cannot read `{path}`: it inflates to more than {limit_bytes:,} bytes",
            hint="export it without deflate compression",
        )
    del content[limit_bytes:]
    return bytes(content)
