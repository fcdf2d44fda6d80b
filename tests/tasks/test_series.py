import numpy as np
import pytest
from pydicom.dataset import Dataset

from osler.errors import InputError
from osler.formats.dicom_header import read_header, uid_digest
from osler.tasks.series import group, open_series
from osler.testing.dicom import make_dicom
from osler.testing.dicom_series import CORONAL, SAGITTAL, make_enhanced, make_series, uid_of

STORED = np.random.default_rng(3).integers(0, 4096, (6, 5, 4), dtype=np.uint16)
HU = STORED.astype(np.int32) - 1024


def grouped(folder, **options):
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return group([read_header(path) for path in paths], **options)


def only(folder):
    (study,) = grouped(folder)
    (series,) = study.series
    return series


def all_of(volume):
    return np.stack([volume.read_slice(index) for index in range(volume.shape[0])])


def test_files_are_grouped_by_their_uids_and_not_by_their_folders(tmp_path):
    for name, study, series, number in (("x", "1", "a", 2), ("y", "1", "a", 2), ("z", "1", "b", 1), ("w", "2", "c", 1)):
        place = "xyzw".index(name)
        make_series(
            tmp_path / name, STORED[:2], study=study, series=series, number=number, first_instance=place * 9 + 1,
            first_mm=(0, 0, place * 2.0),
        )  # fmt: skip
    studies = {study.digest: study for study in grouped(tmp_path)}
    assert set(studies) == {uid_digest(uid_of("1")), uid_digest(uid_of("2"))}
    series = studies[uid_digest(uid_of("1"))].series
    assert [(one.number, one.num_images, one.digest) for one in series] == [
        (1, 2, uid_digest(uid_of("b"))),
        (2, 4, uid_digest(uid_of("a"))),
    ]


def test_files_without_a_series_uid_are_series_of_their_own(tmp_path):
    make_series(tmp_path, STORED[:3], series="")
    (study,) = grouped(tmp_path)
    assert [one.num_images for one in study.series] == [1, 1, 1]
    assert len({one.digest for one in study.series}) == 3


@pytest.mark.parametrize(
    ("orientation", "plane", "towards"),
    [((1, 0, 0, 0, 1, 0), "axial", (0, 0, 2)), (CORONAL, "coronal", (0, -2, 0)), (SAGITTAL, "sagittal", (2, 0, 0))],
)
def test_a_series_becomes_a_volume_in_anatomical_order_whatever_its_numbers(tmp_path, orientation, plane, towards):
    backwards = [-mm for mm in towards]
    make_series(tmp_path, STORED, orientation=orientation, step_mm=backwards, PixelSpacing=(0.5, 0.25))
    series = only(tmp_path)
    assert (series.kind, series.plane, series.spacing_mm, series.notes) == ("volume", plane, (2, 0.5, 0.25), ())
    volume = open_series(series)
    assert np.array_equal(all_of(volume), HU[::-1])
    assert (volume.label, len(volume.files)) == ("series 1", 6)
    last = np.array([-10, -20, -30]) + 5 * np.array(backwards)
    assert volume.affine_ras[:3, 3].tolist() == [-last[0], -last[1], last[2]]
    assert volume.affine_ras[:3, 2].tolist() == [-towards[0], -towards[1], towards[2]]


def test_gaps_are_told(tmp_path):
    paths = make_series(tmp_path, STORED, step_mm=(0, 0, 5))
    paths[2].unlink()
    assert only(tmp_path).notes == ("gap of 10 mm after slice 2 (usual step 5 mm): about 1 missing",)


def test_a_file_that_is_there_twice_is_read_once(tmp_path):
    paths = make_series(tmp_path, STORED)
    (tmp_path / "copy").write_bytes(paths[1].read_bytes())
    series = only(tmp_path)
    assert series.num_images == 6
    assert series.notes == ("files given twice (same SOP Instance UID): 1, read once",)


def test_slices_that_share_one_uid_by_mistake_are_all_read(tmp_path):
    make_series(tmp_path, STORED, SOPInstanceUID="1.2.3")
    assert (only(tmp_path).num_images, only(tmp_path).notes) == (6, ())


def test_another_image_at_the_same_place_is_left_out_and_told(tmp_path):
    make_series(tmp_path, STORED)
    make_series(tmp_path, STORED[:1] + 1, first_mm=(-10, -20, -28), first_instance=50)
    series = only(tmp_path)
    assert series.notes == ("1 duplicates: images at a place that another one has already, left out",)
    assert np.array_equal(all_of(open_series(series)), HU)


