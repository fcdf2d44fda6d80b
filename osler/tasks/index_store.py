"""The index of a folder's pictures on the disk.

::

    indexes/3f2a…/entries.json           files with size, time of change and rows; names the file of vectors
                  vectors-5c1f.usearch   written whole, then named: an interruption leaves the one before

Both are readable by this user only: names and vectors are as private as the pictures.
"""

import json
import os
import secrets
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from osler.errors import InputError
from osler.extras import needed

__all__ = ["Entries", "IndexStore", "empty_vectors"]

LAYOUT = 2
"""Raised whenever the meaning of the stored files changes."""

STALE_S = 3600.0
"""Vectors that no entries have named for so long are left over from a process that was stopped."""

ATTEMPTS = 3
"""Readings of an index that another process may be writing."""


@dataclass(slots=True, kw_only=True, eq=False)
class Entries:
    """What an index holds.

    Attributes:
        vectors: usearch's index, by key.
        files: by path below the folder: "state" (size and time of change), "rows" (each with "key" and "name"), and
            "problem" where the file could not be read.
        next_key: of the next row.
        note: why what lay there was not taken up, or "".
    """

    vectors: Any
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    next_key: int = 0
    note: str = ""


class IndexStore:
    """Reads and writes one index; several processes may do so, and the last one that writes is believed.

    Args:
        place: its folder, made when something is written.
        way: what its vectors depend on besides the pictures; those of another are not taken up.
        width: D of a vector.
    """

    def __init__(self, place: Path, way: str, width: int) -> None:
        self.place = place
        self._way, self._width = way, width
        self._written = ""

    def read(self) -> Entries:
        """What is there, where it is whole and of this way; nothing otherwise."""
        note = ""
        for _ in range(ATTEMPTS):  # vectors may be replaced between the reading of their name and of themselves
            try:
                told = json.loads((self.place / "entries.json").read_bytes())
                if told["layout"] != LAYOUT or told["way"] != self._way:
                    note = "the index there was made with other weights or options: begun anew"
                    break
                vectors = self._vectors(told["vectors"], told["checksum"])
                self._written = told["vectors"]
                return Entries(vectors=vectors, files=told["files"], next_key=told["next_key"])
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError, RuntimeError, RecursionError):
                note = "the index there is damaged: begun anew"
        return Entries(vectors=empty_vectors(self._width), note=note)

    def write(self, entries: Entries) -> None:
        """Put an index in the place of the one before.

        Raises:
            InputError: the disk is full, or the folder cannot be written; the index before is still there.
        """
        name = f"vectors-{secrets.token_hex(8)}.usearch"
        data = bytes(entries.vectors.save())
        told = {
            "layout": LAYOUT,
            "way": self._way,
            "vectors": name,
            "checksum": zlib.crc32(data),
            "next_key": entries.next_key,
            "files": entries.files,
        }
        try:
            self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._put(name, data)
            self._put("entries.json", json.dumps(told).encode())
            self._drop_old(name)
        except OSError as error:
            raise InputError(
                f"cannot write the index in `{self.place}`: {error.strerror or type(error).__name__}",
                hint="make room, or name another place with --index",
            ) from error

    def _vectors(self, name: str, checksum: int) -> Any:
        data = (self.place / name).read_bytes()
        if zlib.crc32(data) != checksum:
            raise ValueError("not the vectors that were written")
        vectors = empty_vectors(self._width)
        vectors.load(data)
        return vectors

    def _put(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all."""
        partial = self.place / f"{name}-{secrets.token_hex(4)}.part"
        try:
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
            partial.replace(self.place / name)
        except BaseException:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise

    def _drop_old(self, current: str) -> None:
        """Remove the vectors that were replaced, and what a stopped process left."""
        for old in [*self.place.glob("vectors-*.usearch"), *self.place.glob("*.part")]:
            with suppress(OSError):  # another process was quicker
                if old.name == self._written or (old.name != current and time.time() - old.stat().st_mtime > STALE_S):
                    old.unlink()
        self._written = current


def empty_vectors(width: int) -> Any:
    """An index of vectors without any in it; numbers of 16 bits, which change a cosine by less than 0.001.

    Raises:
        MissingExtraError: usearch is not installed.
    """
    return needed("usearch.index", "search", "search").Index(ndim=width, metric="ip", dtype="f16")
