import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osler.errors import InputError
from osler.tasks import record_text
from osler.tasks.privacy import refuse_identifiers
from osler.tasks.record_sections import SECTIONS
from osler.tasks.record_text import plan_record
from osler.tasks.study_options import StudyOptions
from osler.testing.fhir import SECRETS, concept, make_bundle, make_ndjson, make_patient, observation, small_record

EXPECTED = """\
Health record of one patient, by kind of entry and day.

Patient: male, 72 years old at the last entry (2020-03-01)

Conditions
- 2012-05-01 Osteoarthritis of knee (active, note Mr [name] fell off his horse.)

Prescriptions
- 2019-02-03 Ibuprofen 400 mg (active, dosage one tablet when in pain)

Observations
- 2018-03-01 Haemoglobin: 14.0 g/dL
- 2020-03-01 Haemoglobin: 13.5 g/dL (reference >= 13)"""

WORDS = st.sampled_from(
    ["code", "text", "coding", "display", "value", "status", "valueQuantity", "component", "note", "low"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
)


def planned(path, **options):
    return plan_record(path, StudyOptions(**options))


@pytest.fixture
def record(tmp_path):
    return make_bundle(tmp_path / "record.json", small_record())


def test_a_record_is_told_by_kind_and_day_without_whom_it_is_about(record):
    plan = planned(record)
    assert (plan.kind, plan.label, plan.num_images, plan.texts) == ("record", "record.json", 0, (EXPECTED,))
    assert [part.text for part in plan.develop(None).parts] == [EXPECTED]


def test_nothing_that_names_the_patient_is_in_the_text(record):
    text = planned(record).texts[0]
    assert not any(secret in text for secret in (*SECRETS, "600", "Argamasilla"))
    refuse_identifiers([text], [record], StudyOptions())


def test_ndjson_is_told_as_a_bundle_is(tmp_path):
    assert planned(make_ndjson(tmp_path / "record.ndjson", small_record())).texts == (EXPECTED,)


def test_files_of_one_export_are_told_as_one_record_and_the_name_taken_out_of_all(tmp_path):
    patient, *others = small_record()
    files = [make_ndjson(tmp_path / f"{number}.ndjson", [one]) for number, one in enumerate([*others, patient])]
    plan = plan_record(files, StudyOptions())
    assert (plan.label, plan.texts) == ("6 FHIR files", (EXPECTED,))
    assert [file.name for file in plan.develop(None).source.files] == [path.name for path in files]


def test_the_user_may_allow_names(record):
    plan = planned(record, allow_phi=True)
    text = plan.texts[0]
    assert "Patient: Alonso Q Quixote, born 1947-09-29, identifiers LAMANCHA-1605, male, 72 years old" in text
    assert "Mr Quixote fell off his horse" in text
    assert plan.develop(None).source.notes[0] == "names, identifiers and the date of birth are told (--allow-phi)"


def test_other_opening_words_may_be_given_or_none(record):
    assert planned(record, instruction="Read this.").texts[0].startswith("Read this.\n\nPatient: male")
    assert planned(record, instruction="").texts[0].startswith("Patient: male")


def test_an_entry_on_the_day_of_birth_does_not_tell_it(tmp_path):
    path = make_bundle(tmp_path / "r.json", [make_patient(), observation("Apgar", 9, "points", "1947-09-29")])
    text = planned(path).texts[0]
    assert "- [date of birth] Apgar: 9 points" in text
    assert "1947" not in text


def test_what_was_sent_and_what_was_left_out_is_recorded(record):
    source = planned(record).develop(None).source
    assert (source.kind, source.num_available, source.num_sent) == ("record", 6, 5)
    assert source.choices["entries"] == {"Condition": 1, "MedicationRequest": 1, "Observation": 2}
    assert source.choices["characters"] == len(EXPECTED)
    assert source.notes == (
        "names, identifiers and the date of birth are left out; the age is told in years",
        "the patient's name, identifiers or date of birth taken out of 1 lines",
        "not told: 1 Claim",
    )
    assert (source.files[0].name, source.files[0].kind) == ("record.json", "fhir")


def test_entries_made_in_error_are_left_out_and_counted(tmp_path):
    wrong = observation("Potassium", 9.9, "mmol/L", "2020-01-01", status="entered-in-error")
    plan = planned(make_bundle(tmp_path / "r.json", [*small_record(), wrong]))
    assert plan.texts == (EXPECTED,)
    assert "1 entered in error, left out" in plan.develop(None).source.notes


def test_medications_are_named_by_their_own_resources(tmp_path):
    request = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "medicationReference": {"reference": "Medication/m1"},
    }
    medication = {"resourceType": "Medication", "id": "m1", "code": concept("Metformin 500 mg")}
    text = planned(make_bundle(tmp_path / "r.json", [request, medication])).texts[0]
    assert "- Metformin 500 mg (active)" in text


@pytest.mark.parametrize(
    "resources",
    [
        [make_patient(), make_patient(id="sancho-1")],
        [
            observation("Hb", 1, "g/dL", "2020"),
            observation("Hb", 1, "g/dL", "2020", subject={"reference": "Patient/2"}),
        ],
    ],
)
def test_entries_about_several_patients_are_refused(tmp_path, resources):
    with pytest.raises(InputError, match="record of one patient, got 2"):
        planned(make_bundle(tmp_path / "r.json", resources))


def test_a_record_too_long_is_refused_with_the_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(record_text, "MOST_CHARACTERS", 1000)
    values = [observation("Haemoglobin", 13.5, "g/dL", "2020-03-01")] * 60
    with pytest.raises(InputError, match=r"60 resources \(60 Observation, …\) make more than 2,\d\d\d") as raised:
        planned(make_bundle(tmp_path / "long.json", values))
    assert "at most 1,000" in str(raised.value) and "fewer years" in raised.value.hint


def test_a_record_far_too_long_is_refused_by_the_number_of_its_entries(tmp_path, monkeypatch):
    monkeypatch.setattr(record_text, "MOST_CHARACTERS", 100)
    monkeypatch.setattr(record_text._Entries, "of", None)  # must not come so far
    with pytest.raises(InputError, match="more than 600 characters"):
        planned(make_ndjson(tmp_path / "long", [observation("Hb", 13, "g/dL", "2020")] * 60))


def test_deep_nesting_gives_one_error_or_a_text(tmp_path):
    deep: dict = {"text": "x"}
    for _ in range(200):
        deep = {"code": deep}
    path = make_bundle(tmp_path / "deep.json", [{"resourceType": "Observation", "code": deep}])
    assert "Observations" in planned(path).texts[0]
    depth = 480
    path.write_text('{"resourceType": "Observation", "code": ' + '{"code": ' * depth + "{}" + "}" * depth + "}")
    try:
        assert planned(path).texts
    except InputError as error:
        assert "nested too deeply" in str(error)


@given(kind=st.sampled_from([section.kind for section in SECTIONS]), elements=st.dictionaries(WORDS, ANYTHING))
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_resources_of_any_shape_are_told_or_refused(tmp_path, kind, elements):
    path = tmp_path / "any.json"
    path.write_text(json.dumps({**elements, "resourceType": kind}))
    assert planned(path).texts[0].startswith("Health record")
