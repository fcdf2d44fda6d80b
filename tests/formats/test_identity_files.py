import numpy as np
import pytest
from PIL import Image as Pillow
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from osler.errors import InputError
from osler.formats import identity_files
from osler.formats.identity import Identity
from osler.formats.identity_files import identity_of
from osler.testing.dicom import make_dicom
from osler.testing.fhir import make_bundle, make_ndjson, make_patient, observation

PIXELS = np.zeros((4, 4), np.uint8)
ALL_KINDS = {"name", "identifier", "date of birth"}


def test_a_dicom_file_says_whose_it_is(tmp_path):
    patient = identity_of(make_dicom(tmp_path / "film", PIXELS))
    assert patient.kinds_in("Alonso Quixote, lamancha 1605, born 29.09.1547") == ALL_KINDS
    assert patient.kinds_in("Describe this film of 1605") == frozenset()


def test_other_names_and_numbers_of_a_dicom_file_are_known(tmp_path):
    other = Dataset()
    other.PatientID = "SECOND-17"
    path = make_dicom(
        tmp_path / "film",
        PIXELS,
        OtherPatientNames=["Quijano^Alonso", "Quesada"],
        OtherPatientIDsSequence=Sequence([other]),
        AccessionNumber="ACC-4711",
    )
    patient = identity_of(path)
    assert patient.kinds_in("quijano") == patient.kinds_in("quesada") == {"name"}
    assert patient.kinds_in("second 17") == patient.kinds_in("acc4711") == {"identifier"}


def test_names_in_other_scripts_are_known(tmp_path):
    path = make_dicom(
        tmp_path / "film", PIXELS, SpecificCharacterSet="ISO_IR 192", PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう"
    )
    patient = identity_of(path)
    assert patient.kinds_in("yamada") == patient.kinds_in("山田太郎") == patient.kinds_in("やまだ") == {"name"}


def test_a_name_that_is_not_divided_is_known_by_its_words(tmp_path):
    patient = identity_of(make_dicom(tmp_path / "film", PIXELS, PatientName="Alonso Quixote"))
    assert patient.kinds_in("the film of quixote") == {"name"}


def test_a_dicom_file_without_a_patient_names_nobody(tmp_path):
    path = make_dicom(tmp_path / "film", PIXELS, PatientName="", PatientID="", PatientBirthDate="")
    assert identity_of(path) == Identity()


def test_a_dicom_file_cut_off_after_the_patient_still_says_who_it_is(tmp_path):
    path = make_dicom(tmp_path / "film", PIXELS)
    path.write_bytes(path.read_bytes()[:-10])
    assert identity_of(path).kinds_in("quixote") == {"name"}


def test_a_damaged_dicom_header_is_no_error(tmp_path):
    path = make_dicom(tmp_path / "film", PIXELS)
    data = bytearray(path.read_bytes())
    data[140:200] = b"\xff" * 60
    path.write_bytes(data)
    assert isinstance(identity_of(path), Identity)


@pytest.mark.parametrize("make", [make_bundle, make_ndjson])
def test_a_fhir_patient_is_known(tmp_path, make):
    patient = identity_of(make(tmp_path / "record", [make_patient(), make_patient()]))
    assert patient.kinds_in("quixote, lamancha1605, 1947-09-29") == ALL_KINDS
    assert patient.kinds_in("quixote-1605") == {"name", "identifier"}
    assert patient.kinds_in("+34 600 123 456") == {"identifier"}


def test_the_subject_of_a_resource_is_known_without_a_patient_resource(tmp_path):
    patient = identity_of(make_ndjson(tmp_path / "labs", [observation("Hb", 13, "g/dL", "2020-03-01")] * 2))
    assert patient.kinds_in("alonso quixote") == {"name"}
    assert patient.kinds_in("quixote 1605") == {"name", "identifier"}


@pytest.mark.parametrize(
    "elements",
    [
        {"name": "Quixote"},
        {"name": [None, 3]},
        {"name": [{"given": "x", "family": ["y"]}]},
        {"identifier": {"value": 3}},
    ],
)
def test_patients_of_other_shapes_are_no_error(tmp_path, elements):
    assert isinstance(identity_of(make_ndjson(tmp_path / "p", [make_patient(**elements)] * 2)), Identity)


def test_pictures_say_nothing(tmp_path):
    Pillow.fromarray(PIXELS).save(tmp_path / "film.png")
    assert identity_of(tmp_path / "film.png") == Identity()


def test_a_file_about_too_many_patients_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(identity_files, "MOST_FACTS", 20)
    patients = [make_patient(id=f"id-{number}") for number in range(30)]
    with pytest.raises(InputError, match="too many patients"):
        identity_of(make_ndjson(tmp_path / "export", patients))
