import pytest

from osler.tasks.record_lines import day_of, is_wrong, line_of, patient_line, patient_references, tail
from osler.tasks.record_sections import SECTIONS
from osler.testing.fhir import concept, make_patient, observation

SECTION = {section.kind: section for section in SECTIONS}


def line(kind: str, **elements) -> str:
    return line_of({"resourceType": kind, **elements}, SECTION[kind], {"17": "Metformin 500 mg"})


def test_an_observation_is_told_with_its_value_and_what_is_usual():
    high = {"interpretation": [concept("High")], "referenceRange": [{"high": {"value": 6, "unit": "%"}}]}
    told = line_of(observation("HbA1c", 7.2, "%", "2020-03-01", **high), SECTION["Observation"], {})
    assert told == "- 2020-03-01 HbA1c: 7.2 % (High, reference <= 6 %)"


def test_a_blood_pressure_is_told_by_its_components():
    component = [
        {"code": {"text": "Systolic"}, "valueQuantity": {"value": 120, "unit": "mmHg"}},
        {"code": {"text": "Diastolic"}, "valueQuantity": {"value": 80, "unit": "mmHg"}},
    ]
    told = line("Observation", code={"text": "Blood pressure"}, component=component)
    assert told == "- Blood pressure: Systolic 120 mmHg; Diastolic 80 mmHg"


def test_a_value_that_is_missing_is_told_with_the_reason():
    told = line("Observation", code={"text": "Glucose"}, dataAbsentReason=concept("Not performed"))
    assert told == "- Glucose: Not performed"


@pytest.mark.parametrize("reference", ["Medication/17", "#17", "urn:uuid:17"])
def test_a_medication_that_is_a_resource_of_its_own_is_named(reference):
    told = line("MedicationRequest", status="active", authoredOn="2019", medicationReference={"reference": reference})
    assert told == "- 2019 Metformin 500 mg (active)"


def test_a_medication_elsewhere_is_named_as_its_reference_is():
    assert line("MedicationStatement", medicationReference={"reference": "x/1", "display": "Insulin"}) == "- Insulin"


def test_an_entry_that_does_not_say_what_it_is_is_told_so():
    assert line("Condition", onsetDateTime="2012-05-01") == "- 2012-05-01 unnamed"


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ({"performedDateTime": "2020-03-01T10:00:00Z"}, "2020-03-01"),
        ({"performedPeriod": {"start": "2020-03", "end": "2020-05-01"}}, "2020-03"),
        ({"performedDateTime": "soon", "performedPeriod": {"start": "2019"}}, "2019"),
        ({"performedDateTime": 2020}, ""),
        ({}, ""),
    ],
)
def test_the_day_of_an_entry_is_as_exact_as_it_is_known(elements, day):
    assert day_of(elements, SECTION["Procedure"]) == day


@pytest.mark.parametrize(
    ("elements", "wrong"),
    [
        ({"status": "entered-in-error"}, True),
        ({"verificationStatus": {"coding": [{"code": "entered-in-error"}], "text": "mistake"}}, True),
        ({"status": "final", "verificationStatus": {"coding": [{"code": "confirmed"}]}}, False),
        ({"verificationStatus": {"coding": "damaged"}}, False),
        ({"verificationStatus": "damaged"}, False),
    ],
)
def test_entries_made_in_error_are_known(elements, wrong):
    assert is_wrong(elements) is wrong


def test_only_references_to_patients_count():
    found = patient_references(
        {"subject": {"reference": "Group/1"}, "patient": {"reference": "http://x/fhir/Patient/2"}}
    )
    assert found == {"http://x/fhir/Patient/2"}
    assert patient_references({"subject": {"reference": "urn:uuid:3"}}) == {"urn:uuid:3"}
    assert patient_references({"subject": "damaged", "patient": {"reference": 4}}) == set()


def test_the_last_part_of_a_reference_is_its_id():
    assert [tail(text) for text in ("Patient/1", "#2", "urn:uuid:3", "4")] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, "Patient: male, 72 years old at the last entry (2020-03-01)"),
        ({"birthDate": "1947-03-01"}, "Patient: male, 73 years old at the last entry (2020-03-01)"),
        ({"birthDate": "1947-03-02"}, "Patient: male, 72 years old at the last entry (2020-03-01)"),
        ({"birthDate": "1947"}, "Patient: male, 73 years old at the last entry (2020-03-01)"),
        ({"birthDate": "1920-01-01"}, "Patient: male, 90 years or older at the last entry (2020-03-01)"),
        ({"birthDate": "2019-12-24"}, "Patient: male, less than a year old at the last entry (2020-03-01)"),
        ({"birthDate": "2021-01-01"}, "Patient: male"),
        ({"birthDate": "1947-02-31"}, "Patient: male"),
        ({"birthDate": None, "gender": None}, "Patient: not described"),
        ({"deceasedDateTime": "2017-10-01"}, "Patient: male, 70 years old at death, deceased"),
        ({"deceasedBoolean": True}, "Patient: male, 72 years old at the last entry (2020-03-01), deceased"),
        ({"deceasedBoolean": False}, "Patient: male, 72 years old at the last entry (2020-03-01)"),
    ],
)
def test_a_patient_is_told_by_sex_and_age(elements, expected):
    assert patient_line(make_patient(**elements), "2020-03-01", is_named=False) == expected


def test_a_record_without_days_tells_no_age():
    assert patient_line(make_patient(), "", is_named=False) == "Patient: male"


def test_where_it_is_allowed_the_patient_is_named():
    told = patient_line(make_patient(), "", is_named=True)
    assert told == "Patient: Alonso Q Quixote, born 1947-09-29, identifiers LAMANCHA-1605, male"
