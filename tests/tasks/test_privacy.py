import numpy as np
import pytest

from osler.errors import InputError
from osler.tasks.privacy import refuse_identifiers
from osler.tasks.study_options import StudyOptions
from osler.testing.dicom import PATIENT, make_dicom
from osler.testing.fhir import make_bundle, small_record


@pytest.fixture
def film(tmp_path):
    return make_dicom(tmp_path / "film.dcm", np.zeros((4, 4), np.uint8))


def test_a_question_that_names_nobody_is_let_through(film):
    refuse_identifiers(["Describe this X-ray", ""], [film], StudyOptions())


@pytest.mark.parametrize(
    ("text", "kind"),
    [("What ails Quixote?", "name"), ("MRN LAMANCHA 1605", "identifier"), ("born 29.9.1547", "date of birth")],
)
def test_a_question_that_names_the_patient_is_refused_by_kind_and_never_by_value(film, text, kind):
    with pytest.raises(InputError, match=f"the patient's {kind}, as in .*film.dcm") as raised:
        refuse_identifiers(["Describe this X-ray", text], [film], StudyOptions())
    assert "--allow-phi" in raised.value.hint
    assert not any(value in str(raised.value) for value in (*PATIENT.values(), "Quixote", "1605", "1547"))


def test_all_kinds_are_told_at_once(film):
    with pytest.raises(InputError, match="name and identifier and date of birth"):
        refuse_identifiers(["Quixote LAMANCHA-1605", "1547-09-29"], [film], StudyOptions())


def test_opening_words_are_looked_at_too(film):
    with pytest.raises(InputError, match="name"):
        refuse_identifiers(["Describe it"], [film], StudyOptions(instruction="This is Alonso."))


def test_every_file_s_patient_is_looked_for(film, tmp_path):
    record = make_bundle(tmp_path / "record.json", small_record())
    with pytest.raises(InputError, match=r"date of birth, as in .*record.json"):
        refuse_identifiers(["born 1947-09-29"], [film, film, str(record)], StudyOptions())


def test_the_user_may_allow_it(film):
    refuse_identifiers(["What ails Quixote?"], [film], StudyOptions(allow_phi=True))


def test_without_words_no_file_is_opened(tmp_path):
    refuse_identifiers(["", " "], [tmp_path / "nowhere"], StudyOptions())
