"""Synthetic FHIR R4 records about a patient of fiction."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["SECRETS", "concept", "make_bundle", "make_ndjson", "make_patient", "observation", "small_record"]

PATIENT_ID = "quixote-1605"
SECRETS = ("Quixote", "Alonso", PATIENT_ID, "LAMANCHA-1605", "1947-09-29")

Resource = dict[str, Any]


def make_patient(**elements: Any) -> Resource:
    """The patient; `elements` are added to it or put in the place of its own."""
    patient: Resource = {
        "resourceType": "Patient",
        "id": PATIENT_ID,
        "name": [{"use": "official", "family": "Quixote", "given": ["Alonso", "Q"]}],
        "identifier": [{"system": "urn:example:mrn", "value": "LAMANCHA-1605"}],
        "telecom": [{"system": "phone", "value": "+34 600 123 456"}],
        "gender": "male",
        "birthDate": "1947-09-29",
        "address": [{"city": "Argamasilla"}],
        "text": {"status": "generated", "div": "<div>Alonso Quixote</div>"},
    }
    return {**patient, **elements}


def concept(text: str) -> Resource:
    """A CodeableConcept with a display."""
    return {"coding": [{"system": "http://snomed.info/sct", "code": "123", "display": text}]}


def observation(name: str, value: float, unit: str, day: str, **elements: Any) -> Resource:
    """A laboratory value of the patient's."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(name),
        "subject": {"reference": f"Patient/{PATIENT_ID}", "display": "Alonso Quixote"},
        "effectiveDateTime": f"{day}T08:30:00+02:00",
        "valueQuantity": {"value": value, "unit": unit},
        **elements,
    }


def small_record() -> list[Resource]:
    """A patient with a condition, a prescription and two laboratory values, the later one first."""
    subject = {"reference": f"Patient/{PATIENT_ID}"}
    return [
        make_patient(),
        {
            "resourceType": "Condition",
            "code": concept("Osteoarthritis of knee"),
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "subject": subject,
            "onsetDateTime": "2012-05-01",
            "note": [{"text": "Mr Quixote fell off his horse."}],
        },
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "medicationCodeableConcept": {"text": "Ibuprofen 400 mg"},
            "subject": subject,
            "authoredOn": "2019-02-03",
            "dosageInstruction": [{"text": "one tablet when in pain"}],
        },
        observation("Haemoglobin", 13.5, "g/dL", "2020-03-01", referenceRange=[{"low": {"value": 13}}]),
        observation("Haemoglobin", 14.0, "g/dL", "2018-03-01"),
        {"resourceType": "Claim", "patient": subject},
    ]


def make_bundle(path: Path, resources: Sequence[Resource], **elements: Any) -> Path:
    """Write resources as a collection bundle; `elements` are added to the bundle."""
    entries = [{"fullUrl": f"urn:uuid:{number}", "resource": one} for number, one in enumerate(resources)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries, **elements}
    path.write_text(json.dumps(bundle), encoding="utf-8")
    return path


def make_ndjson(path: Path, resources: Sequence[Resource]) -> Path:
    """Write resources one a line, as bulk exports have them."""
    path.write_text("".join(json.dumps(one) + "\n" for one in resources), encoding="utf-8")
    return path
