"""Over pydicom's own DICOMDIR test set, and copies of it as file systems change them."""

import shutil
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from osler.errors import InputError
from osler.formats import dicomdir
from osler.formats.dicomdir import read_dicomdir

DISC = Path(str(get_testdata_file("DICOMDIR", download=False))).parent
PATIENTS = ("77654033", "98892001", "98892003")


@pytest.fixture
def disc(tmp_path):
    """A copy of the disc, to be changed."""
    folder = tmp_path / "disc"
    shutil.copytree(DISC, folder)
    return folder


def images_of(folder: Path) -> set[Path]:
    return {path for name in PATIENTS for path in (folder / name).rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-reordered"])
def test_all_files_that_it_names_are_found(name):
    directory = read_dicomdir(DISC / name)
    assert set(directory.files) == images_of(DISC)
    assert (directory.num_missing, directory.num_outside) == (0, 0)


def test_missing_files_are_counted(disc):
    shutil.rmtree(disc / "98892001")
    directory = read_dicomdir(disc / "DICOMDIR")
    assert set(directory.files) == images_of(disc)
    assert directory.num_missing == 7


@pytest.mark.parametrize("change", [str.lower, "{}.dcm".format, "{};1".format, "{}.".format])
def test_names_are_found_as_a_copy_spells_them(disc, change):
    for path in images_of(disc):
        path.rename(path.with_name(change(path.name)))
    for folder in [path for path in disc.rglob("*") if path.is_dir() and path.name.startswith(("CR", "CT", "MR"))]:
        folder.rename(folder.with_name(folder.name.lower()))
    directory = read_dicomdir(disc / "DICOMDIR")
    assert len(directory.files) == len(images_of(DISC))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", [["..", "x"], ["/etc", "passwd"], ["a/b"], ["a"] * 40])
def test_files_outside_its_folder_are_not_looked_for(disc, name):
    (disc.parent / "x").write_bytes(b"outside")
    dataset = pydicom.dcmread(disc / "DICOMDIR")
    image = next(record for record in dataset.DirectoryRecordSequence if "ReferencedFileID" in record)
    image.ReferencedFileID = name
    dataset.save_as(disc / "DICOMDIR", enforce_file_format=True)
    directory = read_dicomdir(disc / "DICOMDIR")
    assert directory.num_outside == 1
    assert all(disc in path.parents for path in directory.files)


def test_records_not_in_use_are_passed_over(disc):
    dataset = pydicom.dcmread(disc / "DICOMDIR")
    for record in dataset.DirectoryRecordSequence:
        record.RecordInUseFlag = 0
    dataset.save_as(disc / "DICOMDIR", enforce_file_format=True)
    assert read_dicomdir(disc / "DICOMDIR").files == ()


def test_one_too_large_to_read_is_refused(disc, monkeypatch):
    monkeypatch.setattr(dicomdir, "MAX_FILE_BYTES", 1000)
    with pytest.raises(InputError, match="expected at most 1,000 for a DICOMDIR"):
        read_dicomdir(disc / "DICOMDIR")


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_ones_give_files_inside_or_one_error(tmp_path, data):
    content = bytearray((DISC / "DICOMDIR").read_bytes())
    for _ in range(data.draw(st.integers(1, 10))):
        content[data.draw(st.integers(132, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "DICOMDIR").write_bytes(content[: data.draw(st.integers(200, len(content)))])
    try:
        directory = read_dicomdir(tmp_path / "DICOMDIR")
    except InputError as error:
        assert "damaged or cut off" in error.message
    else:
        assert directory.files == ()
