"""A FHIR resource as a line of text, and who it is about as another."""

import re
from datetime import date
from typing import Any

from osler.tasks.fhir_words import said
from osler.tasks.record_sections import Section

__all__ = ["day_of", "is_wrong", "line_of", "name_of", "patient_line", "patient_references", "tail", "values_of"]

Resource = dict[str, Any]

DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
PATIENT = re.compile(r"(?:.*/)?Patient/[^/]+|urn:(?:uuid|oid):.+")
WRONG = "entered-in-error"
OLDEST_YEARS = 89  # ages above identify a person (HIPAA, 45 CFR 164.514(b)(2)(i)(C))
NO_LINE = "unnamed"


def line_of(resource: Resource, section: Section, medications: dict[str, str]) -> str:
    """One resource as a line: "- 2020-03-01 HbA1c: 7.2 % (High, reference <= 6 %)".

    Args:
        resource: as in FHIR R4.
        section: how its type is told.
        medications: names of Medication resources by id, for those that only refer to one.
    """
    name, values = name_of(resource, section, medications), values_of(resource, section)
    details = [(label, said(resource.get(element))) for label, element in section.details]
    brackets = ", ".join(f"{label} {words}".strip() for label, words in details if words)
    words = f"{name}: {values}" if values else name
    return " ".join(filter(None, ("-", day_of(resource, section), words, f"({brackets})" if brackets else "")))


def name_of(resource: Resource, section: Section, medications: dict[str, str]) -> str:
    """What a resource is called; arguments as in `line_of`."""
    return _first(resource, section.names, medications) or NO_LINE


def values_of(resource: Resource, section: Section) -> str:
    """What a resource says of the thing that it is called after; "" where it says nothing."""
    return "; ".join(filter(None, (said(resource.get(element)) for element in section.values)))


def day_of(resource: Resource, section: Section) -> str:
    """The day a resource is of, as far as it is known: "2020-03-01", "2020-03", "2020" or ""."""
    for element in section.dates:
        value = resource.get(element)
        if isinstance(value, dict):
            value = value.get("start")
        if isinstance(value, str) and (found := DAY.match(value)):
            return found[0]
    return ""


def is_wrong(resource: Resource) -> bool:
    """Whether a resource was entered in error (FHIR keeps such ones)."""
    status = resource.get("verificationStatus")
    codings = status.get("coding") if isinstance(status, dict) else None
    codes = [one.get("code") for one in codings if isinstance(one, dict)] if isinstance(codings, list) else []
    return resource.get("status") == WRONG or WRONG in codes


def patient_references(resource: Resource) -> set[str]:
    """The patients that a resource says it is about."""
    subjects = (resource.get("subject"), resource.get("patient"))
    references = (subject.get("reference") for subject in subjects if isinstance(subject, dict))
    return {text for text in references if isinstance(text, str) and PATIENT.fullmatch(text)}


def patient_line(patient: Resource, last_day: str, *, is_named: bool) -> str:
    """Who the patient is: sex and age, and only where it is allowed name, date of birth and identifiers.

    Args:
        patient: the Patient resource.
        last_day: the record's last day, at which the age is told.
        is_named: whether names and the like may be told.
    """
    died = patient.get("deceasedDateTime")
    is_dead = isinstance(died, str) or patient.get("deceasedBoolean") is True
    age = _age(patient.get("birthDate"), died if isinstance(died, str) else last_day)
    at = "at death" if isinstance(died, str) else f"at the last entry ({last_day})"
    parts = [said(patient.get("gender")), f"{age} {at}" if age else "", "deceased" if is_dead else ""]
    return "Patient: " + (", ".join(filter(None, (*(_named(patient) if is_named else ()), *parts))) or "not described")


def _named(patient: Resource) -> tuple[str, ...]:
    names = [_human_name(name) for name in _objects(patient.get("name"))]
    numbers = [said(item.get("value")) for item in _objects(patient.get("identifier"))]
    born, known = said(patient.get("birthDate")), [number for number in numbers if number]
    return (*names[:1], f"born {born}" if born else "", f"identifiers {', '.join(known)}" if known else "")


def _human_name(name: Resource) -> str:
    given = name.get("given")
    parts = [*(given if isinstance(given, list) else ()), name.get("family")]
    return said(name.get("text")) or " ".join(part for part in parts if isinstance(part, str))


def _age(born: Any, day: str) -> str:
    """Whole years, told in words; "" where one of the days is not known well enough or they are in the wrong order."""
    first, last = _day(born, 1), _day(day, 1)
    if first is None or last is None or last < first:
        return ""
    years = last.year - first.year - ((last.month, last.day) < (first.month, first.day))
    if years > OLDEST_YEARS:
        return f"{OLDEST_YEARS + 1} years or older"
    return f"{years} years old" if years else "less than a year old"


def _day(text: Any, missing: int) -> date | None:
    """A date of which month and day may be missing."""
    found = DAY.match(text) if isinstance(text, str) else None
    if not found:
        return None
    year, month, day = [*map(int, found[0].split("-")), missing, missing][:3]
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _first(resource: Resource, elements: tuple[str, ...], medications: dict[str, str]) -> str:
    for element in elements:
        value = resource.get(element)
        reference = value.get("reference") if isinstance(value, dict) else None
        if isinstance(reference, str) and (known := medications.get(tail(reference))):
            return known
        if words := said(value):
            return words
    return ""


def tail(reference: str) -> str:
    """The id in a reference such as "Medication/17", "#17" or "urn:uuid:17"."""
    return re.split(r"[/:#]", reference)[-1]


def _objects(value: Any) -> list[Resource]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
