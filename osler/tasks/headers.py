"""The headers of a batch's DICOM files, no pixels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from osler.errors import InputError
from osler.tasks.gather import Found
from osler.tasks.progress import READING_HEADERS, Progress

if TYPE_CHECKING:
    from osler.formats.dicom_header import DicomHeader

__all__ = ["headers_of"]


def headers_of(
    files: Sequence[Found], progress: Progress, *, named: bool
) -> "tuple[tuple[DicomHeader, ...], tuple[str, ...]]":
    """Read headers; of files that nobody named, damaged ones are left out.

    Args:
        files: DICOM files, at least one.
        progress: told of each.
        named: whether a person named each of them.

    Returns:
        The headers, and a note on what was left out.

    Raises:
        InputError: a file that was named is damaged, or all of them are.
    """
    from osler.formats.dicom_header import read_header

    headers, damaged = [], []
    for number, file in enumerate(files):
        progress(READING_HEADERS, number, len(files))
        try:
            headers.append(read_header(file.path))
        except InputError as error:
            damaged.append(error)
    progress(READING_HEADERS, len(files), len(files))
    if damaged and (named or not headers):
        raise damaged[0]
    count = len(damaged)
    notes = (f"{count:,} DICOM file{'s'[: count != 1]} left out: damaged or cut off",) if damaged else ()
    return tuple(headers), notes
