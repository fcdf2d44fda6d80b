"""Unpacking a ZIP of a study: nothing leads out of the folder, and nothing is larger than was announced and allowed."""

import io
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from osler.errors import InputError

__all__ = ["Allowance", "is_clutter", "unpack"]

MAX_MEMBERS = 100_000
MAX_BYTES = 32 << 30
MAX_RATIO = 200  # deflate reaches 1,032 on zeros; files of a study seldom 10
RATIO_MATTERS_BYTES = 1 << 30  # small archives of empty masks may well be packed that tightly
MAX_READ_BYTES = 1 << 24  # of the archive's table of contents, which zipfile reads at once
SPARE_BYTES = 1 << 30  # left free on the disk
PIECE_BYTES = 1 << 20
MAX_NAME_BYTES = 255
ENCRYPTED = 0x1
READ_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile does not bound what bzip2 and LZMA take at once

Advance = Callable[[int, int], None]


class Allowance:
    """How much may still be unpacked from an archive and from those inside it."""

    def __init__(self, *, num_members: int = MAX_MEMBERS, num_bytes: int = MAX_BYTES) -> None:
        self.num_members = num_members
        self.num_bytes = num_bytes

    def take(self, shown: str, num_members: int, num_bytes: int, free_bytes: int) -> None:
        """Count an archive's announced contents, or refuse them.

        Raises:
            InputError: more than is still allowed, or than the disk holds.
        """
        what = f"cannot unpack `{shown}`: it holds {num_members:,} files of {num_bytes:,} bytes in all"
        if num_members > self.num_members or num_bytes > self.num_bytes:
            raise InputError(
                f"{what}, expected at most {self.num_members:,} files and {self.num_bytes:,} bytes",
                hint="unpack it yourself and name the folder of one study",
            )
        if num_bytes + SPARE_BYTES > free_bytes:
            raise InputError(
                f"{what}, and {free_bytes:,} bytes are free for temporary files",
                hint="free some room, or set TMPDIR to a folder on a larger disk",
            )
        self.num_members -= num_members
        self.num_bytes -= num_bytes


def is_clutter(name: str) -> bool:
    """Whether a file or folder is one that people do not see: hidden, or the traces that macOS leaves.

    >>> is_clutter(".DS_Store"), is_clutter("__MACOSX"), is_clutter("IM000001")
    (True, True, False)
    """
    return name.startswith(".") or name == "__MACOSX"


def unpack(
    path: Path, folder: Path, allowance: Allowance, *, shown: str, advance: Advance
) -> tuple[tuple[str, str], ...]:
    """Write an archive's files into a folder that nobody else writes to.

    Sizes are taken from the table of contents and checked before anything is written; what a file brings beyond its
    announced size is not read.

    Args:
        path: the archive.
        folder: an existing folder.
        allowance: what is left of the limits; it is drawn upon.
        shown: the archive's name for errors.
        advance: called with the bytes written and the bytes there are.

    Returns:
        the files that were left out, each with the reason.

    Raises:
        InputError: damaged, encrypted or too large.
    """
    with _opened(path, shown) as archive:
        members = [member for member in archive.infolist() if _is_wanted(member.filename)]
        if any(member.flag_bits & ENCRYPTED for member in members):
            raise InputError(
                f"cannot unpack `{shown}`: it is encrypted", hint="unpack it with its password and name the folder"
            )
        total = sum(member.file_size for member in members)
        _check_ratio(shown, total, path.stat().st_size)
        allowance.take(shown, len(members), total, shutil.disk_usage(folder).free)
        skipped, done = [], 0
        for member in members:
            reason = _write(archive, member, folder)
            if reason is not None:
                skipped.append((member.filename, reason))
            done += member.file_size
            advance(done, total)
    return tuple(skipped)


def _check_ratio(shown: str, total_bytes: int, packed_bytes: int) -> None:
    if total_bytes > RATIO_MATTERS_BYTES and total_bytes > MAX_RATIO * packed_bytes:
        raise InputError(
            f"cannot unpack `{shown}`: {packed_bytes:,} bytes announce {total_bytes:,}, as an archive does that is "
            "made to fill a disk",
            hint="if it is honest, unpack it yourself and name the folder",
        )


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> str | None:
    """Write one file; why it is left out, where it is."""
    parts, refusal = _safe_parts(member.filename), _refusal(member)
    if parts is None or refusal is not None:
        return refusal or "its name leads out of the archive or is no file name"
    target = folder.joinpath(*parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sink = target.open("xb")
    except FileExistsError:
        return "a second file of this name"
    except OSError as error:
        return f"it cannot be written ({error.strerror})"
    try:
        with sink:
            _copy(archive, member, sink)
    except Exception as error:  # zipfile and zlib fed with damaged bytes raise many things
        target.unlink()
        return f"damaged ({type(error).__name__})"
    return None


def _refusal(member: zipfile.ZipInfo) -> str | None:
    if stat.S_ISLNK(member.external_attr >> 16):
        return "a link"
    return None if member.compress_type in READ_METHODS else "packed by another method than store and deflate"


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, sink: BinaryIO) -> None:
    with archive.open(member) as source:
        while piece := source.read(PIECE_BYTES):
            sink.write(piece)


def _is_wanted(name: str) -> bool:
    """Whether it is a file that people see.

    >>> [_is_wanted(name) for name in ("CT/IM1", "CT/", "__MACOSX/CT/IM1", "../IM1")]
    [True, False, False, True]
    """
    parts = name.replace("\\", "/").split("/")
    return parts[-1] != "" and not any(is_clutter(part) for part in parts if part not in (".", ".."))


def _safe_parts(name: str) -> tuple[str, ...] | None:
    """The folders and the name of a file inside the archive; None where they would lead out of it.

    >>> _safe_parts("CT/IM1"), _safe_parts("../IM1"), _safe_parts("/etc/IM1"), _safe_parts("C:\\\\IM1")
    (('CT', 'IM1'), None, None, None)
    """
    name = name.replace("\\", "/")
    if name.startswith("/") or "\0" in name or re.match(r"[A-Za-z]:", name):
        return None
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    try:
        fits = all(part != ".." and len(os.fsencode(part)) <= MAX_NAME_BYTES for part in parts)
    except UnicodeEncodeError:
        return None
    return parts if parts and fits else None


@contextmanager
def _opened(path: Path, shown: str) -> Iterator[zipfile.ZipFile]:
    """The archive, with its table of contents read."""
    with path.open("rb") as stream:
        try:
            archive = zipfile.ZipFile(_ShortReads(stream))  # type: ignore[arg-type]
        except InputError as error:
            raise InputError(f"cannot unpack `{shown}`: {error.message}", hint=error.hint) from None
        except Exception as error:  # damaged tables of contents raise many things
            raise InputError(
                f"cannot unpack `{shown}`: the ZIP archive is damaged or cut off ({type(error).__name__})",
                hint="copy or export it again",
            ) from None
        with archive:
            yield archive


class _ShortReads:
    """A file that refuses to be read in pieces so large that only a hostile table of contents asks for them."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._size = os.fstat(stream.fileno()).st_size

    def read(self, size: int = -1) -> bytes:
        wanted = self._size - self._stream.tell() if size < 0 else size
        if wanted > MAX_READ_BYTES:
            raise InputError(
                f"its table of contents takes {wanted:,} bytes, expected at most {MAX_READ_BYTES:,}",
                hint="unpack it yourself and name the folder of one study",
            )
        return self._stream.read(wanted)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        """Whoever opened the file closes it."""
