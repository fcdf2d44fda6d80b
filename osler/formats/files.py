"""What is asked of every file before it is decoded, and what is remembered of it."""

import hashlib
import os
import stat
from pathlib import Path

from osler.errors import InputError
from osler.values import FileRecord

__all__ = ["MAX_PIXELS", "MAX_SIDE_PX", "check_file", "check_size", "record_of"]

MAX_PIXELS = 178_956_970  # Pillow's own limit; 0.5 GiB as RGB
MAX_SIDE_PX = 65_535  # the most that JPEG and DICOM can say


def check_file(path: str | os.PathLike[str]) -> Path:
    """Make sure that there is a file with something in it.

    A pipe or a device is refused before it is opened, because reading it may never end.

    Raises:
        InputError: missing, empty, a folder, no ordinary file, or not readable by this user.
    """
    shown = os.fspath(path)
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot open `{shown}`: {_reason(error)}", hint=_missing_hint(shown)) from None
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"cannot open `{shown}`: expected a file, got a folder", hint="name one file in it")
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"cannot open `{shown}`: it is a pipe, socket or device, not an ordinary file")
    if found.st_size == 0:
        raise InputError(f"cannot read `{shown}`: it is empty (0 bytes)", hint="copy or download it again")
    if not os.access(path, os.R_OK):
        raise InputError(f"cannot open `{shown}`: this user may not read it", hint="change its permissions")
    return Path(path)


def record_of(path: Path, kind: str) -> FileRecord:
    """Digest, size and base name of a file.

    The name goes into the reply's provenance, which belongs to the person who named the file; folders, which tell
    more about a person than a file's name, do not.
    """
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = os.fstat(stream.fileno()).st_size
    return FileRecord(name=path.name, sha256=digest, size_bytes=size, kind=kind)


def check_size(shown: str, width_px: int, height_px: int) -> None:
    """Refuse pictures too large to decode, from their header alone.

    Raises:
        InputError: no pixels, more than `MAX_PIXELS`, or a side longer than `MAX_SIDE_PX`.
    """
    if width_px < 1 or height_px < 1:
        raise InputError(f"cannot read `{shown}`: expected at least 1 × 1 pixel, got {width_px} × {height_px}")
    if width_px * height_px > MAX_PIXELS or max(width_px, height_px) > MAX_SIDE_PX:
        raise InputError(
            f"cannot read `{shown}`: {width_px:,} × {height_px:,} = {width_px * height_px:,} pixels, expected at most "
            f"{MAX_PIXELS:,} and no side longer than {MAX_SIDE_PX:,}",
            hint="cut out the region that matters, or save a smaller copy",
        )


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "this user may not read it"
    return (error.strerror or "the system refuses the name") if isinstance(error, OSError) else "it is no file name"


def _missing_hint(shown: str) -> str | None:
    if "://" in shown[:16]:
        return "addresses that are read: dicomweb://HOST/…/studies/UID and https://HOST/…/Patient/ID; download all else"
    return None
