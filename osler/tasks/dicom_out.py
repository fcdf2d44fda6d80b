"""What every DICOM object that Osler writes needs: the images it is about, who made it, and bytes in the end.

Such an object belongs to its patient's study, so it bears the patient's name and identifiers as the images do. It is
only written where a person asks for it. Whatever a model wrote goes out as preliminary and unverified.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osler.errors import InputError, MissingExtraError, OslerError
from osler.tasks.ask import sources_of
from osler.tasks.batch import batches_of
from osler.values import FileRecord

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = [
    "MANUFACTURER",
    "encoded",
    "images_behind",
    "new_instance",
    "plain_text",
    "refuse_other_files",
    "require_highdicom",
    "software",
    "suiting",
]

MANUFACTURER = "Osler"
SERIES_NUMBER = 9701  # far from those that scanners give
UTF8 = "ISO_IR 192"
MAY_HOLD_DICOM = ("dicom", "dicomdir", "zip")
NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
MAY_BE_EMPTY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
)
"""Type 2 in every IOD (PS3.3 C.7.1.1, C.7.2.1): to be there, if with nothing in them."""


def require_highdicom() -> None:
    """Refuse to write DICOM without the package that does it.

    Raises:
        MissingExtraError: highdicom is not installed.
    """
    if find_spec("highdicom") is None:
        raise MissingExtraError("cannot write DICOM: highdicom is not installed", hint="pip install 'osler[dicom-out]'")


def refuse_other_files(files: Any) -> None:
    """Refuse, before anything is computed, files that belong to no study; what folders and archives hold is seen later.

    Raises:
        InputError: one of the files is no DICOM file.
    """
    from osler.formats.detect import KIND_NAMES, Stranger, find_kind

    paths = [Path(source) for source in sources_of(files) if isinstance(source, str | Path)]
    for path in paths:
        kind = find_kind(path) if path.is_file() else "dicom"
        if not isinstance(kind, Stranger) and kind not in MAY_HOLD_DICOM:
            raise _no_study(KIND_NAMES[kind])


def images_behind(files: Any, records: Iterable[FileRecord]) -> "list[Dataset]":
    """The headers of the DICOM files that an answer was about.

    Args:
        files: what was handed over when it was asked for.
        records: the files that were read then; each must be there still, and be the same.

    Raises:
        InputError: some are no DICOM files, are not there, changed since, or lack what names their study.
    """
    wanted = tuple(dict.fromkeys(records))
    if not wanted or any(record.kind != "dicom" for record in wanted):
        raise _no_study("something else")
    paths = _paths_of(files)
    return [_header(_found(record, paths)) for record in wanted]


@contextmanager
def suiting() -> Iterator[None]:
    """Say of headers that highdicom cannot build on that they are at fault, without its words: they hold values.

    Raises:
        MissingExtraError: highdicom is not installed.
        InputError: the images' headers do not suit.
    """
    from osler.formats.quiet import silenced

    require_highdicom()
    try:
        with silenced("pydicom"), silenced("highdicom"):
            yield
    except OslerError:
        raise
    except Exception as error:  # a header may lack, or say wrongly, whatever an object is built on
        raise InputError(
            f"cannot write DICOM: the images' headers are incomplete or not as the standard has them "
            f"({type(error).__name__})",
            hint="write JSON instead (--json), or correct the headers",
        ) from error


def new_instance() -> dict[str, Any]:
    """The arguments that all of highdicom's classes take: an object of its own, in a series of its own, by Osler."""
    from pydicom.uid import generate_uid

    return {
        "series_instance_uid": generate_uid(),
        "series_number": SERIES_NUMBER,
        "sop_instance_uid": generate_uid(),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "specific_character_set": UTF8,
    }


def software() -> str:
    """Osler's version, for Software Versions (0018,1020)."""
    try:
        return version("osler")
    except PackageNotFoundError:
        return "unknown"


def plain_text(text: str) -> str:
    """A text without the control characters that UT and ST do not allow (PS3.5 6.1.3)."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\r\t").strip()


def encoded(dataset: "Dataset") -> bytes:
    """The DICOM file of a dataset."""
    from osler.formats.quiet import silenced

    file = io.BytesIO()
    with silenced("pydicom"):
        dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _no_study(found: str) -> InputError:
    return InputError(
        f"cannot write DICOM: expected DICOM images, because the object becomes a part of their study, got {found}",
        hint="name DICOM files, or write JSON instead (--json)",
    )


def _paths_of(files: Any) -> list[Path]:
    sources = [source for source in sources_of(files) if isinstance(source, str | Path)]
    return [found.path for batch in batches_of(sources) for found in batch.found if found.kind == "dicom"]


def _found(record: FileRecord, paths: Sequence[Path]) -> Path:
    """Where the file of a record is, told by its content."""
    from osler.formats.files import record_of

    for path in paths:
        is_alike = path.name == record.name and path.stat().st_size == record.size_bytes
        if is_alike and record_of(path, "dicom").sha256 == record.sha256:
            return path
    raise InputError(
        f"cannot write DICOM about `{record.name}`: it is not there any more, or it is another file by now",
        hint="ask again with the file as it is",
    )


def _header(path: Path) -> "Dataset":
    """A file's elements without its pixels, texts decoded, what may be empty there."""
    from pydicom import dcmread

    from osler.formats.quiet import silenced

    with silenced("pydicom"):
        dataset = dcmread(path, stop_before_pixels=True, force=True)
        dataset.decode()
    missing = [keyword for keyword in NEEDED if not dataset.get(keyword)]
    if missing:
        raise InputError(f"cannot write DICOM about `{path.name}`: it has no {' and no '.join(missing)}")
    for keyword in MAY_BE_EMPTY:
        if keyword not in dataset:
            setattr(dataset, keyword, None)
    for keyword, divider in (("StudyDate", "."), ("StudyTime", ":")):  # as the standard before DICOM wrote them
        dataset[keyword].value = str(dataset.get(keyword) or "").replace(divider, "") or None
    if not dataset.get("Modality"):
        dataset.Modality = "OT"
    return dataset
