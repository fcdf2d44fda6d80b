"""Whether files are of one patient: identifiers are compared here, and only the answer leaves."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from pydicom.datadict import tag_for_keyword
from pydicom.filereader import read_partial
from pydicom.tag import Tag

from osler.formats.dicom_stream import HEADER_BYTES, open_stream, pixel_stop
from osler.formats.dicom_values import get
from osler.formats.quiet import silenced

__all__ = ["are_known_to_differ", "are_of_one_patient", "patient_digests"]

KEYWORDS = ("PatientName", "PatientID", "PatientBirthDate")
TAGS = [Tag(tag_for_keyword(keyword) or 0) for keyword in KEYWORDS]


def are_of_one_patient(paths: Sequence[Path]) -> bool:
    """Whether all DICOM files give the same Patient ID; where none gives one, the same name and date of birth.

    False where they do not say, or cannot be read.
    """
    patients = {_patient(path) for path in paths}
    identifiers = {identifier for _, identifier, _ in patients}
    if identifiers != {""}:
        return len(identifiers) == 1
    return len(patients) == 1 and all(patients.pop()[::2])


def patient_digests(paths: Sequence[Path]) -> list[str | None]:
    """A digest of each DICOM file's Patient ID, the same in every run; None where a file gives none.

    It tells patients apart and does not say who they are; whoever guesses an identifier can still try it, so it belongs
    in memory and in no file.
    """
    identifiers = [_patient(path)[1] for path in paths]
    return [sha256(f"Patient ID {one}".encode()).hexdigest()[:16] if one else None for one in identifiers]


def _patient(path: Path) -> tuple[str, str, str]:
    """Name, identifier and date of birth as texts, "" where they are missing or damaged."""
    with (
        silenced("pydicom"),
        open_stream(path, inflate_bytes=HEADER_BYTES, budget_bytes=HEADER_BYTES, whole=False) as stream,
    ):
        try:
            dataset = read_partial(stream, stop_when=pixel_stop(stream, []), force=True, specific_tags=TAGS)  # type: ignore[arg-type]
        except Exception:  # a parser fed with damaged bytes may raise nearly anything
            return ("", "", "")
        name, identifier, born = (str(get(dataset, keyword) or "").strip() for keyword in KEYWORDS)
        return (name, identifier, born)


def are_known_to_differ(one: Path, other: Path) -> bool:
    """Whether two DICOM files give different Patient IDs or dates of birth; not where one of them gives none."""
    (_, *known), (_, *told) = _patient(one), _patient(other)  # names are spelt in more than one way
    return any(first != second for first, second in zip(known, told, strict=True) if first and second)