def test_slices_of_another_size_or_direction_are_parts_of_their_own(tmp_path):
    make_series(tmp_path, STORED)
    make_series(tmp_path, STORED[:3, :4], first_instance=20)
    make_series(tmp_path, STORED[:2], orientation=CORONAL, first_instance=30)
    (study,) = grouped(tmp_path)
    assert [(one.name, one.num_images, one.plane, one.height_px) for one in study.series] == [
        ("1.1", 6, "axial", 5),
        ("1.2", 3, "axial", 4),
        ("1.3", 2, "coronal", 5),
    ]


def test_acquisitions_that_continue_each_other_stay_one_volume(tmp_path):
    make_series(tmp_path, STORED, AcquisitionNumber=[1, 1, 1, 2, 2, 2])
    assert only(tmp_path).num_images == 6


def test_acquisitions_of_the_same_places_are_parts_of_their_own(tmp_path):
    make_series(tmp_path, STORED[:4], AcquisitionNumber=1)
    make_series(tmp_path, STORED, AcquisitionNumber=2, first_instance=5)
    (study,) = grouped(tmp_path)
    assert [(one.name, one.num_images) for one in study.series] == [("1.1", 4), ("1.2", 6)]
    assert np.array_equal(all_of(open_series(study.series[1])), HU)


def test_a_number_for_each_slice_does_not_break_a_volume_apart(tmp_path):
    make_series(tmp_path, STORED, AcquisitionNumber=[1, 2, 3, 4, 5, 6])
    make_series(tmp_path, STORED[:1], AcquisitionNumber=7, first_instance=50)
    assert only(tmp_path).num_images == 6


def test_time_points_that_nothing_tells_apart_are_taken_by_their_turn(tmp_path):
    for time in range(3):
        make_series(tmp_path, STORED[:2] + time, modality="MR", first_instance=1 + 2 * time)
    (study,) = grouped(tmp_path)
    assert [one.name for one in study.series] == ["1.1", "1.2", "1.3"]
    assert study.series[0].notes == (
        "3 images at each place (echoes, phases or time points), told apart by their order",
    )
    assert np.array_equal(all_of(open_series(study.series[2])), STORED[:2].astype(int) + 2)


def test_a_series_without_positions_goes_by_instance_number_and_says_so(tmp_path):
    make_series(tmp_path, STORED, ImagePositionPatient=None, SliceThickness=2.5)
    series = only(tmp_path)
    assert series.spacing_mm == (2.5, 1, 1)
    assert series.notes == (
        "no slice has a position: in the order of Instance Number, distances and plane are assumed",
    )
    assert np.array_equal(all_of(open_series(series)), HU)


def test_slices_that_lost_their_position_are_left_out_where_others_have_one(tmp_path):
    make_series(tmp_path, STORED, ImagePositionPatient=[[0, 0, 0], None, [0, 0, 2], [0, 0, 3], [0, 0, 4], [0, 0, 5]])
    series = only(tmp_path)
    assert series.num_images == 5
    assert series.notes[0] == "1 of 6 images have no position: left out"


def test_an_enhanced_file_is_a_volume_in_the_order_of_its_places(tmp_path):
    make_enhanced(tmp_path / "a", STORED, [(0, 0, -z) for z in range(6)])
    volume = open_series(only(tmp_path))
    assert np.array_equal(all_of(volume), STORED[::-1])
    assert len(volume.files) == 1


def test_stacks_of_an_enhanced_file_are_parts_of_their_own(tmp_path):
    make_enhanced(tmp_path / "a", STORED, [(0, 0, z) for z in (0, 1, 2, 0, 1, 2)], stacks=list("111222"))
    (study,) = grouped(tmp_path)
    assert [one.num_images for one in study.series] == [3, 3]
    assert np.array_equal(all_of(open_series(study.series[1])), STORED[3:])


@pytest.mark.parametrize("step_mm", [4.5, -4.5])
def test_frames_of_reconstructed_nuclear_medicine_lie_behind_the_first(tmp_path, step_mm):
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [1, 2, 3], [1, 0, 0, 0, 1, 0]
    make_dicom(
        tmp_path / "spect", STORED, modality="NM", frames=6, SOPClassUID="1.2.840.10008.5.1.4.1.1.20",
        ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"], DetectorInformationSequence=[detector],
        SpacingBetweenSlices=step_mm, SliceVector=[1, 2, 3, 4, 5, 6], PixelSpacing=[4.5, 4.5],
    )  # fmt: skip
    volume = open_series(only(tmp_path))
    upwards = step_mm > 0
    assert volume.positions_mm[0] == (3 if upwards else 3 - 5 * 4.5)
    assert np.array_equal(all_of(volume), STORED if upwards else STORED[::-1])


