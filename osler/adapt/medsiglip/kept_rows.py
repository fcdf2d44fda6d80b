"""Arrays that took long to make, kept on the disk one after the other, so that what was interrupted goes on.

::

    squares.jsonl   what all rows depend on; then a line an entry: {"key": "5c1f…", "names": ["a.png"]}
    squares.bin     an array for each name, in the same order

The bytes are written before the line that tells of them, so a line is believed only where its bytes are there. Keys are
digests: no name of a file or patient stands in them. The files can be read by this user only.
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from osler.errors import InputError

__all__ = ["KeptRows"]


class KeptRows:
    """Rows of one shape, found again by keys.

    Args:
        folder: where they lie; made if it is not there.
        name: of the two files.
        shape, dtype: of a row.
        way: what every row depends on besides its key; rows of another way are thrown away.
    """

    def __init__(self, folder: Path, name: str, shape: Sequence[int], dtype: str, *, way: str) -> None:
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self._lines, self._bytes = folder / f"{name}.jsonl", folder / f"{name}.bin"
        self._head = {"way": way, "shape": list(self.shape), "dtype": self.dtype.str}
        self._places: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.count = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._take_up()
        except OSError as error:
            raise _unwritable(folder, error) from error

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def names(self, key: str) -> tuple[str, ...]:
        """What the rows of an entry are called."""
        return self._places[key][1]

    def rows(self, key: str) -> range:
        """Where in `all` the rows of an entry stand."""
        start, names = self._places[key]
        return range(start, start + len(names))

    def all(self) -> np.ndarray:
        """Every row, [rows, *shape], mapped and read-only."""
        if not self.count:
            return np.empty((0, *self.shape), self.dtype)
        return np.memmap(self._bytes, self.dtype, "r", shape=(self.count, *self.shape))

    def add(self, key: str, names: Sequence[str], rows: np.ndarray) -> None:
        """Keep an entry [names, *shape].

        Raises:
            InputError: the disk is full.
        """
        data = np.ascontiguousarray(rows, self.dtype)
        if data.shape != (len(names), *self.shape):
            raise ValueError(f"rows of shape {data.shape} for {len(names)} names of shape {self.shape}")
        try:
            _append(self._bytes, data.tobytes())
            _append(self._lines, _line({"key": key, "names": list(names)}))
        except OSError as error:
            raise _unwritable(self._bytes.parent, error) from error
        self._places[key] = (self.count, tuple(names))
        self.count += len(names)

    def refuse_full_disk(self, count: int) -> None:
        """Do nothing where there is room for so many more rows.

        Raises:
            InputError: there is none.
        """
        needed, free = count * self._row_bytes, shutil.disk_usage(self._bytes.parent).free
        if needed > free:
            raise InputError(
                f"cannot prepare the pictures in `{self._bytes.parent}`: they take {needed / 1e9:.1f} GB, "
                f"{free / 1e9:.1f} GB are free",
                hint="make room, or name another folder",
            )

    @property
    def _row_bytes(self) -> int:
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def remove(self) -> None:
        """Delete both files; nothing can be read any more."""
        self._places, self.count = {}, 0
        self._lines.unlink(missing_ok=True)
        self._bytes.unlink(missing_ok=True)

    def _take_up(self) -> None:
        """Believe what is whole, and cut off what is not."""
        lines = self._lines.read_bytes().splitlines(keepends=True) if self._lines.is_file() else []
        stored = self._bytes.stat().st_size if self._bytes.is_file() else 0
        size = self._row_bytes
        good = 0
        if lines and _parsed(lines[0]) == self._head:
            good = 1
            for line in lines[1:]:
                entry = _parsed(line)
                if entry is None or (self.count + len(entry["names"])) * size > stored:
                    break
                self._places[entry["key"]] = (self.count, tuple(entry["names"]))
                self.count += len(entry["names"])
                good += 1
        _cut(self._lines, sum(map(len, lines[:good])))
        _cut(self._bytes, self.count * size)
        if not good:
            _append(self._lines, _line(self._head))


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _parsed(line: bytes) -> dict | None:
    """The line's table; None for one that was cut off."""
    try:
        return json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None


def _append(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
        file.write(data)


def _cut(path: Path, size_bytes: int) -> None:
    if path.is_file() and path.stat().st_size > size_bytes:
        os.truncate(path, size_bytes)


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"cannot write in `{folder}`: {error.strerror or type(error).__name__}",
        hint="make room, or name another folder",
    )
