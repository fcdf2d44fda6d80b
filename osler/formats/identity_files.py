"""Who the patient of a file is: read from DICOM headers and FHIR resources, for comparing only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from osler.errors import InputError
from osler.formats.detect import detect
from osler.formats.identity import FullName, Identity, identity

__all__ = ["identity_of", "identity_of_resources"]

LAST_GROUP = 0x0010  # PS3.6: patients' data elements
HEADER_BYTES = 1 << 24
MOST_FACTS = 100_000
DICOM_NAMES = ("PatientName", "OtherPatientNames", "PatientBirthName")
DICOM_NUMBERS = ("PatientID", "OtherPatientIDs", "AccessionNumber", "PatientTelephoneNumbers")
SUBJECTS = ("subject", "patient", "beneficiary", "for")

Resource = dict[str, Any]


def identity_of(path: Path) -> Identity:
    """Who a DICOM or FHIR file is about; nobody, for files that do not say.

    Raises:
        InputError: the file cannot be read, or it is about more patients than can be compared.
    """
    kind = detect(path)
    if kind == "dicom":
        return _of_dicom(path)
    if kind not in ("fhir", "ndjson"):
        return Identity()
    from osler.formats.fhir import open_fhir

    return identity_of_resources(open_fhir(path).resources(), path)


def identity_of_resources(resources: Iterable[Resource], path: Path) -> Identity:
    """Who FHIR resources are about: their Patients, and the subjects of others.

    Args:
        resources: of a record.
        path: the file that they come from, for messages.

    Raises:
        InputError: they are about more patients than can be compared.
    """
    facts = _Facts()
    for resource in resources:
        facts.add(resource)
        if len(facts.identifiers) + len(facts.names) > MOST_FACTS:
            raise InputError(f"cannot use `{path}`: it is about too many patients to keep their names out of a prompt")
    return facts.identity()


@dataclass(slots=True)
class _Facts:
    """What names the patients of some resources, each fact once."""

    names: set[FullName] = field(default_factory=set)
    identifiers: set[str] = field(default_factory=set)
    birth_dates: set[str] = field(default_factory=set)

    def add(self, resource: Resource) -> None:
        if resource.get("resourceType") == "Patient":
            self._add_patient(resource)
        for key in SUBJECTS:
            for subject in _objects(resource.get(key)):
                self.names.update(_name_of(text) for text in _texts(subject.get("display")))
                self.identifiers.update(_last_part(text) for text in _texts(subject.get("reference")))

    def _add_patient(self, patient: Resource) -> None:
        self.names.update(name for human in _objects(patient.get("name")) for name in _human_names(human))
        self.identifiers.update(_texts(patient.get("id")))
        for key in ("identifier", "telecom"):
            self.identifiers.update(text for item in _objects(patient.get(key)) for text in _texts(item.get("value")))
        self.birth_dates.update(_texts(patient.get("birthDate")))

    def identity(self) -> Identity:
        return identity(self.names, self.identifiers, self.birth_dates)


def _of_dicom(path: Path) -> Identity:
    from pydicom.filereader import read_partial

    from osler.formats.dicom_stream import open_stream
    from osler.formats.dicom_values import get, sequence
    from osler.formats.quiet import silenced

    limits = {"inflate_bytes": HEADER_BYTES, "budget_bytes": HEADER_BYTES}
    with silenced("pydicom"), open_stream(path, **limits, whole=False) as stream:
        try:
            dataset = read_partial(stream, stop_when=lambda tag, *_: tag.group > LAST_GROUP, force=True)  # type: ignore[arg-type]
        except Exception:  # a damaged header; whoever wants its picture will say so
            return Identity()
        others = [str(get(item, "PatientID") or "") for item in sequence(dataset, "OtherPatientIDsSequence")]
        return identity(
            names=[name for keyword in DICOM_NAMES for text in _all(get(dataset, keyword)) for name in _groups(text)],
            identifiers=[*others, *(text for keyword in DICOM_NUMBERS for text in _all(get(dataset, keyword)))],
            birth_dates=_all(get(dataset, "PatientBirthDate")),
        )


def _all(value: Any) -> Iterator[str]:
    """An element's values as texts, one or several."""
    values = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    yield from (str(one) for one in values if one)


def _groups(text: str) -> Iterator[FullName]:
    """A PN value's alphabetic, ideographic and phonetic forms (PS3.5 6.2.1): "Family^Given^Middle=…=…"."""
    for group in text.split("="):
        family, *given = group.split("^")
        yield FullName(family, " ".join(given[:2])) if any(given[:2]) else _name_of(family)


def _human_names(human: Resource) -> Iterator[FullName]:
    parts = human.get("given")
    given = " ".join(part for part in parts if isinstance(part, str)) if isinstance(parts, list) else ""
    yield from (FullName(family, given) for family in _texts(human.get("family")))
    yield from (_name_of(text) for text in _texts(human.get("text")))


def _name_of(text: str) -> FullName:
    """A name that is not divided: the family's before a comma, else last, as most of the world writes it."""
    if "," in text:
        family, given = text.split(",", 1)
        return FullName(family, given)
    *given_words, last = text.split() or [""]
    return FullName(last, " ".join(given_words))


def _last_part(reference: str) -> str:
    """The id in a reference such as "Patient/17" or "urn:uuid:…"."""
    return reference.replace(":", "/").rsplit("/", 1)[-1]


def _objects(value: Any) -> list[Resource]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, dict)]


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) and value else []
