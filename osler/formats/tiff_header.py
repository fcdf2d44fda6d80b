"""The first directories of a TIFF file without its pixels: enough to tell a whole slide from a picture.

Source: TIFF 6.0 section 2, BigTIFF (magic 43, 8-byte offsets).
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["TiffDirectory", "read_directories"]

MAX_DIRECTORIES = 64
MAX_ENTRIES = 1_000
MAX_TEXT_BYTES = 4_096
WIDTH, HEIGHT, SUBFILE = 256, 257, 254
DESCRIPTION, SOFTWARE, XMP = 270, 305, 700
TILE_WIDTH, SUB_DIRECTORIES = 322, 330
NUMBERS = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
TEXTS = (1, 2, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffDirectory:
    """One picture of a TIFF file, as its directory describes it.

    Attributes:
        width_px, height_px: its size, 0 where the file does not say.
        tags: the numbers of all entries.
        reduced: it calls itself a smaller version of another picture.
        num_sub_directories: smaller versions hang below it.
        description, software, xmp: the first bytes of these texts.
    """

    width_px: int
    height_px: int
    tags: frozenset[int]
    reduced: bool
    num_sub_directories: int
    description: bytes
    software: bytes
    xmp: bytes

    @property
    def tiled(self) -> bool:
        return TILE_WIDTH in self.tags


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """How this file writes numbers."""

    order: str
    offset: str
    count: str
    entry_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One entry: type, number of values, and where the values lie."""

    kind: int
    count: int
    place: int


def read_directories(path: Path) -> tuple[TiffDirectory, ...]:
    """The file's directories in order, as far as they can be read, at most 64.

    Nothing is raised for damage: what lies behind it is left out. A file that is no TIFF has no directories.
    """
    found: list[TiffDirectory] = []
    with path.open("rb") as stream:
        try:
            layout, place = _layout(stream)
            size = os.fstat(stream.fileno()).st_size
            seen: set[int] = set()
            while 0 < place < size and place not in seen and len(found) < MAX_DIRECTORIES:
                seen.add(place)
                directory, place = _directory(stream, layout, place)
                found.append(directory)
        except (struct.error, OSError, ValueError):
            pass
    return tuple(found)


def _layout(stream: BinaryIO) -> tuple[_Layout, int]:
    head = stream.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
    if not order:
        raise ValueError("no TIFF")
    magic = struct.unpack_from(order + "H", head, 2)[0]
    if magic == 42:
        layout = _Layout(order=order, offset="I", count="H", entry_bytes=12)
        return layout, struct.unpack_from(order + "I", head, 4)[0]
    if magic == 43:
        layout = _Layout(order=order, offset="Q", count="Q", entry_bytes=20)
        return layout, struct.unpack_from(order + "Q", head, 8)[0]
    raise ValueError("no TIFF")


def _directory(stream: BinaryIO, layout: _Layout, place: int) -> tuple[TiffDirectory, int]:
    """The directory at a place, and the place of the next."""
    stream.seek(place)
    count = _unpack(stream, layout.order + layout.count)
    if not 0 < count <= MAX_ENTRIES:
        raise ValueError("no directory")
    first = stream.tell()
    block = stream.read(count * layout.entry_bytes)
    following = _unpack(stream, layout.order + layout.offset)
    entries = {}
    for index in range(count):
        tag, kind, number = struct.unpack_from(layout.order + "HH" + layout.offset, block, index * layout.entry_bytes)
        value_at = first + index * layout.entry_bytes + 4 + struct.calcsize(layout.offset)
        entries[tag] = _Entry(kind=kind, count=number, place=value_at)
    return _describe(stream, layout, entries), following


def _describe(stream: BinaryIO, layout: _Layout, entries: dict[int, _Entry]) -> TiffDirectory:
    return TiffDirectory(
        width_px=_number(stream, layout, entries.get(WIDTH)),
        height_px=_number(stream, layout, entries.get(HEIGHT)),
        tags=frozenset(entries),
        reduced=bool(_number(stream, layout, entries.get(SUBFILE)) & 1),
        num_sub_directories=entries[SUB_DIRECTORIES].count if SUB_DIRECTORIES in entries else 0,
        description=_text(stream, layout, entries.get(DESCRIPTION)),
        software=_text(stream, layout, entries.get(SOFTWARE)),
        xmp=_text(stream, layout, entries.get(XMP)),
    )


def _number(stream: BinaryIO, layout: _Layout, entry: _Entry | None) -> int:
    if entry is None or entry.kind not in NUMBERS:
        return 0
    stream.seek(entry.place)
    return _unpack(stream, layout.order + NUMBERS[entry.kind])


def _text(stream: BinaryIO, layout: _Layout, entry: _Entry | None) -> bytes:
    if entry is None or entry.kind not in TEXTS:
        return b""
    stream.seek(entry.place)
    if entry.count > struct.calcsize(layout.offset):
        stream.seek(_unpack(stream, layout.order + layout.offset))
    return stream.read(min(entry.count, MAX_TEXT_BYTES))


def _unpack(stream: BinaryIO, pattern: str) -> int:
    return struct.unpack(pattern, stream.read(struct.calcsize(pattern)))[0]
