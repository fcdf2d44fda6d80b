"""What is among the files that a person names, listed and not looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

from osler.tasks.batch import batches_of
from osler.tasks.gather import naming_as_written
from osler.tasks.headers import headers_of
from osler.tasks.listing import SeriesRow, rows
from osler.tasks.progress import Progress, no_progress
from osler.tasks.series import group
from osler.tasks.study_options import StudyOptions

__all__ = ["Contents", "OtherFile", "contents_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherFile:
    """A file that is no DICOM: its kind, and how a person knows it."""

    kind: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """DICOM series, other files, and what was left out."""

    rows: tuple[SeriesRow, ...]
    files: tuple[OtherFile, ...]
    notes: tuple[str, ...]


def contents_of(sources: Sequence[str], options: StudyOptions, *, progress: Progress = no_progress) -> Contents:
    """List what paths and addresses hold.

    Raises:
        InputError: one of them is not there, or holds nothing that is read.
    """
    found: list[SeriesRow] = []
    files: list[OtherFile] = []
    notes: list[str] = []
    for batch in batches_of(sources, progress=progress):
        dicom = [file for file in batch.found if file.kind == "dicom"]
        if dicom:
            with naming_as_written(dicom):
                headers, damaged = headers_of(dicom, progress, named=batch.is_named)
                found += rows(group(headers), options)
            notes += damaged
        files += [OtherFile(kind=file.kind, shown=file.shown) for file in batch.found if file.kind != "dicom"]
        notes += batch.notes
    return Contents(rows=tuple(found), files=tuple(files), notes=tuple(notes))
