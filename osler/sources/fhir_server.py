"""A patient's record from a FHIR R4 server, as resources in lines.

The operation `$everything` where the server has it (https://hl7.org/fhir/R4/patient-operation-everything.html), else a
search for each type of resource, page by page (https://hl7.org/fhir/R4/http.html#paging).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

import requests

from osler.errors import DownloadError
from osler.sources.address import PatientAddress
from osler.sources.retry import persist
from osler.sources.session import TIMEOUT_S, explaining, is_same_server, open_session

__all__ = ["fetch_record"]

MAX_PAGE_BYTES = 1 << 26
MAX_RECORD_BYTES = 1 << 30
MAX_PAGES = 10_000
PAGE = 500
JSON_TYPE = "application/fhir+json"
UNSUPPORTED = (400, 404, 405, 406, 410, 422, 501)
TYPES = (
    "Encounter",
    "Condition",
    "Observation",
    "AllergyIntolerance",
    "FamilyMemberHistory",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "DiagnosticReport",
    "DocumentReference",
    "Procedure",
    "ServiceRequest",
    "Immunization",
    "CarePlan",
)
"""The types that the official EHR navigator knows and that belong to a patient, and four that records are full of."""

Advance = Callable[[int, int], None]


def fetch_record(address: PatientAddress, path: Path, *, advance: Advance) -> tuple[tuple[str, str], ...]:
    """Write a patient's record to a file, one resource a line.

    Args:
        address: of the patient.
        path: the file to write; it holds what the record holds.
        advance: called with how many resources have come and how many the server announces, 0 where it does not.

    Returns:
        what the server would not give, each with the reason.

    Raises:
        DownloadError: the server does not know the patient, gives no access, cannot be reached or sends too much.
    """
    session = open_session(address.base, max_answer_bytes=MAX_PAGE_BYTES)
    session.headers["Accept"] = JSON_TYPE
    with session, path.open("w", encoding="utf-8") as sink:
        record = _Record(session=session, address=address, sink=sink, advance=advance)
        if record.add_everything():
            return ()
        record.add_patient()
        return tuple(record.add_types())


class _Unsupported(Exception):  # noqa: N818 (never leaves this module)
    """The server does not offer what it was asked for."""


@dataclass(slots=True, kw_only=True)
class _Record:
    """A record that grows as pages come; each resource is written once."""

    session: requests.Session
    address: PatientAddress
    sink: IO[str]
    advance: Advance
    written: set[tuple[str, str]] = field(default_factory=set)
    num_bytes: int = 0

    def add_everything(self) -> bool:
        """Whether the server knows the operation, and so the record is complete."""
        try:
            self._add_pages(f"{self.address.base}/Patient/{self.address.patient}/$everything?_count={PAGE}")
        except _Unsupported:
            if self.written:
                raise DownloadError("cannot fetch the record: the server breaks off after its first pages") from None
            return False
        return True

    def add_patient(self) -> None:
        """The Patient resource itself.

        Raises:
            DownloadError: the server does not know the patient, so that searches would find nothing either.
        """
        try:
            patient = self._ask(f"{self.address.base}/Patient/{self.address.patient}")
        except _Unsupported as error:
            raise DownloadError(
                f"cannot fetch `{self.address.shown}`: the server does not have this patient (it answered {error})",
                hint="check the path before /Patient/ and the id after it",
            ) from None
        if patient.get("resourceType") != "Patient":
            raise DownloadError(f"cannot fetch `{self.address.shown}`: expected a Patient resource, got another")
        self._write(patient)

    def add_types(self) -> Iterator[tuple[str, str]]:
        """All else that names the patient; gives what the server would not search for."""
        for name in TYPES:
            include = f"&_include={name}:medication" if name.startswith("Medication") else ""
            try:
                self._add_pages(f"{self.address.base}/{name}?patient={self.address.patient}&_count={PAGE}{include}")
            except _Unsupported as error:
                yield f"{name} resources", f"the server does not search for them (it answered {error})"

    def _add_pages(self, url: str) -> None:
        """Follow a Bundle's pages to their end."""
        seen: set[str] = set()
        while url not in seen:
            seen.add(url)
            if len(seen) > MAX_PAGES:
                raise DownloadError(f"cannot fetch the record: it has more than {MAX_PAGES:,} pages")
            bundle = persist(partial(self._ask, url))
            if bundle.get("resourceType") != "Bundle":
                raise DownloadError("cannot fetch the record: expected a Bundle, and the server sent another resource")
            for entry in _items(bundle, "entry"):
                self._add_entry(entry)
            total = bundle.get("total")
            self.advance(len(self.written), total if isinstance(total, int) else 0)
            following = _next_link(bundle)
            if following is None:
                return
            url = self._checked(urljoin(url, following))

    def _checked(self, url: str) -> str:
        """A page's address, unless it leads to another server.

        Servers behind a gateway that encrypts for them may not know that they are reached by https.
        """
        here, there = urlsplit(self.address.base), urlsplit(url)
        if here.scheme == "https" and there.scheme == "http" and here.hostname == there.hostname:
            url = there._replace(scheme="https", netloc=here.netloc).geturl()
        if not is_same_server(self.address.base, url):
            raise DownloadError(
                "cannot fetch the record: its next page lies on another server",
                hint="give the address of the server as it calls itself, such as in `fullUrl`",
            )
        return url

    def _add_entry(self, entry: dict[str, Any]) -> None:
        resource, search = entry.get("resource"), entry.get("search")
        is_outcome = isinstance(search, dict) and search.get("mode") == "outcome"
        if isinstance(resource, dict) and not is_outcome:
            self._write(resource)

    def _write(self, resource: dict[str, Any]) -> None:
        key = (str(resource.get("resourceType")), str(resource.get("id")))
        if key in self.written and resource.get("id") is not None:
            return
        line = json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n"
        self.num_bytes += len(line)
        if self.num_bytes > MAX_RECORD_BYTES:
            raise DownloadError(f"cannot fetch the record: it is larger than {MAX_RECORD_BYTES:,} bytes")
        self.written.add(key)
        self.sink.write(line)

    def _ask(self, url: str) -> dict[str, Any]:
        """One answer, as JSON.

        Raises:
            _Unsupported: the server does not offer this, with its status.
        """
        with explaining(self.address.base, "the record"):
            response = self.session.get(url, timeout=TIMEOUT_S)
            if response.status_code in UNSUPPORTED:
                raise _Unsupported(response.status_code)
            response.raise_for_status()
            answer = response.json()
        if not isinstance(answer, dict):
            raise DownloadError("cannot fetch the record: expected a JSON object, and the server sent something else")
        return answer


def _items(holder: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """The objects in a list, where there is one."""
    found = holder.get(name)
    yield from (item for item in found if isinstance(item, dict)) if isinstance(found, list) else ()


def _next_link(bundle: dict[str, Any]) -> str | None:
    for link in _items(bundle, "link"):
        if link.get("relation") == "next" and isinstance(link.get("url"), str):
            return link["url"]
    return None
