"""Reading the header of a GGUF file: metadata and the table of tensors.

Source: the GGUF specification (ggml's docs/gguf.md), versions 2 and 3. The gguf package's reader takes seconds for a
vocabulary of 262,144 pieces and trusts the file's numbers; here every count is held against the bytes that are left
before memory is taken for it.
"""

import struct
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import Any

import numpy as np

from osler.errors import WeightsError

__all__ = ["GgufHeader", "TensorEntry", "read_header"]

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_DIMENSIONS = 4
_STRING, _ARRAY, _BOOL = 8, 9, 7
_NUMBERS = {
    0: "u1",
    1: "i1",
    2: "<u2",
    3: "<i2",
    4: "<u4",
    5: "<i4",
    6: "<f4",
    7: "u1",
    10: "<u8",
    11: "<i8",
    12: "<f8",
}
_COUNT = struct.Struct("<Q")
_HINT = "the file is damaged or cut short: fetch it again and compare its size with the published one"


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """A row of the table of tensors.

    Attributes:
        shape: rows before columns (GGUF's own order reversed).
        type_number: ggml's number of the block type.
        offset: bytes from the start of the data.
    """

    name: str
    shape: tuple[int, ...]
    type_number: int
    offset: int


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What stands before the data.

    Attributes:
        metadata: keys and values; an array of numbers is a numpy array, an array of strings a list of bytes.
        tensors: the table, in the file's order.
        data_start: the byte where the data begin.
    """

    metadata: dict[str, Any]
    tensors: tuple[TensorEntry, ...]
    data_start: int


class _Cursor:
    """Reads forward through a buffer and refuses to pass its end."""

    def __init__(self, buffer: mmap, name: str) -> None:
        self.buffer = buffer
        self.name = name
        self.position = 0

    def fail(self, reason: str) -> WeightsError:
        return WeightsError(f"cannot read GGUF `{self.name}`: {reason} at byte {self.position:,}", hint=_HINT)

    def advance(self, size: int) -> int:
        """Go on by `size` bytes and give the position before."""
        start = self.position
        if size > len(self.buffer) - start:
            raise self.fail(f"expected {size:,} more bytes, {len(self.buffer) - start:,} are left")
        self.position = start + size
        return start

    def number(self, code: str) -> int:
        start = self.advance(struct.calcsize(code))
        return struct.unpack_from("<" + code, self.buffer, start)[0]

    def count(self, bytes_each: int) -> int:
        """A count of things that take at least `bytes_each` bytes each in what is left."""
        number = self.number("Q")
        if number * bytes_each > len(self.buffer) - self.position:
            raise self.fail(f"a count of {number:,} cannot fit in the {len(self.buffer) - self.position:,} bytes left")
        return number

    def string(self) -> str:
        size = self.count(1)
        start = self.advance(size)
        try:
            return self.buffer[start : start + size].decode()
        except UnicodeDecodeError as error:
            raise self.fail("expected text in UTF-8") from error


def read_header(buffer: mmap, path: Path) -> GgufHeader:
    """Read and check the header of a mapped file."""
    cursor = _Cursor(buffer, path.name)
    _check_start(cursor)
    num_tensors = cursor.count(24)
    num_keys = cursor.count(13)
    metadata: dict[str, Any] = {}
    for _ in range(num_keys):
        key = cursor.string()
        if key in metadata:
            raise cursor.fail(f"metadata key `{key}` stands twice")
        metadata[key] = _value(cursor, cursor.number("I"))
    tensors = tuple(_tensor(cursor) for _ in range(num_tensors))
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1 or alignment % 8:
        raise cursor.fail(f"expected an alignment that is a multiple of 8, got {alignment!r}")
    return GgufHeader(metadata, tensors, -(-cursor.position // alignment) * alignment)


def _check_start(cursor: _Cursor) -> None:
    start = cursor.advance(4)
    magic = cursor.buffer[start : start + 4]
    if magic != MAGIC:
        raise WeightsError(
            f"`{cursor.name}` is not a GGUF file: expected the bytes {MAGIC!r} at its start, got {magic!r}",
            hint="check that the download is the model itself and not a web page or a Git LFS pointer",
        )
    version = cursor.number("I")
    if version in VERSIONS:
        return
    if version & 0xFFFF == 0 and version:
        raise WeightsError(f"cannot read GGUF `{cursor.name}`: it is big-endian", hint="use a little-endian file")
    raise WeightsError(
        f"cannot read GGUF `{cursor.name}`: expected version 2 or 3, got {version}",
        hint="convert the model again with a current llama.cpp" if version == 1 else "update Osler",
    )


def _value(cursor: _Cursor, kind: int) -> Any:
    if kind == _STRING:
        return cursor.string()
    if kind == _ARRAY:
        return _array(cursor)
    if kind not in _NUMBERS:
        raise cursor.fail(f"unknown kind of metadata value {kind}")
    value = _numbers(cursor, kind, 1)[0].item()
    return bool(value) if kind == _BOOL else value


def _numbers(cursor: _Cursor, kind: int, count: int) -> np.ndarray:
    dtype = np.dtype(_NUMBERS[kind])
    start = cursor.advance(count * dtype.itemsize)
    return np.frombuffer(cursor.buffer, dtype, count, start)


def _array(cursor: _Cursor) -> Any:
    kind = cursor.number("I")
    if kind == _STRING:
        return _strings(cursor, cursor.count(8))
    if kind == _ARRAY:
        raise cursor.fail("an array is nested, which no model's file needs")
    if kind not in _NUMBERS:
        raise cursor.fail(f"unknown kind of array {kind}")
    return _numbers(cursor, kind, cursor.count(np.dtype(_NUMBERS[kind]).itemsize))


def _strings(cursor: _Cursor, count: int) -> list[bytes]:
    """`count` strings as bytes: a tight loop, because vocabularies have 262,144 of them."""
    buffer, position, end, read = cursor.buffer, cursor.position, len(cursor.buffer), _COUNT.unpack_from
    strings = []
    try:
        for _ in range(count):
            start = position + 8
            position = start + read(buffer, position)[0]
            if position > end:
                raise cursor.fail("a string runs past the end of the file")
            strings.append(buffer[start:position])
    except struct.error as error:
        raise cursor.fail("an array of strings runs past the end of the file") from error
    cursor.position = position
    return strings


def _tensor(cursor: _Cursor) -> TensorEntry:
    name = cursor.string()
    num_dimensions = cursor.number("I")
    if not 1 <= num_dimensions <= MAX_DIMENSIONS:
        raise cursor.fail(f"tensor `{name}`: expected 1 to {MAX_DIMENSIONS} dimensions, got {num_dimensions}")
    dimensions = tuple(cursor.number("Q") for _ in range(num_dimensions))
    type_number = cursor.number("I")
    return TensorEntry(name, dimensions[::-1], type_number, cursor.number("Q"))