def test_frames_of_unreconstructed_nuclear_medicine_are_films(tmp_path):
    make_dicom(tmp_path / "planar", STORED, modality="NM", frames=6, SOPClassUID="1.2.840.10008.5.1.4.1.1.20")
    assert (only(tmp_path).kind, only(tmp_path).num_images) == ("films", 6)


def test_a_tilted_gantry_is_told(tmp_path):
    make_series(tmp_path, STORED, step_mm=(0, 1, 4))
    assert only(tmp_path).notes == ("sheared by 14.0° (tilted gantry): shown as acquired",)


def test_an_oblique_stack_is_told(tmp_path):
    tilt = np.deg2rad(20)
    make_series(tmp_path, STORED, orientation=(1, 0, 0, 0, np.cos(tilt), np.sin(tilt)))
    assert only(tmp_path).notes == ("axial, 20° oblique",)


def test_missing_pixel_spacing_is_assumed_and_told(tmp_path):
    make_series(tmp_path, STORED, PixelSpacing=None)
    assert only(tmp_path).notes == ("(0028,0030) Pixel Spacing is missing: 1 mm assumed",)


def test_localisers_and_derived_series_are_in_doubt(tmp_path):
    make_series(tmp_path, STORED, series="a", number=1, ImageType=("ORIGINAL", "PRIMARY", "LOCALIZER"))
    make_series(tmp_path, STORED, series="b", number=2, ImageType=("DERIVED", "SECONDARY", "MPR"))
    (study,) = grouped(tmp_path)
    assert [one.doubts for one in study.series] == [("a localiser",), ("derived",)]


def test_a_few_slices_in_each_of_three_planes_are_a_localiser(tmp_path):
    for turn, orientation in enumerate(((1, 0, 0, 0, 1, 0), CORONAL, SAGITTAL)):
        make_series(tmp_path, STORED[:3], orientation=orientation, first_instance=1 + 3 * turn, modality="MR")
    (study,) = grouped(tmp_path)
    assert [one.doubts for one in study.series] == [("a localiser (three planes in one series)",)] * 3


def test_single_slices_screens_and_films_are_films(tmp_path):
    make_series(tmp_path / "one", STORED[:1], series="one", number=1)
    make_series(tmp_path / "screen", np.zeros((3, 4, 5, 3), np.uint8), series="screen", number=2, photometric="RGB")
    make_series(tmp_path / "chest", STORED[:2], series="chest", number=3, modality="DX")
    (study,) = grouped(tmp_path)
    assert [(one.kind, one.num_images) for one in study.series] == [("films", 1), ("films", 3), ("films", 2)]


def test_a_slide_and_what_holds_no_picture_are_told_apart(tmp_path):
    common = {"StudyInstanceUID": uid_of("s"), "modality": "SM"}
    make_dicom(tmp_path / "slide", np.zeros((4, 5, 3), np.uint8), photometric="RGB", SeriesInstanceUID="1.2",
               SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.6", **common)  # fmt: skip
    make_dicom(tmp_path / "seg", np.zeros((4, 5), np.uint8), SeriesInstanceUID="1.3",
               SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4", **{**common, "modality": "SEG"})  # fmt: skip
    make_dicom(tmp_path / "empty", np.zeros((4, 5), np.uint8), SeriesInstanceUID="1.4", Rows=None, **common)
    (study,) = grouped(tmp_path)
    assert sorted(one.kind for one in study.series) == ["other", "other", "slide"]


def test_files_of_a_volume_that_lost_their_pixels_are_told(tmp_path):
    paths = make_series(tmp_path, STORED)
    content = paths[3].read_bytes()
    paths[3].write_bytes(content[: content.index(b"\xe0\x7f\x10\x00")])
    (study,) = grouped(tmp_path)
    volume = study.series[0]
    assert (volume.kind, volume.num_images) == ("volume", 5)
    assert "files without pixel data: 1, left out" in volume.notes


def test_a_file_of_which_hardly_anything_is_left_is_told(tmp_path):
    paths = make_series(tmp_path, STORED)
    paths[3].write_bytes(paths[3].read_bytes()[:214])
    series = [one for study in grouped(tmp_path) for one in study.series if one.kind == "volume"]
    assert series[0].num_images == 5
    assert series[0].notes[-1] == "files without a picture that name no series: 1, left out"


def test_no_name_in_a_printed_series_is_the_patient_s(tmp_path):
    make_series(tmp_path, STORED)
    series = only(tmp_path)
    shown = f"{series}{series.name}{series.label}{series.notes}"
    for secret in ("Quixote", "LAMANCHA", "15470929", uid_of("series"), uid_of("study")):
        assert secret not in shown


def test_open_series_takes_volumes_only(tmp_path):
    make_series(tmp_path, STORED[:1])
    with pytest.raises(InputError, match="series 1 holds single pictures"):
        open_series(only(tmp_path))
