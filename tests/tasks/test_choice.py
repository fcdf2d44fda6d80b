import numpy as np
import pytest
from pydicom import dcmread

from osler.errors import InputError
from osler.formats.dicom_header import read_header, uid_digest
from osler.tasks.series import choose, group
from osler.tasks.study_options import StudyOptions
from osler.testing.dicom import make_dicom
from osler.testing.dicom_series import SAGITTAL, make_enhanced, make_series, uid_of

STORED = np.zeros((12, 5, 4), np.uint16)
MORE = np.zeros((40, 5, 4), np.uint16)
DERIVED = ("DERIVED", "PRIMARY")


def chosen(folder, named=False, **options):
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return choose(group([read_header(path) for path in paths]), StudyOptions(**options), named=named)


def names(chosen):
    return [one.series.name for one in chosen]


def make_film(path, *, study="study", series=None, day="20200101", **elements):
    return make_dicom(
        path, STORED[0], StudyInstanceUID=uid_of(study), SeriesInstanceUID=uid_of(series or path.name),
        StudyDate=day, **elements,
    )  # fmt: skip


def test_one_file_is_taken(tmp_path):
    make_film(tmp_path / "a")
    (one,) = chosen(tmp_path)
    assert (one.series.kind, one.reason) == ("films", "the only image")


def test_the_only_volume_is_taken(tmp_path):
    make_series(tmp_path / "a", STORED, series="a", number=4)
    make_series(tmp_path / "b", STORED[:1], series="b", number=2, modality="OT")
    (one,) = chosen(tmp_path)
    assert (one.series.name, one.reason) == ("4", "the only volume of 2 series")


