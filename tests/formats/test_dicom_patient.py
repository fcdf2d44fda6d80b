import numpy as np
import pytest

from osler.formats.dicom_patient import are_of_one_patient, patient_digests
from osler.testing.dicom import make_dicom

PIXELS = np.zeros((4, 5), np.uint8)


def files(folder, *patients):
    return [make_dicom(folder / f"{turn}", PIXELS, **patient) for turn, patient in enumerate(patients)]


@pytest.mark.parametrize(
    ("second", "same"),
    [
        ({}, True),
        ({"PatientName": "Quijano^Alonso"}, True),  # a name may be written in two ways, an identifier is one
        ({"PatientID": "TOLEDO-7"}, False),
        ({"PatientID": ""}, False),
    ],
)
def test_the_identifier_decides(tmp_path, second, same):
    assert are_of_one_patient(files(tmp_path, {}, second)) is same


@pytest.mark.parametrize(
    ("second", "same"),
    [({}, True), ({"PatientName": "Panza^Sancho"}, False), ({"PatientBirthDate": "15500101"}, False)],
)
def test_without_identifiers_name_and_birth_date_decide(tmp_path, second, same):
    assert are_of_one_patient(files(tmp_path, {"PatientID": ""}, {"PatientID": "", **second})) is same


def test_files_that_say_nothing_are_not_known_to_be_of_one_patient(tmp_path):
    nobody = {"PatientID": "", "PatientName": "", "PatientBirthDate": ""}
    assert not are_of_one_patient(files(tmp_path, nobody, nobody))


def test_a_damaged_file_is_not_known_to_be_of_the_patient(tmp_path):
    paths = files(tmp_path, {}, {})
    paths[1].write_bytes(paths[1].read_bytes()[:150])
    assert not are_of_one_patient(paths)


def test_files_are_told_apart_by_digests_that_are_no_identifiers(tmp_path):
    several = files(tmp_path, {"PatientID": "A"}, {"PatientID": "B"}, {"PatientID": ""}, {"PatientID": "A"})
    first, second, nobody, again = patient_digests(several)
    assert nobody is None
    assert first == again != second
    assert "A" not in (first, second)
    assert patient_digests(several[3:]) == [first]
