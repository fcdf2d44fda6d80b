"""Addresses of studies on DICOMweb servers and of patients on FHIR servers."""

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from osler.errors import InputError

__all__ = ["PatientAddress", "StudyAddress", "is_address", "parse_address"]

SCHEMES = {"dicomweb": "http", "dicomwebs": "https", "http": "http", "https": "https"}
STARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,2}(?=[^/\\])")  # one slash too: Path("http://x") is "http:/x"
STUDY_PATH = re.compile(
    r"(?P<base>.*)/studies/(?P<study>[0-9.]{1,64})"
    r"(/series/(?P<series>[0-9.]{1,64})(/instances/(?P<instance>[0-9.]{1,64}))?)?/?"
)
PATIENT_PATH = re.compile(r"(?P<base>.*)/Patient/(?P<patient>[A-Za-z0-9.-]{1,64})(/\$everything)?/?")
EXPECTED = (
    "expected dicomweb://HOST/…/studies/UID (also with /series/UID; dicomwebs:// for an encrypted connection), or "
    "https://HOST/…/Patient/ID of a FHIR server"
)
ELSE = "for anything else, download it and name the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyAddress:
    """A study, or a part of it, on a DICOMweb server.

    Attributes:
        base: the service's own address, http or https, without a slash at its end.
        study, series, instance: their UIDs.
        shown: as the user wrote it.
    """

    base: str
    study: str
    series: str | None
    instance: str | None
    shown: str

    @property
    def digest(self) -> str:
        """24 hexadecimal digits that stand for the server and the study, and tell neither."""
        return sha256(f"{self.base}/studies/{self.study}".encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientAddress:
    """A patient on a FHIR server.

    Attributes:
        base: the service's own address, http or https, without a slash at its end.
        patient: the logical id of the Patient resource.
        shown: as the user wrote it.
    """

    base: str
    patient: str
    shown: str


def is_address(source: str) -> bool:
    """Whether a source is an address and no path.

    >>> is_address("dicomweb://pacs/studies/1.2"), is_address("C:/films"), is_address("chest.dcm")
    (True, False, False)
    """
    return STARTS.match(source) is not None


def parse_address(source: str) -> StudyAddress | PatientAddress:
    """Take an address apart.

    Raises:
        InputError: no address that Osler understands, or one with a password in it.

    >>> parse_address("dicomweb://pacs:8042/dicom-web/studies/1.2.3").base
    'http://pacs:8042/dicom-web'
    """
    match = STARTS.match(source)
    scheme = SCHEMES.get(match.group(1).lower()) if match else None
    if match is None or scheme is None:
        raise InputError(f"cannot read `{source}`: {EXPECTED}", hint=ELSE)
    try:
        parts = urlsplit(f"{scheme}://{source[match.end() :]}")
        parts.port  # noqa: B018 (raises where it is no number)
    except ValueError:
        raise InputError(f"cannot read `{source}`: it is no address; {EXPECTED}") from None
    if parts.username is not None or parts.password is not None:
        where = source.partition("@")[2]
        raise InputError(
            f"cannot read the address at `{where}`: it holds a name or a password",
            hint="put them into ~/.netrc, or a token into OSLER_SERVER_TOKEN: command lines are seen and kept",
        )
    if not parts.hostname or parts.query or parts.fragment:
        raise InputError(f"cannot read `{source}`: {EXPECTED}, and nothing after it")
    return _with_path(source, f"{scheme}://{parts.netloc}", parts.path, is_dicom=source.lower().startswith("dicomweb"))


def _with_path(shown: str, host: str, path: str, *, is_dicom: bool) -> StudyAddress | PatientAddress:
    study, patient = STUDY_PATH.fullmatch(path), PATIENT_PATH.fullmatch(path)
    if study is not None:
        names = {name: study[name] for name in ("study", "series", "instance")}
        return StudyAddress(base=host + study["base"], shown=shown, **names)
    if patient is not None and not is_dicom:
        return PatientAddress(base=host + patient["base"], patient=patient["patient"], shown=shown)
    raise InputError(f"cannot read `{shown}`: {EXPECTED}", hint=ELSE)
