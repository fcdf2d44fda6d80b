import pytest

from osler.errors import InputError
from osler.tasks.question import prepare_question
from osler.tasks.study import plan_study
from osler.tasks.study_options import StudyOptions
from osler.testing.fhir import SECRETS, make_bundle, make_ndjson, make_patient, small_record
from osler.testing.pdf import make_pdf
from osler.values import TextPart


@pytest.fixture
def export(tmp_path):
    """A folder with a file for each resource of one patient."""
    (tmp_path / "export").mkdir()
    for number, one in enumerate(small_record()):
        make_ndjson(tmp_path / "export" / f"{number}.ndjson", [one])
    return tmp_path / "export"


def planned(*sources, **options):
    return plan_study(list(sources), StudyOptions(**options), recipe="1.5")


def test_a_folder_of_fhir_files_is_one_record(export):
    (plan,) = planned(export).plans
    assert plan.label == "6 FHIR files"
    assert "Haemoglobin: 13.5 g/dL" in plan.texts[0] and "Osteoarthritis" in plan.texts[0]


def test_fhir_files_named_one_by_one_are_one_record(export):
    assert planned(*sorted(export.iterdir())).plans[0].texts == planned(export).plans[0].texts


def test_a_record_and_a_report_are_planned_beside_each_other(export, tmp_path):
    report = make_pdf(tmp_path / "report.pdf", ["Haemoglobin 13.5 g/dL"])
    study = planned(export, report)
    assert [(plan.kind, plan.num_images) for plan in study.plans] == [("record", 0), ("document", 1)]
    assert study.paths == tuple(sorted(export.iterdir()))


def test_records_of_two_patients_are_refused(export, tmp_path):
    other = make_bundle(tmp_path / "other.json", [make_patient(id="sancho-1")])
    with pytest.raises(InputError, match="one patient, got 2"):
        planned(export, other, *export.iterdir())


def test_a_prompt_about_a_record_names_nobody(model, export):
    prepared = prepare_question(model, export, "Which medication is taken?").prepared
    assert "Ibuprofen" in prepared.prompt.text
    assert not any(secret in prepared.prompt.text for secret in SECRETS)


def test_a_record_that_names_the_patient_of_another_file_is_refused(model, tmp_path):
    """The letter knows its patient by number only; the name is in the other file, which is another batch."""
    subject = {"reference": "Patient/quixote-1605"}
    letter = {"resourceType": "Condition", "subject": subject, "note": [{"text": "Seen: Quixote."}]}
    for name, one in (("a", letter), ("b", make_patient())):
        (tmp_path / name).mkdir()
        make_ndjson(tmp_path / name / "file.ndjson", [one])
    sources = [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(InputError, match="the patient's name"):
        prepare_question(model, sources, "What is it?")
    allowed = prepare_question(model, sources, "What is it?", study=StudyOptions(allow_phi=True))
    assert any(isinstance(part, TextPart) and "Quixote" in part.text for view in allowed.views for part in view.parts)
