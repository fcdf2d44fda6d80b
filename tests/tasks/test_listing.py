import numpy as np

from osler.formats.dicom_header import read_header, uid_digest
from osler.tasks.listing import rows
from osler.tasks.series import group
from osler.tasks.study_options import StudyOptions
from osler.testing.dicom import make_dicom
from osler.testing.dicom_series import make_series, uid_of

STORED = np.zeros((8, 5, 4), np.uint16)


def listed(folder, options=None):
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return rows(group([read_header(path) for path in paths]), options)


def test_a_row_tells_what_a_series_is(tmp_path):
    make_series(tmp_path, STORED, number=3, PixelSpacing=(0.5, 0.25), step_mm=(0, 0, 2))
    (row,) = listed(tmp_path)
    assert (row.name, row.study, row.digest) == ("3", uid_digest(uid_of("study")), uid_digest(uid_of("series")))
    assert (row.modality, row.kind, row.num_images, row.plane) == ("CT", "volume", 8, "axial")
    assert (row.spacing_mm, row.width_px, row.height_px) == ((2, 0.5, 0.25), 4, 5)
    assert (row.is_chosen, row.note) == (True, "the only series")


def test_each_series_that_is_not_chosen_says_why(tmp_path):
    make_series(tmp_path / "a", STORED, series="a", number=1)
    make_series(tmp_path / "b", STORED, series="b", number=2, ImageType=("DERIVED", "SECONDARY"))
    make_series(tmp_path / "c", STORED[:6], series="c", number=3)
    make_dicom(tmp_path / "d", STORED[0], SeriesNumber=4, StudyInstanceUID=uid_of("study"), SeriesInstanceUID="1.4")
    make_dicom(tmp_path / "e", STORED[0], SeriesNumber=5, StudyInstanceUID=uid_of("study"), SeriesInstanceUID="1.5",
               Rows=None)  # fmt: skip
    found = {row.name: (row.is_chosen, row.note) for row in listed(tmp_path)}
    assert found == {
        "1": (True, "best of 3 volumes: before series 3 because more slices (8, not 6)"),
        "2": (False, "derived"),
        "3": (False, "series 1 comes before it: more slices"),
        "4": (False, "a volume is taken instead"),
        "5": (False, "no picture"),
    }


def test_parts_that_are_alike_share_a_row(tmp_path):
    for time in range(4):
        make_series(tmp_path, STORED, modality="MR", first_instance=1 + 8 * time)
    found = listed(tmp_path)
    assert [(row.name, row.is_chosen) for row in found] == [("1.1", True), ("1.2 to 1.4", False)]


def test_what_was_named_is_marked(tmp_path):
    make_series(tmp_path / "a", STORED, series="a", number=1)
    make_series(tmp_path / "b", STORED[:6], series="b", number=2)
    found = listed(tmp_path, StudyOptions(series=("2",)))
    assert [(row.name, row.is_chosen) for row in found] == [("1", False), ("2", True)]


def test_where_nothing_can_be_chosen_everything_is_listed_all_the_same(tmp_path):
    make_series(tmp_path / "a", STORED, study="1", series="a")
    make_series(tmp_path / "b", STORED, study="2", series="b")
    assert [row.is_chosen for row in listed(tmp_path)] == [False, False]
