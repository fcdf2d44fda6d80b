"""The files that a DICOMDIR names: the directory that stands on CDs and DVDs (PS3.10 section 8, PS3.3 annex F)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from osler.errors import InputError
from osler.formats.quiet import silenced

__all__ = ["Directory", "read_dicomdir"]

MAX_FILE_BYTES = 1 << 26  # some 100,000 records; pydicom takes about twenty times as much memory
MAX_PARTS = 16  # the standard has 8
NOT_IN_USE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """What a DICOMDIR names.

    Attributes:
        files: the files that are there, in its order, each once.
        num_missing: how many it names that are not there.
        num_outside: how many it names outside its own folder; they are not looked for.
    """

    files: tuple[Path, ...]
    num_missing: int
    num_outside: int


def read_dicomdir(path: Path) -> Directory:
    """Find the files that a DICOMDIR names, whatever the case in which a copy spells them.

    Raises:
        InputError: damaged or too large.
    """
    size_bytes = path.stat().st_size
    if size_bytes > MAX_FILE_BYTES:
        raise InputError(
            f"cannot read `{path}`: {size_bytes:,} bytes, expected at most {MAX_FILE_BYTES:,} for a DICOMDIR",
            hint="name the folder instead",
        )
    with silenced("pydicom"):
        try:
            names = list(_names(pydicom.dcmread(path, force=True)))
        except Exception as error:  # parsers fed with damaged bytes may raise nearly anything
            raise InputError(
                f"cannot read `{path}`: the DICOMDIR is damaged or cut off ({type(error).__name__})",
                hint="name the folder instead",
            ) from None
    return _resolved(path.parent, names)


def _names(directory: Dataset) -> Iterator[tuple[str, ...]]:
    """The Referenced File ID (0004,1500) of each record: folders, then the file."""
    for record in directory.get("DirectoryRecordSequence") or ():
        named = record.get("ReferencedFileID")
        if named and record.get("RecordInUseFlag") != NOT_IN_USE:
            yield (named,) if isinstance(named, str) else tuple(map(str, named))


def _resolved(folder: Path, names: list[tuple[str, ...]]) -> Directory:
    finder, num_missing, num_outside = _Finder(), 0, 0
    files: dict[Path, None] = {}
    for name in names:
        if not _stays_inside(name):
            num_outside += 1
        elif (found := finder.find(folder, name)) is None:
            num_missing += 1
        else:
            files[found] = None
    return Directory(files=tuple(files), num_missing=num_missing, num_outside=num_outside)


def _stays_inside(parts: tuple[str, ...]) -> bool:
    """Whether each part is a mere name.

    >>> _stays_inside(("DICOM", "IM1")), _stays_inside(("..", "IM1")), _stays_inside(("/etc", "passwd"))
    (True, False, False)
    """
    return 0 < len(parts) <= MAX_PARTS and not any(
        part.strip() in ("", ".", "..") or set(part) & set("/\\:\0") for part in parts
    )


@dataclass(frozen=True, slots=True)
class _Finder:
    """Looks names up, and remembers what folders hold."""

    listings: dict[Path, dict[str, str]] = field(default_factory=dict)

    def find(self, folder: Path, parts: tuple[str, ...]) -> Path | None:
        """The ordinary file that the parts lead to."""
        place = folder
        for part in parts:
            known = self._names_in(place)
            name = known.get(part.strip()) or known.get(_plain(part))
            if name is None:
                return None
            place = place / name
        return place if place.is_file() else None

    def _names_in(self, folder: Path) -> dict[str, str]:
        """What a folder holds, by its plain name; exact spellings win."""
        if folder not in self.listings:
            try:
                names = sorted(os.listdir(folder), reverse=True)
            except OSError:
                names = []
            self.listings[folder] = {_plain(name): name for name in names} | {name.strip(): name for name in names}
        return self.listings[folder]


def _plain(name: str) -> str:
    """A name as any file system may have changed it: case, version number, an ending that was put on.

    >>> _plain("IM000001"), _plain("im000001.dcm"), _plain("IM000001;1")
    ('im000001', 'im000001', 'im000001')
    """
    return name.strip().partition(";")[0].lower().removesuffix(".dcm").rstrip(".")