@pytest.mark.parametrize(
    ("worse", "why"),
    [
        ({"values": MORE, "ImageType": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, "not a localiser"),
        ({"values": MORE, "ImageType": DERIVED}, "not derived"),
        ({"values": MORE, "modality": "PT"}, "CT or MR"),
        ({"values": MORE, "orientation": SAGITTAL}, "axial"),
        ({"values": STORED[:4]}, "at least 5 slices"),
        ({"values": np.zeros((13, 5, 513), np.uint16)}, "at most 512 × 512 pixels"),
        ({"values": STORED[:11]}, "more slices (12, not 11)"),
        ({"values": STORED, "step_mm": (0, 0, 2)}, "thinner slices"),
        ({"values": STORED}, "first in order"),
    ],
)  # fmt: skip
def test_the_best_volume_is_taken_and_the_reason_says_why(tmp_path, worse, why):
    first = why == "first in order"
    make_series(tmp_path / "a", STORED, series="a", number=1 if first else 5)
    make_series(tmp_path / "b", series="b", number=2, **worse)
    (one,) = chosen(tmp_path)
    assert one.series.name == ("1" if first else "5")
    assert one.reason == f"best of 2 volumes: before series 2 because {why}"


def test_even_steps_come_before_more_slices(tmp_path):
    make_series(tmp_path / "a", STORED, series="a", number=1)[5].unlink()
    make_series(tmp_path / "b", STORED[:6], series="b", number=2)
    (one,) = chosen(tmp_path)
    assert one.reason == "best of 2 volumes: before series 1 because evenly spaced"


def test_the_wanted_plane_comes_before_axial(tmp_path):
    make_series(tmp_path / "a", STORED, series="a", number=1)
    make_series(tmp_path / "b", STORED[:6], series="b", number=2, orientation=SAGITTAL)
    assert names(chosen(tmp_path)) == ["1"]
    (one,) = chosen(tmp_path, plane="sagittal")
    assert (one.series.name, one.reason) == ("2", "best of 2 volumes: before series 1 because sagittal")


def test_a_doubtful_series_is_taken_where_there_is_no_other_and_says_so(tmp_path):
    make_series(tmp_path, STORED, ImageType=DERIVED)
    assert chosen(tmp_path)[0].reason == "the only series; but it is derived"


def test_volumes_of_two_studies_are_for_the_person_to_choose(tmp_path):
    make_series(tmp_path / "a", STORED, study="1", series="a", number=1)
    make_series(tmp_path / "b", STORED, study="2", series="b", number=1)
    with pytest.raises(InputError) as caught:
        chosen(tmp_path)
    assert "there are 2 studies" in str(caught.value)
    for name in "ab":
        assert f"1 ({uid_digest(uid_of(name))}): CT, 12 slices, axial" in str(caught.value)
    assert "--series" in caught.value.hint


def test_series_are_named_by_number_or_digest_in_the_order_wanted(tmp_path):
    for number in (1, 2, 3):
        make_series(tmp_path / f"{number}", STORED, series=f"{number}", number=number, modality="MR")
    assert names(chosen(tmp_path, series=("3", uid_digest(uid_of("1"))[:6]))) == ["3", "1"]
    assert chosen(tmp_path, series=("2",))[0].reason == "named with --series"


def test_a_part_is_named_behind_a_point(tmp_path):
    make_series(tmp_path, STORED, AcquisitionNumber=1)
    make_series(tmp_path, STORED[:8], AcquisitionNumber=2, first_instance=13)
    assert names(chosen(tmp_path, series=("1.2",))) == ["1.2"]
    assert names(chosen(tmp_path, series=(f"{uid_digest(uid_of('series'))}.2",))) == ["1.2"]
    (one,) = chosen(tmp_path, series=("1",))
    assert one.series.name == "1.1"
    assert one.reason == (
        "named with --series; its best of 2 volumes: before series 1.2 because more slices (12, not 8)"
    )


def test_a_series_that_is_not_there_lists_those_that_are(tmp_path):
    make_series(tmp_path, STORED, number=3)
    with pytest.raises(InputError, match=r"cannot choose series `7`: there is none of this name") as caught:
        chosen(tmp_path, series=("7",))
    assert f"3 ({uid_digest(uid_of('series'))}): CT, 12 slices, axial" in caught.value.hint


def test_a_number_that_two_studies_have_is_not_guessed(tmp_path):
    make_series(tmp_path / "a", STORED, study="1", series="a", number=1)
    make_series(tmp_path / "b", STORED, study="2", series="b", number=1)
    with pytest.raises(InputError, match="2 have this name"):
        chosen(tmp_path, series=("1",))


def test_a_study_is_named_by_its_digest(tmp_path):
    make_film(tmp_path / "a", study="films", SeriesNumber=1)
    make_film(tmp_path / "b", study="films", SeriesNumber=2)
    make_series(tmp_path / "c", STORED, study="scan", series="c", number=3)
    found = chosen(tmp_path, series=(uid_digest(uid_of("films"))[:8],))
    assert names(found) == ["1", "2"]
    assert found[0].reason == "study named with --series; all 2 images of the study"
    with pytest.raises(InputError, match=f"\n  study {uid_digest(uid_of('films'))}: 1 "):
        chosen(tmp_path)


def test_all_films_of_a_study_are_taken_in_order(tmp_path):
    make_film(tmp_path / "a", SeriesNumber=2)
    make_film(tmp_path / "b", SeriesNumber=1)
    found = chosen(tmp_path)
    assert names(found) == ["1", "2"]
    assert {one.reason for one in found} == {"all 2 images of the study"}


def test_derived_raw_and_localising_films_are_left_where_there_are_others(tmp_path):
    make_film(tmp_path / "a", SeriesNumber=1)
    make_film(tmp_path / "b", SeriesNumber=2, ImageType=["DERIVED", "SECONDARY"])
    make_film(tmp_path / "c", SeriesNumber=3, SOPClassUID="1.2.840.10008.5.1.4.1.1.1.1.1")
    make_film(tmp_path / "d", SeriesNumber=4, ImageType=list(DERIVED))
    found = chosen(tmp_path)
    assert names(found) == ["1", "4"]
    assert found[0].reason == "all 2 images of the study, without 2 localiser, derived or raw series"


def test_films_of_two_studies_are_prior_and_current(tmp_path):
    make_film(tmp_path / "a", study="new", day="20220101", SeriesNumber=1)
    make_film(tmp_path / "b", study="old", day="20210101", SeriesNumber=2)
    found = chosen(tmp_path)
    assert names(found) == ["2", "1"]
    assert [one.reason for one in found] == ["prior: the earlier of two studies", "current: the later of two studies"]


def test_films_of_two_patients_are_not_taken_for_prior_and_current(tmp_path):
    make_film(tmp_path / "a", study="new", day="20220101")
    make_film(tmp_path / "b", study="old", day="20210101", PatientID="TOLEDO-7")
    with pytest.raises(InputError, match="do not say to be of one patient") as caught:
        chosen(tmp_path)
    assert "TOLEDO" not in str(caught.value)


def test_films_without_a_date_are_not_put_in_an_order(tmp_path):
    make_film(tmp_path / "a", study="new", day="20220101")
    make_film(tmp_path / "b", study="old", day="")
    with pytest.raises(InputError, match="do not say which is the earlier one"):
        chosen(tmp_path)


def test_films_of_three_studies_are_for_the_person_to_choose_unless_they_were_named(tmp_path):
    for turn, day in enumerate(("20220101", "20200101", "20210101"), 1):
        make_film(tmp_path / f"{turn}", study=f"{turn}", day=day, SeriesNumber=turn)
    with pytest.raises(InputError, match="films of 3 studies"):
        chosen(tmp_path)
    found = chosen(tmp_path, named=True)
    assert names(found) == ["2", "3", "1"]
    assert {one.reason for one in found} == {"named"}


def test_named_films_of_two_patients_carry_a_warning(tmp_path):
    make_film(tmp_path / "a", study="new", day="20220101")
    make_film(tmp_path / "b", study="old", day="20210101", PatientID="TOLEDO-7")
    assert {one.reason for one in chosen(tmp_path, named=True)} == {
        "named, but the files do not say to be of one patient"
    }


def test_of_files_named_one_by_one_each_study_gives_something(tmp_path):
    make_film(tmp_path / "a", study="film", day="20220101", SeriesNumber=1)
    make_series(tmp_path / "b", STORED, study="scan", series="b", number=2, StudyDate="20210101")
    make_series(tmp_path / "c", STORED[:6], study="scan", series="c", number=3, StudyDate="20210101")
    found = chosen(tmp_path, named=True)
    assert [(one.series.name, one.reason) for one in found] == [
        ("2", "best of 2 volumes: before series 3 because more slices (12, not 6)"),
        ("1", "named"),
    ]


def test_series_of_one_file_each_are_all_taken_where_they_were_named(tmp_path):
    for number in (1, 2):
        make_enhanced(
            tmp_path / f"{number}", STORED, [(0, 0, z) for z in range(12)], SeriesInstanceUID=f"1.{number}",
            SeriesNumber=number,
        )  # fmt: skip
    assert names(chosen(tmp_path, named=True)) == ["1", "2"]
    assert len(chosen(tmp_path)) == 1


def test_one_slide_is_taken_and_two_are_not(tmp_path):
    def make_slide(name):
        make_dicom(tmp_path / name, np.zeros((4, 5, 3), np.uint8), photometric="RGB", modality="SM",
                   StudyInstanceUID="1.2", SeriesInstanceUID=uid_of(name),
                   SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.6")  # fmt: skip

    make_slide("a")
    assert [(one.series.kind, one.reason) for one in chosen(tmp_path)] == [("slide", "the only slide")]
    make_slide("b")
    with pytest.raises(InputError, match="there are 2 slides"):
        chosen(tmp_path)


def test_files_without_a_picture_say_what_they_hold(tmp_path):
    path = make_dicom(tmp_path / "a", np.zeros((4, 5), np.uint8), modality="SR", StudyInstanceUID="1.2")
    dataset = dcmread(path)
    del dataset.PixelData
    dataset.save_as(path)
    with pytest.raises(InputError, match="none of the DICOM files holds a picture") as caught:
        chosen(tmp_path)
    assert caught.value.hint == "expected (7FE0,0010) Pixel Data, and the file has none (modality SR)"


def test_files_with_pixels_and_no_size_say_so(tmp_path):
    make_dicom(tmp_path / "a", np.zeros((4, 5), np.uint8), modality="CT", Rows=0, StudyInstanceUID="1.2")
    with pytest.raises(InputError, match="none of the DICOM files holds a picture") as caught:
        chosen(tmp_path)
    assert "Rows" in str(caught.value.hint)
